"""Model, system prompt and sampling of a conversation."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import User
from chat.events import What
from chat.forms import CHOICES, chosen, only
from chat.models import Conversation
from chat.rendering.components import model_settings as fragments
from chat.services import preferences
from chat.views.auth import carry_out, command
from chat.views.commands import tell


@command
async def options(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    only(request.POST, optional=CHOICES)
    wanted = chosen(request.POST)

    def store(user: User) -> tuple[Conversation, str]:
        conversation = preferences.choose(user, conversation_id, wanted)
        return conversation, fragments.head_html(conversation)

    conversation, html = await carry_out(request, store)
    tell(request, conversation.pk, What.THREAD)
    if not request.headers.get("HX-Request"):
        return redirect("conversation", conversation.pk)
    return HttpResponse(html)
