"""Events that processes exchange, and the outcome of a run: frozen values without Django."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from chat.provider_error import NO_EVIDENCE, Evidence


class ChangeKind(StrEnum):
    """What changed in a conversation, so that a page knows what to reload."""

    THREAD = "thread"  # messages were added or finished, or another branch is shown
    SIDEBAR_ROW = "row"  # the conversation's row in the sidebar
    BUMPED = "bumped"  # the row moves to the top of the sidebar
    DELETED = "deleted"  # the conversation was deleted
    RESTORED = "restored"  # a deleted conversation was restored


@dataclass(frozen=True, slots=True)
class Changed:
    """A conversation changed; receivers read its current state from the database."""

    owner_id: UUID
    conversation_id: UUID
    what: ChangeKind


@dataclass(frozen=True, slots=True)
class SignedOut:
    """A session ended: close the sockets that were opened with it."""

    session_key: str


@dataclass(frozen=True, slots=True)
class SessionRenewed:
    """A session got a new key: its browser reconnects, and nobody else may."""

    session_key: str


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """An account was saved or deleted: check whether its sessions and answers are still allowed."""

    user_id: UUID


@dataclass(frozen=True, slots=True)
class StopRequested:
    """A user asked for this run to stop; the process that generates it then stops it."""

    run_id: UUID


@dataclass(frozen=True, slots=True)
class AnswerSubscribed:
    """Another process follows this answer and wants its text for the next few seconds."""

    message_id: UUID


@dataclass(frozen=True, slots=True)
class AnswerText:
    """New text of an answer, or new thoughts, for processes that follow it.

    `offset` is where they start, in characters. The database has them too, or will have them within
    half a second. `notice` is a sentence that stands in for text that has not arrived yet.
    """

    message_id: UUID
    offset: int
    text: str
    notice: str = ""
    is_thought: bool = False


Event = (
    Changed
    | SignedOut
    | SessionRenewed
    | AccountChanged
    | StopRequested
    | AnswerSubscribed
    | AnswerText
)


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts and times of one run.

    `exact` is false if the counts are estimates; `answer_tokens` include `thinking_tokens`. Times
    are in milliseconds since the run started, except `thinking_ms`, which is a duration.
    """

    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    exact: bool = False
    first_token_ms: int | None = None
    last_token_ms: int | None = None
    thinking_tokens: int | None = None
    thinking_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: the final status of its answer, the reason, the usage and the evidence."""

    status: str
    finish_reason: str = ""
    error_code: str = ""
    usage: Usage = Usage()
    evidence: Evidence = NO_EVIDENCE
