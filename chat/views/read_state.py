"""Which answers a person has read."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from chat.events import ChangeKind
from chat.forms import require_fields
from chat.services.read_state import mark_read
from chat.views.auth import command, run_command
from chat.views.commands import notify


@command
async def seen(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Mark a conversation as read: a visible tab shows its newest answer."""
    require_fields(request.POST)
    if await run_command(request, mark_read, conversation_id):
        notify(request, conversation_id, ChangeKind.SIDEBAR_ROW)
    return HttpResponse(status=204)
