"""What a person has looked at."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from chat.events import What
from chat.forms import only
from chat.services import read_state
from chat.views.auth import carry_out, command
from chat.views.commands import tell


@command
async def seen(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """A visible tab shows the newest answer: no tab marks it as unread any longer."""
    only(request.POST)
    if await carry_out(request, read_state.see, conversation_id):
        tell(request, conversation_id, What.ROW)
    return HttpResponse(status=204)
