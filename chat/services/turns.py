"""Start answers: send, edit, regenerate and continue.

Every command locks the conversation, or the person for a new conversation, until its transaction
ends. Commands that start an answer check the limits first.
"""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import User
from chat.errors import ChatError
from chat.models import FINISHED, Conversation, Message, Role, Run, Status
from chat.selectors.messages import stored_thoughts
from chat.selectors.run_config import (
    RunConfig,
    TurnPreconditions,
    check_question_fits,
    load_preconditions,
    require_run_config,
)
from chat.services import drafts, preferences
from chat.services.catalogue import is_gone
from chat.services.drafts import SentDraft
from chat.services.preferences import GenerationSettings
from chat.services.rate_limit import RateLimit, consume
from chat.services.turn_locks import lock_conversation, lock_message, lock_user
from chat.services.turn_rows import (
    build_message,
    build_run,
    insert_conversation,
    insert_run,
    update_leaf,
)
from chat.text import make_title
from core.db.sql import (
    execute_together,
    fetch,
    insert_statement,
)

# How many live answers, writing or waiting, one person may have, as a multiple of
# ANSWERS_PER_PERSON.
QUEUE_FACTOR = 4


@dataclass(frozen=True, slots=True)
class Turn:
    """The rows of one command. `run` is None if the command was a repetition and wrote nothing."""

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
    worker_id: UUID,
    choices: GenerationSettings | None = None,
    draft: SentDraft | None = None,
) -> Turn:
    """Start a conversation with its first question.

    Repeating the call with the same `client_id` returns the existing turn. After the commit the
    `draft` is deleted. Raises ChatError as `preferences.validate_settings` and `insert_turn` do.
    """
    values = preferences.validate_settings(user, choices) if choices else {}
    with transaction.atomic():
        lock_user(user)
        if rows := fetch(SELECT_BY_CLIENT_ID, {"owner": user.pk, "client": client_id}):
            turn = find_existing_turn(Conversation.objects.get(pk=rows[0][0]), client_id)
        else:
            title = make_title(text)
            conversation = Conversation(owner=user, client_id=client_id, title=title, **values)
            preconditions = load_preconditions(conversation)
            turn = insert_turn(conversation, preconditions, None, text, client_id, worker_id)
    if draft is not None:
        drafts.discard_sent(user, None, draft)
    return turn


def send(
    user: User,
    conversation_id: UUID,
    client_id: UUID,
    text: str,
    worker_id: UUID,
    draft: SentDraft | None = None,
) -> Turn:
    """Ask a further question at the end of the shown branch.

    Repeating the call with the same `client_id` returns the existing turn. After the commit the
    `draft` is deleted. Raises Conversation.DoesNotExist if the conversation is not this person's,
    and ChatError as `insert_turn` does.
    """
    with transaction.atomic():
        conversation = lock_conversation(user, conversation_id)
        preconditions = load_preconditions(conversation, client_id)
        if preconditions.is_repeated:
            turn = find_existing_turn(conversation, client_id)
        else:
            leaf_id = conversation.active_leaf_id
            turn = insert_turn(conversation, preconditions, leaf_id, text, client_id, worker_id)
    if draft is not None:
        drafts.discard_sent(user, conversation_id, draft)
    return turn


def edit(user: User, message_id: UUID, client_id: UUID, text: str, worker_id: UUID) -> Turn:
    """Ask an edited question: insert it as a sibling of the original, with its own answer.

    Repeating the call with the same `client_id` returns the existing turn. Raises
    Message.DoesNotExist, and ChatError as `insert_turn` does.
    """
    with transaction.atomic():
        message, conversation = lock_message(user, message_id, Role.USER)
        preconditions = load_preconditions(conversation, client_id)
        if preconditions.is_repeated:
            return find_existing_turn(conversation, client_id)
        return insert_turn(
            conversation, preconditions, message.parent_id, text, client_id, worker_id
        )


def save_edit(user: User, message_id: UUID, client_id: UUID, text: str) -> Conversation:
    """Save an edited question without asking it.

    The new question is a sibling of the original and ends the shown branch; the original and its
    answers stay. `regenerate` on the new question asks it. Raises Message.DoesNotExist, or
    ChatError `busy` while an answer is being written.
    """
    with transaction.atomic():
        message, conversation = lock_message(user, message_id, Role.USER)
        preconditions = load_preconditions(conversation, client_id)
        if preconditions.is_repeated:
            return conversation
        if conversation.pk in preconditions.live_conversation_ids:
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
        execute_together(
            insert_statement(question), update_leaf(conversation, question, message_count=1)
        )
        return conversation


def regenerate(user: User, message_id: UUID, worker_id: UUID) -> Turn:
    """Start another answer to the same question, or the first one to an unanswered question.

    `message_id` is that of an answer or of an unanswered question. Raises Message.DoesNotExist for
    anything else, and ChatError as `check_limits` does.
    """
    with transaction.atomic():
        message, conversation = lock_message(user, message_id)
        question_id = parent_question(message)
        config = check_limits(conversation, load_preconditions(conversation))
        answer = build_message(conversation, 1, question_id, Role.ASSISTANT, Status.PENDING)
        run = build_run(config, conversation, answer, worker_id)
        execute_together(
            insert_statement(answer),
            insert_run(run),
            update_leaf(conversation, answer, message_count=1),
        )
        return Turn(conversation, answer, run)


def parent_question(message: Message) -> UUID | None:
    """Return the ID of the question to answer: the answer's parent, or the question itself.

    Raises Message.DoesNotExist for a question that has an answer already.
    """
    if message.role == Role.ASSISTANT:
        return message.parent_id
    if Message.objects.filter(parent=message).exists():
        raise Message.DoesNotExist
    return message.pk


def continue_answer(user: User, message_id: UUID, worker_id: UUID) -> Turn:
    """Start a further run that continues the last answer of the shown branch.

    Raises Message.DoesNotExist, ChatError `finished` if the model itself ended the answer,
    `nothing_to_continue` if the answer is empty, live or not the last message, and ChatError as
    `check_limits` does.
    """
    with transaction.atomic():
        message, conversation = lock_message(user, message_id, Role.ASSISTANT)
        config = check_limits(conversation, load_preconditions(conversation))
        if message.status == Status.COMPLETE and message.finish_reason in FINISHED:
            raise ChatError("finished")
        updated = (
            Message.objects.filter(pk=message.pk)
            .exclude(status__in=(Status.PENDING, Status.STREAMING))
            .exclude(text="")
            .exclude(status=Status.COMPLETE, finish_reason__in=FINISHED)
            .update(status=Status.PENDING, finish_reason="", error_code="", finished_at=None)
        )
        if not updated or message.pk != conversation.active_leaf_id:
            raise ChatError("nothing_to_continue")
        message.refresh_from_db(fields=("status", "text"))
        message.thoughts = stored_thoughts(message)
        run = build_run(config, conversation, message, worker_id, continuation=True)
        execute_together(insert_run(run), update_leaf(conversation, message, message_count=0))
        return Turn(conversation, message, run)


SELECT_LIVE_CONVERSATIONS = """
SELECT run.conversation_id FROM chat_run run JOIN LATERAL (
    SELECT owner_id FROM chat_conversation WHERE id = run.conversation_id LIMIT 1
) c ON c.owner_id = %(owner)s WHERE run.ended_at IS NULL
"""


def check_limits(conversation: Conversation, preconditions: TurnPreconditions) -> RunConfig:
    """Check that an answer may start, and return the model and prompt for it.

    Raises ChatError `busy`, `too_fast`, `too_many_answers`, `not_configured` or `model_gone`. The
    limits are shared by all processes. A rollback gives the consumed token back; until the
    transaction ends the bucket's row stays locked, so that live answers are counted by one
    transaction at a time.
    """
    owner_id, rate = conversation.owner_id, settings.MESSAGES_PER_MINUTE
    live_ids = preconditions.live_conversation_ids
    if settings.LIMITS:
        if wait := consume(f"messages:{owner_id}", RateLimit(burst=rate, rate=rate / 60)):
            raise ChatError("too_fast", retry_after=wait)
        # Count again now that the bucket is locked.
        live_ids = [pk for (pk,) in fetch(SELECT_LIVE_CONVERSATIONS, {"owner": owner_id})]
    if conversation.pk in live_ids:
        raise ChatError("busy")
    if settings.LIMITS and len(live_ids) >= QUEUE_FACTOR * settings.ANSWERS_PER_PERSON:
        raise ChatError("too_many_answers", retry_after=5)
    config = require_run_config(preconditions.config)
    if is_gone(conversation, config.model):
        raise ChatError("model_gone")
    return config


def find_existing_turn(conversation: Conversation, client_id: UUID) -> Turn:
    """Return the turn of a question that was sent before; its `run` is None.

    `answer` is the first answer, or the question itself if it was saved without being asked.
    """
    question = Message.objects.get(conversation=conversation, client_id=client_id)
    answer = Message.objects.filter(parent=question).order_by("seq").first()
    return Turn(conversation, answer or question, None, question)


def insert_turn(
    conversation: Conversation,
    preconditions: TurnPreconditions,
    parent_id: UUID | None,
    text: str,
    client_id: UUID,
    worker_id: UUID,
) -> Turn:
    """Insert a question, a pending answer and a run; the conversation too, if it is new.

    Raises ChatError as `check_limits` and `check_question_fits` do.
    """
    config = check_limits(conversation, preconditions)
    check_question_fits(config, conversation, text)
    question = build_message(
        conversation, 1, parent_id, Role.USER, Status.COMPLETE, text=text, client_id=client_id
    )
    answer = build_message(conversation, 2, question.pk, Role.ASSISTANT, Status.PENDING)
    run = build_run(config, conversation, answer, worker_id)
    write_conversation = insert_conversation if conversation._state.adding else update_leaf
    # Only `update_leaf` returns a row.
    for (last_activity_at,) in execute_together(
        insert_statement(question, answer),
        insert_run(run),
        write_conversation(conversation, answer, message_count=2),
    ):
        conversation.last_activity_at = last_activity_at
    return Turn(conversation, answer, run, question)
