"""Save drafts while people type."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from chat.forms import DRAFT_FIELD, parse_draft_id, parse_uuid, require_fields
from chat.services import drafts
from chat.views.auth import command, run_as_user


@command
async def draft(request: HttpRequest, conversation_id: UUID | None = None) -> HttpResponse:
    """Save the draft of a conversation, or of the new chat."""
    fields = require_fields(request.POST, "client_id", "text", optional=(DRAFT_FIELD,))
    client_id, loaded_client_id = parse_uuid(fields["client_id"]), parse_draft_id(request.POST)
    await run_as_user(
        request, drafts.save_draft, conversation_id, client_id, fields["text"], loaded_client_id
    )
    return HttpResponse(status=204)
