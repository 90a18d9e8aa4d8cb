"""Commands: what people do to a conversation. Each one works without a socket, from any tab."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from chat.events import Changed, StopAsked, What
from chat.forms import CHOICES, OPENED, asked, chosen, only, opened_draft
from chat.models import Conversation
from chat.pubsub import broadcast
from chat.rendering.components import htmx, thread_view
from chat.rendering.components.page import body_html
from chat.selectors import messages as reads
from chat.services import conversation_actions, drafts, preferences, turns
from chat.services.turns import Turn
from chat.streaming.job import readied
from chat.streaming.run_manager import runs
from chat.views.auth import asker_of, carry_out, command, in_request, on_behalf, signed_in
from chat.views.pages import choices_of, opened
from core.db.errors import DATABASE_ERRORS
from core.db.outages import database


def shown_by_socket(request: HttpRequest) -> bool:
    """The page says that its socket is open: it will be told there, once."""
    return request.headers.get("Chat-Socket") == "open"


async def taken(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    """The acknowledgement, after the commit; with the thread where no socket brings it."""
    if not request.headers.get("HX-Request"):
        return redirect("conversation", conversation.pk)
    if shown_by_socket(request):
        return HttpResponse(status=204)
    found, page = await on_behalf(request, reads.thread, conversation.pk)
    # On the event loop, where the answer is being written: see `opened`.
    thread = thread_view.thread_html(found, page)
    return HttpResponse(
        htmx.partial("#thread", "innerMorph", thread) + thread_view.version_html(found)
    )


async def begun(request: HttpRequest, work: Callable[..., Turn], *args: Any) -> Turn:
    """Write a turn of whoever asks and begin its answer, also when they leave before the commit:
    Django cancels the view then, and nobody would write the answer."""
    runs.accept()

    def write() -> Turn:
        return work(signed_in(request), *args)

    return await runs.turn(in_request(readied, write))


async def acknowledged(request: HttpRequest, work: Callable[..., Turn], *args: Any) -> HttpResponse:
    turn = await begun(request, work, *args, runs.process)
    return await taken(request, turn.conversation)


@command
async def start(request: HttpRequest) -> HttpResponse:
    """A new conversation with its first question."""
    client_id, text = asked(request.POST, optional=(OPENED, *CHOICES))
    wanted, draft = chosen(request.POST), opened_draft(request.POST)

    def write(user: User) -> Turn:
        choices = preferences.values_of(wanted)
        turn = turns.start_conversation(user, client_id, text, runs.process, choices)
        forget_draft(user, None, client_id, draft, text)
        return turn

    turn = await begun(request, write)
    if not request.headers.get("HX-Request"):
        return redirect("conversation", turn.conversation.pk)
    _, body = await opened(request, turn.conversation.pk, choices_of, dict)
    response = HttpResponse(body_html(body))
    # The page changes its socket now and may not hear of its own line in the sidebar.
    row = await on_behalf(request, reads.row, turn.conversation.pk)
    response.write(thread_view.moved_html(row))
    response["HX-Push-Url"] = reverse("conversation", args=[turn.conversation.pk])
    return response


@command
async def send(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    client_id, text = asked(request.POST, optional=(OPENED,))
    draft = opened_draft(request.POST)

    def sent(user: User, *rest: Any) -> Turn:
        """The turn; then, after its commit, its draft goes (see `drafts.keep`)."""
        turn = turns.send(user, conversation_id, client_id, text, *rest)
        forget_draft(user, conversation_id, client_id, draft, text)
        return turn

    return await acknowledged(request, sent)


def forget_draft(user: User, *sent: Any) -> None:
    """Best effort: the message is already committed, so an outage from here on is no refusal."""
    try:
        drafts.remove(user, *sent)
    except DATABASE_ERRORS as problem:
        if database.note(problem) is None:
            raise


@command
async def edit(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Ask a question again in other words."""
    client_id, text = asked(request.POST)
    return await acknowledged(request, turns.edit, message_id, client_id, text)


@command
async def save(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Keep a question in other words without asking it."""
    client_id, text = asked(request.POST)
    conversation = await carry_out(request, turns.save_edit, message_id, client_id, text)
    tell(request, conversation.pk, What.THREAD)
    return await taken(request, conversation)


@command
async def regenerate(request: HttpRequest, message_id: UUID) -> HttpResponse:
    only(request.POST)
    return await acknowledged(request, turns.regenerate, message_id)


@command
async def go_on(request: HttpRequest, message_id: UUID) -> HttpResponse:
    only(request.POST)
    return await acknowledged(request, turns.go_on, message_id)


@command
async def stop(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Stop the answer that runs, wherever it runs; nothing happens when none does."""
    only(request.POST)

    def mark(user: User) -> tuple[Conversation, UUID | None]:
        found = reads.owned(user, conversation_id)
        return found, conversation_actions.ask_to_stop(found)

    conversation, run = await carry_out(request, mark)
    if run is not None:
        runs.stop(run)
        broadcast.announce(StopAsked(run))
    return await taken(request, conversation)


@command
async def choose(request: HttpRequest, message_id: UUID) -> HttpResponse:
    """Show the branch that goes through this message."""
    only(request.POST)
    conversation = await carry_out(request, conversation_actions.choose_branch, message_id)
    tell(request, conversation.pk, What.THREAD)
    return await taken(request, conversation)


@command
async def rename(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    title = only(request.POST, "title")["title"]
    conversation = await carry_out(request, conversation_actions.rename, conversation_id, title)
    for what in (What.ROW, What.THREAD):
        tell(request, conversation.pk, what)
    if not request.headers.get("HX-Request"):
        return redirect("conversation", conversation.pk)
    row = await on_behalf(request, reads.row, conversation.pk)
    return HttpResponse(
        htmx.partial(f"#row-{row.id.hex}", "outerHTML", thread_view.row_html(row))
        + htmx.partial("#conversation-title", "textContent", thread_view.escaped(row.title))
    )


@command
async def delete(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Hide a conversation; the notice that follows can take it back."""
    only(request.POST)
    conversation = await carry_out(request, conversation_actions.delete, conversation_id)
    tell(request, conversation.pk, What.GONE)
    if not request.headers.get("HX-Request"):
        return redirect("new_chat")
    return HttpResponse(
        thread_view.deleted_html(conversation)
        + htmx.partial(f"#row-{conversation.pk.hex}", "delete")
    )


@command
async def restore(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    only(request.POST)
    conversation = await carry_out(request, conversation_actions.restore, conversation_id)
    tell(request, conversation.pk, What.BACK)
    if not request.headers.get("HX-Request"):
        return redirect("conversation", conversation.pk)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = reverse("conversation", args=[conversation.pk])
    return response


def tell(request: HttpRequest, conversation_id: UUID, what: What) -> None:
    """All pages of whoever asks."""
    broadcast.announce(Changed(asker_of(request).pk, conversation_id, what))
