"""What a person has looked at."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from accounts.models import User
from chat.conversations import seeing
from chat.events import What
from chat.forms import only
from chat.views.access import command, in_request
from chat.views.commands import tell


@command
async def seen(request: HttpRequest, user: User, conversation_id: UUID) -> HttpResponse:
    """A visible tab shows the newest answer: no tab marks it as unread any longer."""
    only(request.POST)
    if await in_request(seeing.see, user, conversation_id):
        tell(user, conversation_id, What.ROW)
    return HttpResponse(status=204)
