"""Save a person's default model, default prompt and custom instructions.

Each function writes only its own columns, in one statement: two tabs cannot undo each other's part.
"""

from accounts.models import User
from chat.models import ChatModel, ChatPreferences, SystemPrompt
from chat.text import normalize_text


def save_defaults(user: User, model: ChatModel | None, prompt: SystemPrompt | None) -> None:
    """Save the defaults of new chats; None stands for the site's default."""
    write(
        user,
        model=model,
        model_label=model.label if model else "",
        prompt=prompt,
        prompt_name=prompt.name if prompt else "",
    )


def save_instructions(user: User, instructions: str) -> None:
    """Save the custom instructions; they apply to the next answers, where they are not off."""
    write(user, instructions=instructions)


def clean_instructions(text: str) -> str:
    """Return the instructions as they are stored and sent."""
    return normalize_text(text).strip()


def write(user: User, **values: object) -> None:
    ChatPreferences.objects.bulk_create(
        [ChatPreferences(user=user, **values)],
        update_conflicts=True,
        unique_fields=["user"],
        update_fields=list(values),
    )
