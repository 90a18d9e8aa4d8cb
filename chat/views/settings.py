"""Model, system prompt and sampling of a conversation."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import User
from chat.events import ChangeKind
from chat.forms import SETTINGS_FIELDS, parse_settings, require_fields
from chat.rendering.components import htmx
from chat.rendering.components.model_settings import head_html
from chat.rendering.components.next_answer import next_answer_patch
from chat.selectors.next_answer import changed_names
from chat.services import preferences
from chat.services.preferences import GenerationSettings
from chat.views.auth import command, run_command
from chat.views.commands import notify
from core.web.htmx import is_htmx


@command
async def options(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Save the settings that the next answer will use."""
    require_fields(request.POST, optional=SETTINGS_FIELDS)
    choices = parse_settings(request.POST)
    html = await run_command(request, save_and_render, conversation_id, choices)
    notify(request, conversation_id, ChangeKind.THREAD)
    if not is_htmx(request):
        return redirect("conversation", conversation_id)
    return HttpResponse(html)


def save_and_render(user: User, conversation_id: UUID, choices: GenerationSettings) -> str:
    """Save the settings, and render the parts of the page that show them; database work."""
    conversation = preferences.save_settings(user, conversation_id, choices)
    hint = next_answer_patch(changed_names(conversation))
    return head_html(conversation) + htmx.partials([hint])
