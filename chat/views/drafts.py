"""Drafts: what is typed, saved every now and then."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from chat.conversations import drafts
from chat.forms import key_of, only
from chat.views.access import command, on_behalf


@command
async def draft(request: HttpRequest, conversation_id: UUID | None = None) -> HttpResponse:
    fields = only(request.POST, "client_id", "text")
    key = key_of(fields["client_id"])
    await on_behalf(request, drafts.keep, conversation_id, key, fields["text"])
    return HttpResponse(status=204)
