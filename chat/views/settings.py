"""Model, system prompt and sampling of a conversation."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import User
from chat.events import ChangeKind
from chat.forms import SETTINGS_FIELDS, parse_settings, require_fields
from chat.models import Conversation
from chat.rendering.components import model_settings as fragments
from chat.services import preferences
from chat.views.auth import carry_out, command
from chat.views.commands import notify


@command
async def options(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    require_fields(request.POST, optional=SETTINGS_FIELDS)
    wanted = parse_settings(request.POST)

    def store(user: User) -> tuple[Conversation, str]:
        conversation = preferences.save_settings(user, conversation_id, wanted)
        return conversation, fragments.head_html(conversation)

    conversation, html = await carry_out(request, store)
    notify(request, conversation.pk, ChangeKind.THREAD)
    if not request.headers.get("HX-Request"):
        return redirect("conversation", conversation.pk)
    return HttpResponse(html)
