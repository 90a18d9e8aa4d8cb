"""Drafts: what is typed, saved every now and then."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from chat.conversations import drafts
from chat.forms import OPENED, key_of, only, opened_draft
from chat.views.access import command, on_behalf


@command
async def draft(request: HttpRequest, conversation_id: UUID | None = None) -> HttpResponse:
    fields = only(request.POST, "client_id", "text", optional=(OPENED,))
    key, opened = key_of(fields["client_id"]), opened_draft(request.POST)
    await on_behalf(request, drafts.keep, conversation_id, key, fields["text"], opened)
    return HttpResponse(status=204)
