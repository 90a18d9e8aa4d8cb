"""The end of a run: text, counts and state are written once, by whoever ends the run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from chat.conversations.leases import LEASE
from chat.events import Outcome
from chat.models import Chunk, Conversation, Message, Run, Status


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that was found dead and closed."""

    conversation_id: UUID
    owner_id: UUID
    message_id: UUID


def close(run: Run, outcome: Outcome, text: str, html: str, renderer: int) -> bool:
    """Write the end of a run; False if somebody else ended it before, and nothing is written."""
    usage = outcome.usage
    with transaction.atomic():
        won = Run.objects.filter(pk=run.pk, ended_at__isnull=True).update(
            ended_at=Now(),
            provider=run.provider,
            finish_reason=outcome.finish_reason[:40],
            error_code=outcome.error_code,
            prompt_tokens=usage.prompt_tokens,
            answer_tokens=usage.answer_tokens,
            tokens_exact=usage.exact,
            first_token_ms=usage.first_token_ms,
            last_token_ms=usage.last_token_ms,
        )
        if not won:
            return False
        Message.objects.filter(pk=run.message_id).update(
            status=outcome.status,
            text=text,
            html=html,
            renderer=renderer,
            finish_reason=outcome.finish_reason[:40],
            error_code=outcome.error_code,
            finished_at=Now(),
        )
        Chunk.objects.filter(run=run.pk).delete()
        touch(run.conversation_id, answered=outcome.status != Status.STOPPED)
    return True


def touch(conversation_id: UUID, *, answered: bool) -> None:
    """Pages that show another version of this conversation are behind; an answer that its reader
    did not stop waits to be seen."""
    news = {"answered_at": Now()} if answered else {}
    Conversation.objects.filter(pk=conversation_id).update(version=F("version") + 1, **news)


def lately_restarted() -> bool:
    """Whether the database began less than a lease ago: living processes may not have renewed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT now() - pg_postmaster_start_time() < make_interval(secs => %s)",
            (LEASE.total_seconds(),),
        )
        found: bool = cursor.fetchone()[0]
    return found


def sweep(most: int = 100, spare: Sequence[UUID] = ()) -> list[Ended]:
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
        return [end_dead(run) for run in lapsed]


def end_dead(run: Run) -> Ended:
    stopped = run.stop_requested
    status = Status.STOPPED if stopped else Status.INTERRUPTED
    close(run, Outcome(status=status), saved_text(run), "", 0)
    return Ended(run.conversation_id, run.conversation.owner_id, run.message_id)


def saved_text(run: Run) -> str:
    """The answer's text as the database has it: earlier runs' text and the chunks of this one."""
    before = Message.objects.values_list("text", flat=True).get(pk=run.message_id)
    chunks = Chunk.objects.filter(run=run.pk).order_by("offset")
    return joined(before, chunks.values_list("offset", "text"))


def joined(text: str, chunks: Iterable[tuple[int, str]]) -> str:
    """`text` and the chunks, (offset in characters, text), that follow it without a hole."""
    parts, end = [text], len(text)
    for offset, piece in chunks:
        if offset != end:
            break
        parts.append(piece)
        end += len(piece)
    return "".join(parts)
