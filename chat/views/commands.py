"""Commands: what people do to a conversation. Each one works without a socket, from any tab."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from chat.events import Changed, ChangeKind, StopRequested
from chat.forms import (
    DRAFT_FIELD,
    SETTINGS_FIELDS,
    parse_draft_id,
    parse_message,
    parse_settings,
    require_fields,
)
from chat.models import Conversation
from chat.pubsub import pubsub
from chat.rendering.components import htmx, thread_view
from chat.rendering.components.page import body_html
from chat.selectors import messages as reads
from chat.selectors import sidebar_rows
from chat.services import conversation_actions, drafts, preferences, turns
from chat.services.turns import Turn
from chat.streaming.job import commit_and_prepare
from chat.streaming.run_manager import runs
from chat.views.auth import (
    carry_out,
    command,
    current_user,
    require_user,
    run_as_user,
    run_in_request,
)
from chat.views.pages import load_conversation_page, load_settings
from core.db.errors import DATABASE_ERRORS
from core.db.outages import database


def has_open_socket(request: HttpRequest) -> bool:
    """The page says that its socket is open: it will be told there, once."""
    return request.headers.get("Chat-Socket") == "open"


async def ack_response(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    """The acknowledgement, after the commit; with the thread where no socket brings it."""
    if not request.headers.get("HX-Request"):
        return redirect("conversation", conversation.pk)
    if has_open_socket(request):
        return HttpResponse(status=204)
    found, page = await run_as_user(request, reads.load_thread, conversation.pk)
    # On the event loop, where the answer is being written: see `opened`.
    live = runs.find_live_answer(found.active_leaf_id)
    thread = thread_view.thread_html(found, page, live=live)
    return HttpResponse(
        htmx.partial("#thread", "innerMorph", thread) + thread_view.version_html(found)
    )


async def run_turn(request: HttpRequest, work: Callable[..., Turn], *args: Any) -> Turn:
    """Write a turn of whoever asks and begin its answer, also when they leave before the commit:
    Django cancels the view then, and nobody would write the answer."""
    runs.check_accepting()

    def write() -> Turn:
        return work(require_user(request), *args)

    return await runs.run_turn(run_in_request(commit_and_prepare, write))


async def run_and_ack(request: HttpRequest, work: Callable[..., Turn], *args: Any) -> HttpResponse:
    turn = await run_turn(request, work, *args, runs.worker_id)
    return await ack_response(request, turn.conversation)


@command
async def start(request: HttpRequest) -> HttpResponse:
    """A new conversation with its first question."""
    client_id, text = parse_message(request.POST, optional=(DRAFT_FIELD, *SETTINGS_FIELDS))
    wanted, draft = parse_settings(request.POST), parse_draft_id(request.POST)

    def write(user: User) -> Turn:
        choices = preferences.validate_settings(wanted)
        turn = turns.start_conversation(user, client_id, text, runs.worker_id, choices)
        discard_draft(user, None, client_id, draft, text)
        return turn

    turn = await run_turn(request, write)
    if not request.headers.get("HX-Request"):
        return redirect("conversation", turn.conversation.pk)
    _, body = await load_conversation_page(request, turn.conversation.pk, load_settings, dict)
    response = HttpResponse(body_html(body))
    # The page changes its socket now and may not hear of its own line in the sidebar.
    row = await run_as_user(request, sidebar_rows.get_row, turn.conversation.pk)
    response.write(thread_view.bumped_row_html(row))
    response["HX-Push-Url"] = reverse("conversation", args=[turn.conversation.pk])
    return response


@command
async def send(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    client_id, text = parse_message(request.POST, optional=(DRAFT_FIELD,))
    draft = parse_draft_id(request.POST)

    def sent(user: User, *rest: Any) -> Turn:
        """The turn; then, after its commit, its draft goes (see `drafts.keep`)."""
        turn = turns.send(user, conversation_id, client_id, text, *rest)
        discard_draft(user, conversation_id, client_id, draft, text)
        return turn

    return await run_and_ack(request, sent)


def discard_draft(user: User, *sent: Any) -> None:
    """Best effort: the message is already committed, so an outage from here on is no refusal."""
    try:
        drafts.discard_draft(user, *sent)
    except DATABASE_ERRORS as problem:
        if database.note(problem) is None:
            raise


@command
async def edit(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Ask a question again in other words."""
    client_id, text = parse_message(request.POST)
    return await run_and_ack(request, turns.edit, message_id, client_id, text)


@command
async def save(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Keep a question in other words without asking it."""
    client_id, text = parse_message(request.POST)
    conversation = await carry_out(request, turns.save_edit, message_id, client_id, text)
    notify(request, conversation.pk, ChangeKind.THREAD)
    return await ack_response(request, conversation)


@command
async def regenerate(request: HttpRequest, message_id: UUID) -> HttpResponse:
    require_fields(request.POST)
    return await run_and_ack(request, turns.regenerate, message_id)


@command
async def go_on(request: HttpRequest, message_id: UUID) -> HttpResponse:
    require_fields(request.POST)
    return await run_and_ack(request, turns.continue_answer, message_id)


@command
async def stop(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Stop the answer that runs, wherever it runs; nothing happens when none does."""
    require_fields(request.POST)

    def mark(user: User) -> tuple[Conversation, UUID | None]:
        found = reads.get_conversation(user, conversation_id)
        return found, conversation_actions.request_stop(found)

    conversation, run = await carry_out(request, mark)
    if run is not None:
        runs.stop_run(run)
        pubsub.publish_threadsafe(StopRequested(run))
    return await ack_response(request, conversation)


@command
async def choose(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Show the branch that goes through this message."""
    require_fields(request.POST)
    conversation = await carry_out(request, conversation_actions.choose_branch, message_id)
    notify(request, conversation.pk, ChangeKind.THREAD)
    return await ack_response(request, conversation)


@command
async def rename(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    title = require_fields(request.POST, "title")["title"]
    conversation = await carry_out(request, conversation_actions.rename, conversation_id, title)
    for what in (ChangeKind.SIDEBAR_ROW, ChangeKind.THREAD):
        notify(request, conversation.pk, what)
    if not request.headers.get("HX-Request"):
        return redirect("conversation", conversation.pk)
    row = await run_as_user(request, sidebar_rows.get_row, conversation.pk)
    return HttpResponse(
        htmx.partial(f"#row-{row.id.hex}", "outerHTML", thread_view.row_html(row))
        + htmx.partial("#conversation-title", "textContent", thread_view.escaped(row.title))
    )


@command
async def delete(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Hide a conversation; the notice that follows can take it back."""
    require_fields(request.POST)
    conversation = await carry_out(request, conversation_actions.delete, conversation_id)
    notify(request, conversation.pk, ChangeKind.DELETED)
    if not request.headers.get("HX-Request"):
        return redirect("new_chat")
    return HttpResponse(
        thread_view.undo_toast_html(conversation)
        + htmx.partial(f"#row-{conversation.pk.hex}", "delete")
    )


@command
async def restore(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    require_fields(request.POST)
    conversation = await carry_out(request, conversation_actions.restore, conversation_id)
    notify(request, conversation.pk, ChangeKind.RESTORED)
    if not request.headers.get("HX-Request"):
        return redirect("conversation", conversation.pk)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = reverse("conversation", args=[conversation.pk])
    return response


def notify(request: HttpRequest, conversation_id: UUID, what: ChangeKind) -> None:
    """All pages of whoever asks."""
    pubsub.publish_threadsafe(Changed(current_user(request).pk, conversation_id, what))
