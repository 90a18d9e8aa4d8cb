"""Commands: what people do to a conversation. Each works without a socket, from any tab."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from chat.events import Changed, ChangeKind, StopRequested
from chat.forms import (
    SETTINGS_FIELDS,
    parse_message,
    parse_sent_draft,
    parse_settings,
    require_fields,
)
from chat.models import Conversation
from chat.pubsub import pubsub
from chat.rendering.components import htmx, thread_view
from chat.rendering.components.next_answer import next_answer_patch
from chat.rendering.components.page import body_html
from chat.selectors import messages, sidebar_rows
from chat.selectors.next_answer import changed_names
from chat.services import conversation_actions, turns
from chat.services.turns import Turn
from chat.streaming.job import PreparedTurn, prepare_turn
from chat.streaming.run_manager import runs
from chat.views.auth import command, current_user, require_user, run_as_user, run_command
from chat.views.conversation_page import ConversationPage, PageParams
from core.db.executors import run_in_db
from core.web.htmx import current_path, is_htmx


@command
async def start(request: HttpRequest) -> HttpResponse:
    """Start a conversation with its first question."""
    draft = parse_sent_draft(request.POST, optional=SETTINGS_FIELDS)
    choices = parse_settings(request.POST)
    turn = await run_turn(
        request, turns.start_conversation, draft.client_id, draft.text, choices=choices, draft=draft
    )
    if not is_htmx(request):
        return redirect("conversation", turn.conversation.pk)
    return await new_conversation_response(request, turn.conversation.pk)


@command
async def send(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Ask a further question."""
    draft = parse_sent_draft(request.POST)
    turn = await run_turn(
        request, turns.send, conversation_id, draft.client_id, draft.text, draft=draft
    )
    return await ack_response(request, turn.conversation)


@command
async def edit(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Ask an edited question."""
    client_id, text = parse_message(request.POST)
    turn = await run_turn(request, turns.edit, message_id, client_id, text)
    return await ack_response(request, turn.conversation)


@command
async def save(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Save an edited question without asking it."""
    client_id, text = parse_message(request.POST)
    conversation = await run_command(request, turns.save_edit, message_id, client_id, text)
    notify(request, conversation.pk, ChangeKind.THREAD, ChangeKind.BUMPED)
    return await ack_response(request, conversation)


@command
async def regenerate(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Start another answer to the same question."""
    require_fields(request.POST)
    turn = await run_turn(request, turns.regenerate, message_id)
    return await ack_response(request, turn.conversation)


@command
async def continue_answer(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Continue an answer that is not complete."""
    require_fields(request.POST)
    turn = await run_turn(request, turns.continue_answer, message_id)
    return await ack_response(request, turn.conversation)


@command
async def stop(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Stop the live answer, whichever process writes it; without one, do nothing."""
    require_fields(request.POST)
    conversation, run_id = await run_command(request, conversation_actions.stop, conversation_id)
    if run_id is not None:
        runs.stop_run(run_id)
        pubsub.publish_threadsafe(StopRequested(run_id))
    return await ack_response(request, conversation)


@command
async def choose(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Show the branch that contains this message."""
    require_fields(request.POST)
    conversation = await run_command(request, conversation_actions.choose_branch, message_id)
    notify(request, conversation.pk, ChangeKind.THREAD)
    return await ack_response(request, conversation)


@command
async def rename(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Change the title of a conversation."""
    title = require_fields(request.POST, "title")["title"]
    conversation = await run_command(request, conversation_actions.rename, conversation_id, title)
    notify(request, conversation.pk, ChangeKind.SIDEBAR_ROW, ChangeKind.THREAD)
    if not is_htmx(request):
        return redirect("conversation", conversation.pk)
    row = await run_as_user(request, sidebar_rows.get_row, conversation.pk)
    return HttpResponse(thread_view.renamed_html(row))


@command
async def delete(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Delete a conversation; the toast that appears can undo it.

    A page that shows the conversation becomes that of a new chat.
    """
    require_fields(request.POST)
    conversation = await run_command(request, conversation_actions.delete, conversation_id)
    is_open = current_path(request) == conversation_path(conversation)
    if is_open:
        response = await new_chat_response(request, conversation)
    else:
        response = HttpResponse(thread_view.deleted_html(conversation))
    # Last, or the page would hear of it first and say that it shows a deleted conversation.
    notify(request, conversation.pk, ChangeKind.DELETED)
    return response if is_htmx(request) else redirect("new_chat")


@command
async def restore(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Restore a deleted conversation.

    It is opened where the page showed it: with `open`, on the new chat that took its place. Any
    other page changes only its sidebar.
    """
    fields = require_fields(request.POST, optional={"open"})
    conversation = await run_command(request, conversation_actions.restore, conversation_id)
    notify(request, conversation.pk, ChangeKind.RESTORED)
    url = conversation_path(conversation)
    if not is_htmx(request):
        return redirect(url)
    is_new_chat = current_path(request) == reverse("new_chat")
    opens = current_path(request) == url or ("open" in fields and is_new_chat)
    return HttpResponse(status=204, headers={"HX-Redirect": url} if opens else {})


@runs.turn_tasks.shielded
async def run_turn(
    request: HttpRequest, service: Callable[..., Turn], *args: Any, **kwargs: Any
) -> Turn:
    """Call `service(user, ...)` on a database thread, and start the answer once it is committed.

    This runs to its end even if the client disconnects: Django then cancels the view, and a turn
    that is committed by that time would have no answer. Raises SignedOutError, ChatError
    `restarting`, and what the service raises.
    """
    runs.check_accepting()
    prepared = await run_in_db(write_turn, request, service, *args, **kwargs)
    runs.start(prepared)
    return prepared.turn


def write_turn(
    request: HttpRequest, service: Callable[..., Turn], *args: Any, **kwargs: Any
) -> PreparedTurn:
    """Write a turn for the signed-in user and prepare its request.

    Both share one hop to the thread, because a hop costs as much as either of them.
    """
    turn = service(require_user(request), *args, worker_id=runs.worker_id, **kwargs)
    return prepare_turn(turn)


async def ack_response(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    """Acknowledge a committed command; if the page has no open socket, send the thread too."""
    if not is_htmx(request):
        return redirect("conversation", conversation.pk)
    if request.headers.get("Chat-Socket") == "open":
        return HttpResponse(status=204)
    conversation, page = await run_as_user(request, messages.load_thread, conversation.pk)
    # On the event loop, because a live answer must not be rendered by two threads at once.
    live = runs.find_live_answer(conversation.active_leaf_id)
    thread = thread_view.thread_html(conversation, page, live=live)
    hint = next_answer_patch(await run_as_user(request, find_changed_names, conversation))
    return HttpResponse(
        htmx.partial("#thread", "innerMorph", thread)
        + htmx.partials([hint])
        + thread_view.version_html(conversation)
    )


def find_changed_names(user: User, conversation: Conversation) -> tuple[str, ...]:
    """Return what applies from the next answer in the person's own conversation."""
    return changed_names(conversation)


async def new_conversation_response(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Turn the page of a new chat into that of the conversation just started."""
    params = PageParams(needs_sidebar=False, needs_draft=False)
    page = await run_as_user(request, ConversationPage.load, conversation_id, params)
    response = HttpResponse(body_html(page.body(request)))
    # The page opens another socket now, and may miss the event that adds the row to its sidebar.
    row = await run_as_user(request, sidebar_rows.get_row, conversation_id)
    response.write(thread_view.bumped_row_html(row))
    response["HX-Push-Url"] = reverse("conversation", args=[conversation_id])
    return response


async def new_chat_response(request: HttpRequest, deleted: Conversation) -> HttpResponse:
    """Turn the page of the conversation just deleted into that of a new chat."""
    params = PageParams(needs_sidebar=False)
    page = await run_as_user(request, ConversationPage.load, None, params)
    response = HttpResponse(body_html(page.body(request)))
    response.write(thread_view.deleted_open_html(deleted))
    response["HX-Retarget"], response["HX-Reswap"] = "#main", "innerHTML"
    # Going back would lead to the deleted conversation.
    response["HX-Replace-Url"] = reverse("new_chat")
    return response


def conversation_path(conversation: Conversation) -> str:
    return reverse("conversation", args=[conversation.pk])


def notify(request: HttpRequest, conversation_id: UUID, *kinds: ChangeKind) -> None:
    """Tell all open pages of the signed-in user what changed; call it after the commit."""
    for kind in kinds:
        pubsub.publish_threadsafe(Changed(current_user(request).pk, conversation_id, kind))
