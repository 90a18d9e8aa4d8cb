"""Read why answers failed, for administrators."""

from collections.abc import Iterable
from uuid import UUID

from accounts.models import User
from chat.models import Message, Run, Status


def load_failed_runs(user: User, messages: Iterable[Message]) -> dict[UUID, Run]:
    """Return the last run of each failed answer, with its model; for ordinary people nothing.

    The database is asked for the rights too: a socket outlives them.
    """
    failed = [message.pk for message in messages if message.status == Status.FAILED]
    if not failed or not user.is_staff:
        return {}
    runs = (
        Run.objects.filter(message__in=failed, ended_at__isnull=False)
        .filter(conversation__owner=user, conversation__owner__is_staff=True)
        .select_related("model__connection")
        .order_by("message_id", "-created_at")
        .distinct("message_id")
    )
    return {run.message_id: run for run in runs}
