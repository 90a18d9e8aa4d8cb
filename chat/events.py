"""What happens in a conversation, as frozen values without Django."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class ChangeKind(StrEnum):
    """What a page has to look at again."""

    THREAD = "thread"  # messages came, closed or moved
    SIDEBAR_ROW = "row"  # the conversation's line in the sidebar
    BUMPED = "moved"  # the line goes to the top
    DELETED = "gone"  # deleted
    RESTORED = "back"  # a deletion taken back


@dataclass(frozen=True, slots=True)
class Changed:
    """Something of a conversation changed; readers look at the database for what it is now."""

    owner_id: UUID
    conversation_id: UUID
    what: ChangeKind


@dataclass(frozen=True, slots=True)
class SignedOut:
    """A session ended: sockets that came with it are closed."""

    session_key: str


@dataclass(frozen=True, slots=True)
class SessionRenewed:
    """A session goes on under another key: its browser connects again, and nobody else can."""

    session_key: str


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """An account was written or deleted: its sessions and answers may have lost their right."""

    user_id: UUID


@dataclass(frozen=True, slots=True)
class StopRequested:
    """Somebody wants this run to stop, wherever it is written."""

    run_id: UUID


@dataclass(frozen=True, slots=True)
class AnswerSubscribed:
    """Somebody in another process looks at this answer, for the next few seconds at least."""

    message_id: UUID


@dataclass(frozen=True, slots=True)
class AnswerText:
    """Text of an answer from `offset` on, in characters, for other processes: what the database
    has or will have within half a second. `notice` is the sentence in place of text to come."""

    message_id: UUID
    offset: int
    text: str
    notice: str = ""


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
    """Tokens of one run (`exact` is false for an estimate); milliseconds since its start."""

    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    exact: bool = False
    first_token_ms: int | None = None
    last_token_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: the status of its answer, why, and what it cost."""

    status: str
    finish_reason: str = ""
    error_code: str = ""
    usage: Usage = Usage()
