"""One answer: what made it, its Markdown, and what its reader thinks of it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.models import User
from chat.errors import ChatError
from chat.events import ChangeKind
from chat.forms import require_fields
from chat.models import Message, Role, Run
from chat.rendering.components import thread_view
from chat.rendering.components.message_view import MessageItem, to_message_view
from chat.rendering.components.run_details import to_run_details
from chat.selectors import messages
from chat.services import feedback as opinions
from chat.views.auth import carry_out, command, page, run_as_user
from chat.views.commands import notify

OPINIONS = {"1": 1, "-1": -1, "": None}


@page
async def about(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """The content of the dialog "About this answer"."""

    def load(user: User) -> tuple[Message, Run | None]:
        message = Message.objects.owned_by(user).get(pk=message_id, role=Role.ASSISTANT)
        return message, messages.latest_run(message)

    message, run = await run_as_user(request, load)
    return render(request, "chat/_about.html", {"about": to_run_details(message, run)})


@page
async def source(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """The text as it was written, for the clipboard."""

    def load(user: User) -> str:
        message = Message.objects.owned_by(user).get(pk=message_id)
        messages.add_saved_text([message])
        return str(message.text)

    text = await run_as_user(request, load)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@command
async def feedback(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Thumbs up, down, or taken back; with a reason in a second step."""
    fields = require_fields(request.POST, "value", optional=("reason",))
    if fields["value"] not in OPINIONS:
        raise ChatError("bad_form")
    value, reason = OPINIONS[fields["value"]], fields.get("reason")
    message = await carry_out(request, opinions.rate_answer, message_id, value, reason or "")
    notify(request, message.conversation_id, ChangeKind.THREAD)
    if not request.headers.get("HX-Request"):
        return redirect("conversation", message.conversation_id)
    return HttpResponse(
        thread_view.feedback_html(
            to_message_view(MessageItem(message)), ask=bool(value) and reason is None
        )
    )
