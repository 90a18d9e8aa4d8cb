"""Rows for tests, made by the same functions that the pages call."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from uuid import UUID, uuid4

from django.db.models.functions import Now

from accounts.models import User
from chat.events import Outcome
from chat.models import ChatModel, Chunk, Conversation, Message, Role, Run, Status
from chat.services import finish_run, leases, turns
from chat.services.turns import Turn

PROCESS = UUID("01900000-0000-7000-8000-000000000001")
OTHER_PROCESS = UUID("01900000-0000-7000-8000-000000000002")


def asked(user: User, text: str = "Why is the sky blue?") -> Turn:
    """A new conversation whose first answer is being written."""
    return turns.start_conversation(user, uuid4(), text, PROCESS)


def run_of(turn: Turn) -> Run:
    assert turn.run is not None
    return turn.run


def end(
    turn: Turn,
    text: str = "Light scatters.",
    status: Status = Status.COMPLETE,
    *,
    reason: str = "",
    code: str = "",
) -> Message:
    """The answer of a turn, closed; `code` is needed for a failed one."""
    reason = reason or ("stop" if status == Status.COMPLETE else "")
    outcome = Outcome(status=status, finish_reason=reason, error_code=code)
    assert finish_run.finish(run_of(turn), outcome, finish_run.FinalText(text))
    return Message.objects.get(pk=turn.answer.pk)


def said(user: User, *texts: str) -> Conversation:
    """A conversation of these questions, each with a complete answer."""
    first, *others = texts or ("Why is the sky blue?",)
    turn = asked(user, first)
    end(turn, f"About: {first}")
    for text in others:
        turn = turns.send(user, turn.conversation.pk, uuid4(), text, PROCESS)
        end(turn, f"About: {text}")
    return Conversation.objects.get(pk=turn.conversation.pk)


def long_conversation(user: User, count: int) -> Conversation:
    """`count` messages in turns, by two statements."""
    conversation = Conversation.objects.create(owner=user, title="Long", client_id=uuid4())
    messages = [message(conversation, seq) for seq in range(1, count + 1)]
    for above, below in pairwise(messages):
        below.parent = above
    Message.objects.bulk_create(messages)
    conversation.active_leaf = messages[-1]
    conversation.next_seq = count + 1
    conversation.save(update_fields=["active_leaf", "next_seq"])
    return conversation


def message(conversation: Conversation, seq: int, **values: object) -> Message:
    """An unsaved message: questions have odd numbers."""
    role = Role.USER if seq % 2 else Role.ASSISTANT
    plain = {"role": role, "status": Status.COMPLETE, "text": f"message {seq}"}
    return Message(conversation=conversation, seq=seq, **plain | values)


def branch(conversation: Conversation) -> list[Message]:
    """The shown branch, oldest first."""
    found: list[Message] = []
    at = conversation.active_leaf
    while at is not None:
        found.insert(0, at)
        at = at.parent
    return found


def append(run: Run, offset: int, text: str, owner: UUID = PROCESS) -> leases.HeldRuns:
    return leases.save_chunks(owner, [run.pk], [leases.TextChunk(run.pk, offset, text)])


def lapse(run: Run, seconds: float = 1.0) -> None:
    """As if the process had not been heard of for the whole lease."""
    Run.objects.filter(pk=run.pk).update(lease_until=Now() - timedelta(seconds=seconds))


def chunks(run: Run) -> Sequence[tuple[int, str]]:
    return list(Chunk.objects.filter(run=run).order_by("offset").values_list("offset", "text"))


def default_model() -> ChatModel:
    return ChatModel.objects.get(is_default=True)
