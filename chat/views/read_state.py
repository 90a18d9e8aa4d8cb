"""What a person has looked at."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from chat.events import ChangeKind
from chat.forms import require_fields
from chat.services import read_state
from chat.views.auth import carry_out, command
from chat.views.commands import notify


@command
async def seen(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """A visible tab shows the newest answer: no tab marks it as unread any longer."""
    require_fields(request.POST)
    if await carry_out(request, read_state.mark_read, conversation_id):
        notify(request, conversation_id, ChangeKind.SIDEBAR_ROW)
    return HttpResponse(status=204)
