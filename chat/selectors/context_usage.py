"""Measure how much of the model's context window the next question will find in use.

The prompt is assembled by the same function that assembles real requests.
"""

from dataclasses import dataclass, replace
from typing import Self
from uuid import UUID

from chat.errors import ChatError
from chat.llm import prompt
from chat.llm.providers import Sampling
from chat.llm.tokens import counter
from chat.models import Conversation, Run
from chat.selectors import messages, run_config

MAX_TURNS = 400
PLACEHOLDER_QUESTION = messages.HistoryTurn("user", "?")
# The most tokens that a chat template adds around a message.
TEMPLATE_TOKENS = 16


@dataclass(frozen=True, slots=True)
class ContextUsage:
    """How many tokens of the window are in use before the next question is asked.

    `used` is that number, and `exact` is false if it is an estimate. `size` is the window without
    the room reserved for the answer. `first` is the oldest message that still fits, or None if all
    fit. `model` and `prompt` are the IDs of the model and of the prompt version used, and
    `instructions` the person's custom instructions, which are a part of `used`.
    """

    used: int
    size: int
    exact: bool
    first: UUID | None
    model: UUID
    prompt: UUID | None
    instructions: str = ""

    @property
    def percent(self) -> int:
        """Return the share in use, from 0 to 100."""
        return min(100, round(100 * self.used / max(1, self.size)))

    def with_text(self, text: str) -> Self:
        """Return an upper bound for the usage after a further message.

        A token is at least one byte long, so there are at most as many tokens as bytes.
        """
        return replace(self, used=self.used + len(text.encode()) + TEMPLATE_TOKENS, exact=False)

    def matches_run(self, run: Run) -> bool:
        """Tell whether the run used the same model, system message and token budget."""
        model = run.model
        return (
            model is not None
            and (model.pk, run.prompt_version_id) == (self.model, self.prompt)
            and run.instructions == self.instructions
            and model.context_window - run.max_tokens == self.size
        )

    def stays_below_threshold(self, text: str) -> bool:
        """Tell whether, with this text added, all messages fit and the context meter stays hidden.

        The meter is hidden while less than half is in use; a token is at least one byte long.
        """
        return self.first is None and 2 * (self.used + len(text.encode())) < 0.95 * self.size


def measure_context(
    conversation: Conversation, page: messages.ThreadPage | None = None
) -> ContextUsage | None:
    """Return the context usage of a conversation.

    `page` is the end of the shown branch; if it holds the whole branch, no messages are read.
    Returns None if the conversation is empty, no model is available or the prompt does not fit.
    """
    if conversation.active_leaf_id is None:
        return None
    try:
        config = run_config.load_run_config(conversation)
        model = config.model
        branch = load_branch(conversation, page)
        target = prompt.Target(
            repo_id=model.repo_id,
            kind="completion" if model.kind == "completion" else "chat",
            window=model.context_window,
            sampling=Sampling(max_tokens=run_config.output_limit(model, conversation)),
        )
        turns = [PLACEHOLDER_QUESTION, *(turn for _, turn in branch)]
        assembled = prompt.assemble(config.system, turns, target, counter(model.tokenizer))
    except ChatError:
        return None
    # Without the placeholder question.
    fitting = assembled.kept - 1
    first = branch[fitting - 1][0] if 0 < fitting < len(branch) else None
    return ContextUsage(
        used=assembled.prompt_tokens,
        size=target.window - target.sampling.max_tokens,
        exact=assembled.exact,
        first=first,
        model=model.pk,
        prompt=config.version.pk if config.version else None,
        instructions=config.instructions,
    )


def load_branch(
    conversation: Conversation, page: messages.ThreadPage | None
) -> list[tuple[UUID, messages.HistoryTurn]]:
    """Return the turns of the shown branch with their message IDs, newest first.

    At most `MAX_TURNS` are read; the model does not get older ones.
    """
    if page is not None and page.older is None:
        return [
            (message.pk, messages.HistoryTurn(message.role, message.text))
            for message in reversed(page.messages)
        ]
    if conversation.active_leaf_id is None:
        return []
    return messages.load_history_page(conversation.pk, conversation.active_leaf_id, MAX_TURNS)
