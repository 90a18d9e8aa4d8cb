"""Model, system prompt and sampling of a conversation."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import User
from chat.conversations import catalogue, choosing
from chat.forms import CHOICES, chosen, only
from chat.fragments import choices as fragments
from chat.models import ChatModel, Conversation
from chat.views.access import command, in_request


@command
async def options(request: HttpRequest, user: User, conversation_id: UUID) -> HttpResponse:
    only(request.POST, optional=CHOICES)
    wanted = chosen(request.POST)

    def store() -> tuple[Conversation, ChatModel | None]:
        conversation = choosing.choose(user, conversation_id, wanted)
        return conversation, catalogue.model_of(conversation)

    conversation, model = await in_request(store)
    if not request.headers.get("HX-Request"):
        return redirect("conversation", conversation.pk)
    return HttpResponse(fragments.model_html(model))
