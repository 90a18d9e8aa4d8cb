"""Starting an answer: to a question, another one, to a changed question, or more of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from accounts.models import User
from chat import prompts
from chat.conversations.leases import LEASE_END
from chat.errors import ChatError
from chat.limits import Bucket, take, title_from
from chat.models import (
    FINISHED,
    ChatModel,
    Conversation,
    Message,
    PromptVersion,
    Role,
    Run,
    Status,
)
from chat.tokens import counter
from config.sql import columns, fetch, insert, made, statement, width

N = TypeVar("N", int, float)

# Answers of one person that may be written or wait, as a multiple of those written at once.
IN_LINE = 4


@dataclass(frozen=True, slots=True)
class Turn:
    """What a command made. `run` is None where the same command was done before."""

    conversation: Conversation
    answer: Message
    run: Run | None
    question: Message | None = None


@dataclass(frozen=True, slots=True)
class Maker:
    """What makes an answer: a model and a version of a prompt."""

    model: ChatModel
    version: PromptVersion | None


BEGUN = """
SELECT id FROM chat_conversation WHERE owner_id = %(owner)s AND client_id = %(client)s
"""


def start_conversation(
    user: User,
    client_id: UUID,
    text: str,
    process: UUID,
    choices: Mapping[str, object] | None = None,
) -> Turn:
    """A new conversation with its first question; the same `client_id` again gives the same one."""
    with transaction.atomic():
        lock_person(user)
        if known := fetch(BEGUN, {"owner": user.pk, "client": client_id}):
            return repeated(Conversation.objects.get(pk=known[0][0]), client_id)
        conversation = Conversation(
            owner=user, client_id=client_id, title=title_from(text), **(choices or {})
        )
        insert(conversation)
        return ask(conversation, None, text, client_id, process)


def send(user: User, conversation_id: UUID, client_id: UUID, text: str, process: UUID) -> Turn:
    """A further question at the end of the shown branch.

    Raises Conversation.DoesNotExist for one that is not this person's, ChatError `busy` while an
    answer runs. The same `client_id` again gives what was made before.
    """
    with transaction.atomic():
        conversation = locked(user, conversation_id)
        if is_sent(conversation, client_id):
            return repeated(conversation, client_id)
        return ask(conversation, conversation.active_leaf_id, text, client_id, process)


def edit(user: User, message_id: UUID, client_id: UUID, text: str, process: UUID) -> Turn:
    """Ask a question again in other words: a sibling of it, with an answer of its own."""
    with transaction.atomic():
        message, conversation = locked_message(user, message_id, Role.USER)
        if is_sent(conversation, client_id):
            return repeated(conversation, client_id)
        return ask(conversation, message.parent_id, text, client_id, process)


def save_edit(user: User, message_id: UUID, client_id: UUID, text: str) -> Conversation:
    """Keep a question in other words without asking it: a sibling that ends the shown branch.

    What was asked and answered before stays as it was; `regenerate` on the new one asks it.
    """
    with transaction.atomic():
        message, conversation = locked_message(user, message_id, Role.USER)
        if is_sent(conversation, client_id):
            return conversation
        free(conversation)
        question = message_of(
            conversation,
            1,
            message.parent_id,
            Role.USER,
            Status.COMPLETE,
            text=text,
            client_id=client_id,
        )
        insert(question)
        show(conversation, question, taken=1)
        return conversation


def regenerate(user: User, message_id: UUID, process: UUID) -> Turn:
    """Another answer to the same question, or the first one to a question that has none."""
    with transaction.atomic():
        message, conversation = locked_message(user, message_id)
        question = asked_by(message)
        permit(conversation)
        answer = message_of(conversation, 1, question, Role.ASSISTANT, Status.PENDING)
        insert(answer)
        return started(conversation, answer, None, process, taken=1)


def asked_by(message: Message) -> UUID | None:
    """The question of an answer; a question itself while it has no answer."""
    if message.role == Role.ASSISTANT:
        return message.parent_id
    if Message.objects.filter(parent=message).exists():
        raise Message.DoesNotExist
    return message.pk


def go_on(user: User, message_id: UUID, process: UUID) -> Turn:
    """A further run of the same answer.

    Raises ChatError `nothing_to_continue` without text, `finished` for one that its model ended.
    """
    with transaction.atomic():
        message, conversation = locked_message(user, message_id, Role.ASSISTANT)
        permit(conversation)
        if message.status == Status.COMPLETE and message.finish_reason in FINISHED:
            raise ChatError("finished")
        moved = (
            Message.objects.filter(pk=message.pk)
            .exclude(status__in=(Status.PENDING, Status.STREAMING))
            .exclude(text="")
            .exclude(status=Status.COMPLETE, finish_reason__in=FINISHED)
            .update(status=Status.PENDING, finish_reason="", error_code="", finished_at=None)
        )
        if not moved or message.pk != conversation.active_leaf_id:
            raise ChatError("nothing_to_continue")
        message.refresh_from_db(fields=("status", "text"))
        return started(conversation, message, None, process, taken=0, continuation=True)


def lock_person(user: User) -> None:
    """One new conversation at a time for one person, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", (7301, user.pk.int % 2**31))


LOCKED = statement(
    """
SELECT {conversation} FROM chat_conversation c
WHERE id = %(conversation)s AND owner_id = %(owner)s AND deleted_at IS NULL FOR UPDATE
""",
    conversation=columns(Conversation, "c"),
)


def locked(user: User, conversation_id: UUID) -> Conversation:
    """The conversation, held until the transaction ends, so that turns come one after the other.

    Raises Conversation.DoesNotExist for what is not this person's.
    """
    found = fetch(LOCKED, {"conversation": conversation_id, "owner": user.pk})
    if not found:
        raise Conversation.DoesNotExist
    return made(Conversation, found[0])


SENT = """
SELECT 1 FROM chat_message WHERE conversation_id = %(conversation)s AND client_id = %(client)s
"""


def is_sent(conversation: Conversation, client_id: UUID) -> bool:
    return bool(fetch(SENT, {"conversation": conversation.pk, "client": client_id}))


def locked_message(user: User, message_id: UUID, *roles: Role) -> tuple[Message, Conversation]:
    """Raises Message.DoesNotExist for what is not this person's, or of another role."""
    message = Message.objects.owned_by(user).get(pk=message_id, role__in=roles or Role)
    return message, locked(user, message.conversation_id)


def free(conversation: Conversation) -> None:
    """Raises ChatError `busy` while an answer of this conversation runs."""
    if Run.objects.filter(conversation=conversation, ended_at__isnull=True).exists():
        raise ChatError("busy")


LIVE_OF = """
SELECT run.conversation_id FROM chat_run run
JOIN chat_conversation c ON c.id = run.conversation_id
WHERE c.owner_id = %(owner)s AND run.ended_at IS NULL
"""


def permit(conversation: Conversation) -> None:
    """Raises ChatError `busy`, `too_fast` or `too_many_answers`; the same in every process.

    What is taken comes back when the transaction fails. The row of the bucket stays locked until
    its end, so that nobody counts at the same time.
    """
    person, rate = conversation.owner_id, settings.MESSAGES_PER_MINUTE
    if settings.LIMITS and (wait := take(f"messages:{person}", Bucket(burst=rate, rate=rate / 60))):
        raise ChatError("too_fast", retry_after=wait)
    live = [key for (key,) in fetch(LIVE_OF, {"owner": person})]
    if conversation.pk in live:
        raise ChatError("busy")
    if settings.LIMITS and len(live) >= IN_LINE * settings.ANSWERS_PER_PERSON:
        raise ChatError("too_many_answers", retry_after=5)


def repeated(conversation: Conversation, client_id: UUID) -> Turn:
    question = Message.objects.get(conversation=conversation, client_id=client_id)
    answer = Message.objects.filter(parent=question).order_by("seq").first()
    return Turn(conversation, answer or question, None, question)


def ask(
    conversation: Conversation, parent_id: UUID | None, text: str, client_id: UUID, process: UUID
) -> Turn:
    permit(conversation)
    maker = maker_of(conversation)
    fits(maker, conversation, text)
    question = message_of(
        conversation, 1, parent_id, Role.USER, Status.COMPLETE, text=text, client_id=client_id
    )
    answer = message_of(conversation, 2, question.pk, Role.ASSISTANT, Status.PENDING)
    insert(question, answer)
    return started(conversation, answer, question, process, taken=2, maker=maker)


def fits(maker: Maker, conversation: Conversation, text: str) -> None:
    """Raises ChatError `question_too_long` with the counts for what can never be answered."""
    model = maker.model
    room = prompts.room(
        maker.version.text if maker.version else "",
        model.context_window - output_limit(model, conversation),
        counter(model.tokenizer),
    )
    # No token is shorter than a byte's worth; most questions need no counting.
    if len(text.encode()) < room:
        return
    tokens = counter(model.tokenizer).text(text)
    if tokens > room:
        raise ChatError("question_too_long", counts={"tokens": tokens, "room": max(0, room)})


def message_of(
    conversation: Conversation,
    place: int,
    parent_id: UUID | None,
    role: Role,
    status: Status,
    text: str = "",
    client_id: UUID | None = None,
) -> Message:
    """A message that is not written yet, `place` places after the last one."""
    return Message(
        conversation=conversation,
        parent_id=parent_id,
        seq=conversation.next_seq + place - 1,
        role=role,
        status=status,
        text=text,
        client_id=client_id,
    )


def started(
    conversation: Conversation,
    answer: Message,
    question: Message | None,
    process: UUID,
    *,
    taken: int,
    continuation: bool = False,
    maker: Maker | None = None,
) -> Turn:
    """The run with its lease, and the conversation's new end."""
    maker = maker or maker_of(conversation)
    run = Run(
        conversation=conversation,
        message=answer,
        owner=process,
        is_continuation=continuation,
        **made_by(maker, conversation),
    )
    insert(run, lease_until=LEASE_END)
    show(conversation, answer, taken=taken)
    return Turn(conversation, answer, run, question)


SHOW = """
UPDATE chat_conversation SET active_leaf_id = %(leaf)s, next_seq = next_seq + %(taken)s,
    version = version + 1, active_at = statement_timestamp()
WHERE id = %(conversation)s RETURNING version
"""


def show(conversation: Conversation, leaf: Message, *, taken: int) -> None:
    """Let the shown branch end here, with `taken` places of the sequence used."""
    fetch(SHOW, {"conversation": conversation.pk, "leaf": leaf.pk, "taken": taken})
    conversation.active_leaf_id = leaf.pk
    conversation.version += 1


# The conversation's own model and prompt while they are offered, else the default ones.
MAKER = statement(
    """
SELECT {version}, {model}
FROM (
    SELECT * FROM chat_chatmodel WHERE enabled
    ORDER BY id = %(model)s DESC NULLS LAST, is_default DESC, position LIMIT 1
) model LEFT JOIN LATERAL (
    SELECT published_id FROM chat_systemprompt
    WHERE published_id IS NOT NULL AND (is_default OR (enabled AND id = %(prompt)s))
    ORDER BY is_default LIMIT 1
) prompt ON true LEFT JOIN chat_promptversion version ON version.id = prompt.published_id
""",
    version=columns(PromptVersion, "version"),
    model=columns(ChatModel, "model"),
)


def maker_of(conversation: Conversation) -> Maker:
    """The model and the prompt in force now. Raises ChatError `not_configured` without a model."""
    found = fetch(MAKER, {"model": conversation.model_id, "prompt": conversation.prompt_id})
    if not found:
        raise ChatError("not_configured")
    wide = width(PromptVersion)
    version, model = found[0][:wide], found[0][wide:]
    return Maker(made(ChatModel, model), made(PromptVersion, version) if version[0] else None)


def made_by(maker: Maker, conversation: Conversation) -> dict[str, object]:
    """What a run records of its making, so that it stays true when the catalogue changes."""
    model = maker.model
    return {
        "prompt_version": maker.version,
        "model": model,
        "repo_id": model.repo_id,
        "temperature": own(conversation.temperature, model.temperature),
        "top_p": own(conversation.top_p, model.top_p),
        "frequency_penalty": model.frequency_penalty or None,
        "max_tokens": output_limit(model, conversation),
    }


def output_limit(model: ChatModel, conversation: Conversation) -> int:
    """The longest answer, tokens."""
    return min(own(conversation.max_tokens, model.max_output), model.max_output)


def own(chosen: N | None, default: N) -> N:
    """What the owner chose, else the model's own value."""
    return default if chosen is None else chosen
