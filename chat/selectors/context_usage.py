"""How full the model's window is: the same assembly that is sent, for the question to come."""

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
# Tokens that a template puts around a message, at most.
AROUND = 16


@dataclass(frozen=True, slots=True)
class ContextUsage:
    """Tokens that the next question finds taken, of those there are beside the answer's room.

    `first` is the oldest message that the model still remembers; None while it remembers all.
    `model` and `prompt` (its version) are what it was reckoned with.
    """

    used: int
    size: int
    exact: bool
    first: UUID | None
    model: UUID
    prompt: UUID | None

    @property
    def percent(self) -> int:
        return min(100, round(100 * self.used / max(1, self.size)))

    def with_text(self, text: str) -> Self:
        """At most as full as with a further message: no token is shorter than a byte."""
        return replace(self, used=self.used + len(text.encode()) + AROUND, exact=False)

    def matches_run(self, run: Run) -> bool:
        """Whether the run was made by what this was reckoned with."""
        model = run.model
        return (
            model is not None
            and (model.pk, run.prompt_version_id) == (self.model, self.prompt)
            and model.context_window - run.max_tokens == self.size
        )

    def stays_below_threshold(self, text: str) -> bool:
        """Whether, with this text added, nothing is forgotten and the ruler stays hidden: less than
        half is used, and no token is shorter than a byte."""
        return self.first is None and 2 * (self.used + len(text.encode())) < 0.95 * self.size


def measure_context(
    conversation: Conversation, page: messages.ThreadPage | None = None
) -> ContextUsage | None:
    """None for an empty conversation, and where no model or prompt fits.

    `page` is the end of the shown branch; where it holds all of it, nothing more is read.
    """
    if conversation.active_leaf_id is None:
        return None
    try:
        maker = run_config.load_run_config(conversation)
        model = maker.model
        branch = spoken(conversation, page)
        target = prompt.Target(
            repo_id=model.repo_id,
            kind="completion" if model.kind == "completion" else "chat",
            window=model.context_window,
            sampling=Sampling(max_tokens=run_config.output_limit(model, conversation)),
        )
        system = maker.version.text if maker.version else ""
        said = [PLACEHOLDER_QUESTION, *(turn for _, turn in branch)]
        made = prompt.assemble(system, said, target, counter(model.tokenizer))
    except ChatError:
        return None
    kept = made.kept - 1
    first = branch[kept - 1][0] if 0 < kept < len(branch) else None
    return ContextUsage(
        used=made.prompt_tokens,
        size=target.window - target.sampling.max_tokens,
        exact=made.exact,
        first=first,
        model=model.pk,
        prompt=maker.version.pk if maker.version else None,
    )


def spoken(
    conversation: Conversation, page: messages.ThreadPage | None
) -> list[tuple[UUID, messages.HistoryTurn]]:
    """The shown branch from its end; more than `MOST` turns never fit."""
    if page is not None and page.older is None:
        turns = [(one.pk, messages.HistoryTurn(one.role, one.text)) for one in page.messages]
        return turns[::-1]
    if conversation.active_leaf_id is None:
        return []
    return messages.load_history_page(conversation.pk, conversation.active_leaf_id, MAX_TURNS)
