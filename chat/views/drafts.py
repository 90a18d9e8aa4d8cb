"""Drafts: what is typed, saved every now and then."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from chat.forms import DRAFT_FIELD, parse_draft_id, parse_uuid, require_fields
from chat.services import drafts
from chat.services.command_limits import DRAFTS
from chat.views.auth import carry_out, command


@command
async def draft(request: HttpRequest, conversation_id: UUID | None = None) -> HttpResponse:
    fields = require_fields(request.POST, "client_id", "text", optional=(DRAFT_FIELD,))
    key, opened = parse_uuid(fields["client_id"]), parse_draft_id(request.POST)
    text = fields["text"]
    await carry_out(request, drafts.save_draft, conversation_id, key, text, opened, budget=DRAFTS)
    return HttpResponse(status=204)
