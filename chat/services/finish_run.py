"""The end of a run: text, counts and state are written once, by whoever ends the run."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now

from chat.events import Outcome
from chat.models import Chunk, Conversation, Message, Run, Status
from chat.services.leases import LEASE
from chat.text import join_chunks
from core.db.sql import column_count, columns, fetch, from_row, statement


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """What the end of a run wrote: both rows as they are now."""

    conversation: Conversation
    message: Message


@dataclass(frozen=True, slots=True)
class ExpiredRun:
    """A run that was found dead and closed."""

    conversation_id: UUID
    owner_id: UUID
    message_id: UUID


# Who comes second finds the run ended, and writes nothing.
UPDATE_RUN = """
UPDATE chat_run SET ended_at = statement_timestamp(), provider = %(provider)s,
    finish_reason = %(reason)s, error_code = %(code)s, prompt_tokens = %(prompt_tokens)s,
    answer_tokens = %(answer_tokens)s, tokens_exact = %(exact)s,
    first_token_ms = %(first)s, last_token_ms = %(last)s
WHERE id = %(run)s AND ended_at IS NULL
RETURNING message_id, conversation_id
"""

# A statement of its own: the first one may have waited for a save, whose text only this one sees.
# The version tells pages that show another one that they are behind; an answer that its reader did
# not stop waits to be seen.
FOLD_CHUNKS = statement(
    """
WITH written AS (
    UPDATE chat_message m SET status = %(status)s, text = %(text)s, html = %(html)s,
        renderer = %(renderer)s, finish_reason = %(reason)s, error_code = %(code)s,
        finished_at = statement_timestamp()
    WHERE id = %(message)s RETURNING {message}
), folded AS (
    DELETE FROM chat_chunk WHERE run_id = %(run)s
), counted AS (
    UPDATE chat_conversation c SET version = version + 1,
        answered_at = CASE WHEN %(unseen)s THEN statement_timestamp() ELSE answered_at END
    WHERE id = %(conversation)s RETURNING {conversation}
)
SELECT counted.*, written.* FROM counted, written
""",
    message=columns(Message, "m"),
    conversation=columns(Conversation, "c"),
)


def finish(run: Run, outcome: Outcome, text: str, html: str, renderer: int) -> FinishedRun | None:
    """Write the end of a run; None if somebody else ended it before, and nothing is written."""
    usage = outcome.usage
    ending = {
        "run": run.pk,
        "provider": run.provider,
        "reason": outcome.finish_reason[:40],
        "code": outcome.error_code,
        "prompt_tokens": usage.prompt_tokens,
        "answer_tokens": usage.answer_tokens,
        "exact": usage.exact,
        "first": usage.first_token_ms,
        "last": usage.last_token_ms,
    }
    body = {"status": outcome.status, "text": text, "html": html, "renderer": renderer}
    with transaction.atomic():
        ended = fetch(UPDATE_RUN, ending)
        if not ended:
            return None
        message, conversation = ended[0]
        of = {"message": message, "conversation": conversation}
        (row,) = fetch(
            FOLD_CHUNKS, ending | body | of | {"unseen": outcome.status != Status.STOPPED}
        )
    wide = column_count(Conversation)
    return FinishedRun(from_row(Conversation, row[:wide]), from_row(Message, row[wide:]))


def has_restarted_recently() -> bool:
    """Whether the database began less than a lease ago: living processes may not have renewed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT now() - pg_postmaster_start_time() < make_interval(secs => %s)",
            (LEASE.total_seconds(),),
        )
        found: bool = cursor.fetchone()[0]
    return found


def finish_expired(most: int = 100, spare: Sequence[UUID] = ()) -> list[ExpiredRun]:
    """End the runs whose lease lapsed; their saved text is kept and the answer is interrupted.

    `spare` are runs that the caller itself writes and has only been late to renew.
    """
    with transaction.atomic():
        lapsed = list(
            Run.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(ended_at__isnull=True, lease_until__lt=Now())
            .exclude(pk__in=spare)
            .select_related("conversation")[:most]
        )
        return [finish_expired_run(run) for run in lapsed]


def finish_expired_run(run: Run) -> ExpiredRun:
    stopped = run.stop_requested
    status = Status.STOPPED if stopped else Status.INTERRUPTED
    finish(run, Outcome(status=status), saved_text(run), "", 0)
    return ExpiredRun(run.conversation_id, run.conversation.owner_id, run.message_id)


def saved_text(run: Run) -> str:
    """The answer's text as the database has it: earlier runs' text and the chunks of this one."""
    before = Message.objects.values_list("text", flat=True).get(pk=run.message_id)
    chunks = Chunk.objects.filter(run=run.pk).order_by("offset")
    return join_chunks(before, chunks.values_list("offset", "text"))
