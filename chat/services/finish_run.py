"""Finish runs: write text, token counts and status, exactly once for each run."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now

from chat.events import Outcome
from chat.models import Conversation, Message, Run, Status
from chat.selectors.messages import add_saved_text
from chat.services.leases import LEASE
from core.db.sql import column_count, columns, fetch, from_row, statement


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """The rows that finishing a run has written, with their new values."""

    conversation: Conversation
    message: Message


@dataclass(frozen=True, slots=True)
class FinalText:
    """The whole text of an answer, its HTML, and all thoughts before it.

    The HTML may be empty; the page then renders the text when it is shown.
    """

    text: str
    html: str = ""
    renderer_version: int = 0
    thoughts: str = ""


@dataclass(frozen=True, slots=True)
class ExpiredRun:
    """A run that was finished because its lease had expired."""

    conversation_id: UUID
    owner_id: UUID
    message_id: UUID


# Only the first caller ends the run; later calls match no row.
UPDATE_RUN = """
UPDATE chat_run SET ended_at = statement_timestamp(), provider = %(provider)s,
    finish_reason = %(reason)s, error_code = %(code)s, prompt_tokens = %(prompt_tokens)s,
    answer_tokens = %(answer_tokens)s, thinking_tokens = %(thinking_tokens)s,
    tokens_exact = %(exact)s, first_token_ms = %(first)s, last_token_ms = %(last)s,
    evidence = %(evidence)s::jsonb, cost = (
        SELECT (COALESCE(%(prompt_tokens)s::integer * price_in, 0)
            + COALESCE(%(answer_tokens)s::integer * price_out, 0)) / 1000000
        FROM chat_chatmodel WHERE id = chat_run.model_id
            AND (price_in IS NOT NULL OR price_out IS NOT NULL)
            AND %(prompt_tokens)s::integer IS NOT NULL AND %(first)s::integer IS NOT NULL
    )
WHERE id = %(run)s AND ended_at IS NULL
RETURNING message_id, conversation_id
"""

# A statement of its own: UPDATE_RUN may have waited for `save_chunks`, whose text only a later
# statement sees. The new version makes open pages reload; the answer counts as unread unless its
# reader stopped it.
FOLD_CHUNKS = statement(
    """
WITH message AS (
    UPDATE chat_message m SET status = %(status)s, text = %(text)s, html = %(html)s,
        renderer_version = %(renderer_version)s, finish_reason = %(reason)s, error_code = %(code)s,
        thinking_ms = CASE WHEN %(thoughts)s = '' THEN thinking_ms
            ELSE COALESCE(thinking_ms, 0) + %(thinking_ms)s END,
        finished_at = statement_timestamp()
    WHERE id = %(message)s RETURNING {message}
), removed_chunks AS (
    DELETE FROM chat_chunk WHERE run_id = %(run)s
), saved_thoughts AS (
    INSERT INTO chat_thinking (message_id, text)
    SELECT %(message)s, %(thoughts)s WHERE %(thoughts)s <> ''
    ON CONFLICT (message_id) DO UPDATE SET text = EXCLUDED.text
), conversation AS (
    UPDATE chat_conversation c SET version = version + 1,
        answered_at = CASE WHEN %(unread)s THEN statement_timestamp() ELSE answered_at END
    WHERE id = %(conversation)s RETURNING {conversation}
)
SELECT conversation.*, message.* FROM conversation, message
""",
    message=columns(Message, "m"),
    conversation=columns(Conversation, "c"),
)


def finish(run: Run, outcome: Outcome, answer: FinalText) -> FinishedRun | None:
    """Write the end of a run, with its answer.

    Returns None, and writes nothing, if the run has ended already.
    """
    usage = outcome.usage
    result = {
        "run": run.pk,
        "provider": run.provider,
        "reason": outcome.finish_reason[:40],
        "code": outcome.error_code,
        "prompt_tokens": usage.prompt_tokens,
        "answer_tokens": usage.answer_tokens,
        "thinking_tokens": usage.thinking_tokens,
        "exact": usage.exact,
        "first": usage.first_token_ms,
        "last": usage.last_token_ms,
        "evidence": json.dumps(evidence) if (evidence := outcome.evidence.to_json()) else None,
    }
    content = {
        "status": outcome.status,
        "text": answer.text,
        "html": answer.html,
        "renderer_version": answer.renderer_version,
        "thoughts": answer.thoughts,
        "thinking_ms": usage.thinking_ms or 0,
    }
    with transaction.atomic():
        rows = fetch(UPDATE_RUN, result)
        if not rows:
            return None
        message_id, conversation_id = rows[0]
        target = {
            "message": message_id,
            "conversation": conversation_id,
            "unread": outcome.status != Status.STOPPED,
        }
        (row,) = fetch(FOLD_CHUNKS, result | content | target)
    split = column_count(Conversation)
    return FinishedRun(from_row(Conversation, row[:split]), from_row(Message, row[split:]))


def has_restarted_recently() -> bool:
    """Tell whether the database started less than the length of a lease ago.

    If so, processes that are alive may not have had time to renew their leases.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT now() - pg_postmaster_start_time() < make_interval(secs => %s)",
            (LEASE.total_seconds(),),
        )
        is_recent: bool = cursor.fetchone()[0]
    return is_recent


def finish_expired(limit: int = 100, spare: Sequence[UUID] = ()) -> list[ExpiredRun]:
    """Finish at most `limit` runs whose lease has expired, keeping the text saved so far.

    `spare` are the IDs of runs to leave alone: the caller writes them, and was only late to renew.
    """
    with transaction.atomic():
        expired = list(
            Run.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(ended_at__isnull=True, lease_until__lt=Now())
            .exclude(pk__in=spare)
            .select_related("conversation")[:limit]
        )
        return [finish_expired_run(run) for run in expired]


def finish_expired_run(run: Run) -> ExpiredRun:
    """Finish a run as stopped if somebody had asked for that, else as interrupted."""
    status = Status.STOPPED if run.stop_requested else Status.INTERRUPTED
    finish(run, Outcome(status=status), saved_text(run))
    return ExpiredRun(run.conversation_id, run.conversation.owner_id, run.message_id)


def saved_text(run: Run) -> FinalText:
    """Return the answer in the database: what earlier runs wrote, and this run's chunks."""
    message = Message.objects.only("id", "status", "text", "thinking_ms").get(pk=run.message_id)
    add_saved_text([message])
    return FinalText(message.text, thoughts=message.thoughts)
