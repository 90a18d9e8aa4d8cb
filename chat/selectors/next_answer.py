"""What will answer next, where that is not what answered last."""

from uuid import UUID

from chat.models import ChatModel, Conversation, PromptVersion, Run, SystemPrompt
from chat.selectors.run_config import effective_config


def changed_names(conversation: Conversation) -> tuple[str, ...]:
    """Return the names of the model and the prompt of the next answer that the last one had not.

    Nothing is changed as long as the shown branch does not end with an answer.
    """
    if conversation.active_leaf_id is None:
        return ()
    run = (
        Run.objects.filter(message_id=conversation.active_leaf_id)
        .order_by("-created_at")
        .values_list("model_id", "repo_id", "prompt_version__prompt_id")
        .first()
    )
    config = effective_config(conversation) if run else None
    if run is None or config is None:
        return ()
    model_id, repo_id, prompt_id = run
    names = []
    if not is_same_model(config.model, model_id, repo_id):
        names.append(config.model.label)
    if config.version and config.version.prompt_id != prompt_id:
        names.append(prompt_name(config.version))
    return tuple(names)


def is_same_model(model: ChatModel, model_id: UUID | None, repo_id: str) -> bool:
    """Return whether this model answered; a deleted one is known by its name on the server."""
    return model.pk == model_id if model_id else model.repo_id == repo_id


def prompt_name(version: PromptVersion) -> str:
    """Return the name of the prompt that a version belongs to."""
    return SystemPrompt.objects.values_list("name", flat=True).get(pk=version.prompt_id)
