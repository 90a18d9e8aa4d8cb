"""One answer: its details, its Markdown source, and its rating."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import escape

from chat.events import ChangeKind
from chat.forms import parse_rating
from chat.rendering.components.feedback_view import feedback_html
from chat.rendering.components.message_view import MessageItem, to_message_view
from chat.rendering.components.run_details import to_run_details
from chat.selectors import messages
from chat.services.feedback import rate_answer
from chat.views.auth import command, current_user, page, run_as_user, run_command
from chat.views.commands import notify
from core.web.htmx import is_htmx


@page
async def about(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Show the content of the dialog "About this answer"."""
    message, run = await run_as_user(request, messages.load_answer, message_id)
    details = to_run_details(message, run, for_staff=current_user(request).is_staff)
    return render(request, "chat/_run_details.html", {"about": details})


@page
async def source(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Return a message as it was written, for the clipboard."""
    text = await run_as_user(request, messages.load_text, message_id)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@page
async def thoughts(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Return what the model thought before an answer, for the page when it is opened."""
    text = await run_as_user(request, messages.load_thoughts, message_id)
    if is_htmx(request):
        return HttpResponse(escape(text))
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@command
async def feedback(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Rate an answer or remove the rating; the page asks for a reason in a second step."""
    value, reason = parse_rating(request.POST)
    message = await run_command(request, rate_answer, message_id, value, reason or "")
    notify(request, message.conversation_id, ChangeKind.THREAD)
    if not is_htmx(request):
        return redirect("conversation", message.conversation_id)
    needs_reason = value is not None and reason is None
    view = to_message_view(MessageItem(message))
    return HttpResponse(feedback_html(view, ask=needs_reason))
