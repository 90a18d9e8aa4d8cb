"""Drafts: what is typed, saved every now and then."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from chat.forms import OPENED, key_of, only, opened_draft
from chat.services import drafts
from chat.services.command_limits import DRAFTS
from chat.views.auth import carry_out, command


@command
async def draft(request: HttpRequest, conversation_id: UUID | None = None) -> HttpResponse:
    fields = only(request.POST, "client_id", "text", optional=(OPENED,))
    key, opened = key_of(fields["client_id"]), opened_draft(request.POST)
    text = fields["text"]
    await carry_out(request, drafts.keep, conversation_id, key, text, opened, budget=DRAFTS)
    return HttpResponse(status=204)
