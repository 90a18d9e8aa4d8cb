"""Starting an answer: to a question, another one, to a changed question, or more of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from accounts.models import User
from chat.errors import ChatError
from chat.models import FINISHED, Conversation, Message, Role, Run, Status
from chat.selectors.run_config import (
    RunConfig,
    TurnPreconditions,
    check_question_fits,
    load_preconditions,
    require_run_config,
    run_fields,
)
from chat.services.leases import LEASE_END
from chat.services.rate_limit import RateLimit, consume
from chat.text import make_title
from core.db.sql import (
    StatementPart,
    columns,
    execute_together,
    fetch,
    from_row,
    insert_statement,
    statement,
)

# Answers of one person that may be written or wait, as a multiple of those written at once.
QUEUE_FACTOR = 4


@dataclass(frozen=True, slots=True)
class Turn:
    """What a command made. `run` is None where the same command was done before."""

    conversation: Conversation
    answer: Message
    run: Run | None
    question: Message | None = None


SELECT_BY_CLIENT_ID = """
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
        lock_user(user)
        if known := fetch(SELECT_BY_CLIENT_ID, {"owner": user.pk, "client": client_id}):
            return find_existing_turn(Conversation.objects.get(pk=known[0][0]), client_id)
        conversation = Conversation(
            owner=user, client_id=client_id, title=make_title(text), **(choices or {})
        )
        return insert_turn(
            conversation, load_preconditions(conversation), None, text, client_id, process
        )


def send(user: User, conversation_id: UUID, client_id: UUID, text: str, process: UUID) -> Turn:
    """A further question at the end of the shown branch.

    Raises Conversation.DoesNotExist for one that is not this person's, ChatError `busy` while an
    answer runs. The same `client_id` again gives what was made before.
    """
    with transaction.atomic():
        conversation = lock_conversation(user, conversation_id)
        now = load_preconditions(conversation, client_id)
        if now.sent:
            return find_existing_turn(conversation, client_id)
        return insert_turn(conversation, now, conversation.active_leaf_id, text, client_id, process)


def edit(user: User, message_id: UUID, client_id: UUID, text: str, process: UUID) -> Turn:
    """Ask a question again in other words: a sibling of it, with an answer of its own."""
    with transaction.atomic():
        message, conversation = lock_message(user, message_id, Role.USER)
        now = load_preconditions(conversation, client_id)
        if now.sent:
            return find_existing_turn(conversation, client_id)
        return insert_turn(conversation, now, message.parent_id, text, client_id, process)


def save_edit(user: User, message_id: UUID, client_id: UUID, text: str) -> Conversation:
    """Keep a question in other words without asking it: a sibling that ends the shown branch.

    What was asked and answered before stays as it was; `regenerate` on the new one asks it.
    """
    with transaction.atomic():
        message, conversation = lock_message(user, message_id, Role.USER)
        now = load_preconditions(conversation, client_id)
        if now.sent:
            return conversation
        if conversation.pk in now.live:
            raise ChatError("busy")
        question = build_message(
            conversation,
            1,
            message.parent_id,
            Role.USER,
            Status.COMPLETE,
            text=text,
            client_id=client_id,
        )
        execute_together(insert_statement(question), update_leaf(conversation, question, taken=1))
        return conversation


def regenerate(user: User, message_id: UUID, process: UUID) -> Turn:
    """Another answer to the same question, or the first one to a question that has none."""
    with transaction.atomic():
        message, conversation = lock_message(user, message_id)
        question = parent_question(message)
        maker = check_limits(conversation, load_preconditions(conversation))
        answer = build_message(conversation, 1, question, Role.ASSISTANT, Status.PENDING)
        run = build_run(maker, conversation, answer, process)
        execute_together(
            insert_statement(answer), insert_run(run), update_leaf(conversation, answer, taken=1)
        )
        return Turn(conversation, answer, run)


def parent_question(message: Message) -> UUID | None:
    """The question of an answer; a question itself while it has no answer."""
    if message.role == Role.ASSISTANT:
        return message.parent_id
    if Message.objects.filter(parent=message).exists():
        raise Message.DoesNotExist
    return message.pk


def continue_answer(user: User, message_id: UUID, process: UUID) -> Turn:
    """A further run of the same answer.

    Raises ChatError `nothing_to_continue` without text, `finished` for one that its model ended.
    """
    with transaction.atomic():
        message, conversation = lock_message(user, message_id, Role.ASSISTANT)
        maker = check_limits(conversation, load_preconditions(conversation))
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
        run = build_run(maker, conversation, message, process, continuation=True)
        execute_together(insert_run(run), update_leaf(conversation, message, taken=0))
        return Turn(conversation, message, run)


def lock_user(user: User) -> None:
    """One new conversation at a time for one person, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", (7301, user.pk.int % 2**31))


LOCK_CONVERSATION = statement(
    """
SELECT {conversation} FROM chat_conversation c
WHERE id = %(conversation)s AND owner_id = %(owner)s AND deleted_at IS NULL FOR UPDATE
""",
    conversation=columns(Conversation, "c"),
)


def lock_conversation(user: User, conversation_id: UUID) -> Conversation:
    """The conversation, held until the transaction ends, so that turns come one after the other.

    Raises Conversation.DoesNotExist for what is not this person's.
    """
    found = fetch(LOCK_CONVERSATION, {"conversation": conversation_id, "owner": user.pk})
    if not found:
        raise Conversation.DoesNotExist
    return from_row(Conversation, found[0])


def lock_message(user: User, message_id: UUID, *roles: Role) -> tuple[Message, Conversation]:
    """Raises Message.DoesNotExist for what is not this person's, or of another role."""
    message = Message.objects.owned_by(user).get(pk=message_id, role__in=roles or Role)
    return message, lock_conversation(user, message.conversation_id)


SELECT_LIVE_CONVERSATIONS = """
SELECT run.conversation_id FROM chat_run run JOIN LATERAL (
    SELECT owner_id FROM chat_conversation WHERE id = run.conversation_id LIMIT 1
) c ON c.owner_id = %(owner)s WHERE run.ended_at IS NULL
"""


def check_limits(conversation: Conversation, now: TurnPreconditions) -> RunConfig:
    """Who makes the answer. Raises ChatError `busy`, `too_fast`, `too_many_answers` or
    `not_configured`; the same in every process.

    What is taken comes back when the transaction fails. The row of the bucket stays locked until
    its end, so that nobody counts at the same time.
    """
    person, rate, live = conversation.owner_id, settings.MESSAGES_PER_MINUTE, now.live
    if settings.LIMITS:
        if wait := consume(f"messages:{person}", RateLimit(burst=rate, rate=rate / 60)):
            raise ChatError("too_fast", retry_after=wait)
        live = [key for (key,) in fetch(SELECT_LIVE_CONVERSATIONS, {"owner": person})]
    if conversation.pk in live:
        raise ChatError("busy")
    if settings.LIMITS and len(live) >= QUEUE_FACTOR * settings.ANSWERS_PER_PERSON:
        raise ChatError("too_many_answers", retry_after=5)
    return require_run_config(now.maker)


def find_existing_turn(conversation: Conversation, client_id: UUID) -> Turn:
    question = Message.objects.get(conversation=conversation, client_id=client_id)
    answer = Message.objects.filter(parent=question).order_by("seq").first()
    return Turn(conversation, answer or question, None, question)


def insert_turn(
    conversation: Conversation,
    now: TurnPreconditions,
    parent_id: UUID | None,
    text: str,
    client_id: UUID,
    process: UUID,
) -> Turn:
    """Question, pending answer and run; the conversation too, if this begins it."""
    maker = check_limits(conversation, now)
    check_question_fits(maker, conversation, text)
    question = build_message(
        conversation, 1, parent_id, Role.USER, Status.COMPLETE, text=text, client_id=client_id
    )
    answer = build_message(conversation, 2, question.pk, Role.ASSISTANT, Status.PENDING)
    run = build_run(maker, conversation, answer, process)
    shown = insert_conversation if conversation._state.adding else update_leaf
    for (moment,) in execute_together(
        insert_statement(question, answer), insert_run(run), shown(conversation, answer, taken=2)
    ):
        conversation.active_at = moment
    return Turn(conversation, answer, run, question)


def build_message(
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


def build_run(
    maker: RunConfig,
    conversation: Conversation,
    answer: Message,
    process: UUID,
    *,
    continuation: bool = False,
) -> Run:
    """A run that is not written yet."""
    return Run(
        conversation=conversation,
        message=answer,
        owner=process,
        is_continuation=continuation,
        **run_fields(maker, conversation),
    )


def insert_run(run: Run) -> StatementPart:
    """The run with its lease."""
    return insert_statement(run, lease_until=LEASE_END)


UPDATE_LEAF = """
UPDATE chat_conversation SET active_leaf_id = %s, next_seq = next_seq + %s, version = version + 1,
    active_at = statement_timestamp()
WHERE id = %s RETURNING active_at
"""


def update_leaf(conversation: Conversation, leaf: Message, *, taken: int) -> StatementPart:
    """Let the shown branch end here, with `taken` places of the sequence used."""
    conversation.active_leaf_id = leaf.pk
    conversation.version += 1
    return UPDATE_LEAF, [leaf.pk, taken, conversation.pk]


def insert_conversation(conversation: Conversation, leaf: Message, *, taken: int) -> StatementPart:
    """The same of a conversation that is not written yet."""
    conversation.active_leaf_id = leaf.pk
    conversation.version += 1
    conversation.next_seq += taken
    return insert_statement(conversation)
