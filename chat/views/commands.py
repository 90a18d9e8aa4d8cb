"""Commands: what people do to a conversation. Each one works without a socket, from any tab."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.models import User
from chat.broadcast import broadcast
from chat.conversations import choosing, drafts, keeping, turns
from chat.conversations import reading as reads
from chat.conversations.turns import Turn
from chat.events import Changed, StopAsked, What
from chat.forms import CHOICES, asked, chosen, only
from chat.fragments import pages, partials
from chat.models import Conversation
from chat.runs import runs
from chat.views.access import command, in_request
from chat.views.reading import body, opened


def shown_by_socket(request: HttpRequest) -> bool:
    """The page says that its socket is open: it will be told there, once."""
    return request.headers.get("Chat-Socket") == "open"


async def taken(request: HttpRequest, user: User, conversation: Conversation) -> HttpResponse:
    """The acknowledgement, after the commit; with the thread where no socket brings it."""
    if not request.headers.get("HX-Request"):
        return redirect("conversation", conversation.pk)
    if shown_by_socket(request):
        return HttpResponse(status=204)
    found, page = await in_request(reads.thread, user, conversation.pk)
    # On the event loop, where the answer is being written: see `opened`.
    thread = pages.thread_html(found, page)
    return HttpResponse(
        partials.partial("#thread", "innerMorph", thread) + pages.version_html(found)
    )


async def carried_out(user: User, write: Callable[[], Turn]) -> Turn:
    """Write a turn and begin its answer, also when its sender leaves before the commit: Django
    cancels the view then, and nobody would write the answer."""
    return await runs.turn(user.pk, in_request(write))


async def begun(
    request: HttpRequest, user: User, work: Callable[..., Turn], *args: Any
) -> tuple[Turn, HttpResponse]:
    """Write a turn, begin its answer, acknowledge."""
    runs.accept()
    turn = await carried_out(user, partial(work, user, *args, runs.process))
    return turn, await taken(request, user, turn.conversation)


@command
async def start(request: HttpRequest, user: User) -> HttpResponse:
    """A new conversation with its first question."""
    client_id, text = asked(request.POST, optional=CHOICES)
    wanted = chosen(request.POST)
    runs.accept()

    def write() -> Turn:
        choices = choosing.values_of(wanted)
        turn = turns.start_conversation(user, client_id, text, runs.process, choices)
        drafts.remove(user, None)
        return turn

    turn = await carried_out(user, write)
    if not request.headers.get("HX-Request"):
        return redirect("conversation", turn.conversation.pk)
    context = await opened(user, turn.conversation.pk, body)
    response = render(request, "chat/_conversation.html", context)
    # The page changes its socket now and may not hear of its own line in the sidebar.
    row = await in_request(reads.row, user, turn.conversation.pk)
    response.write(pages.moved_html(row))
    response["HX-Push-Url"] = reverse("conversation", args=[turn.conversation.pk])
    return response


@command
async def send(request: HttpRequest, user: User, conversation_id: UUID) -> HttpResponse:
    client_id, text = asked(request.POST)
    _, response = await begun(request, user, turns.send, conversation_id, client_id, text)
    await in_request(drafts.remove, user, conversation_id)
    return response


@command
async def edit(request: HttpRequest, user: User, message_id: UUID) -> HttpResponse:
    """Ask a question again in other words."""
    client_id, text = asked(request.POST)
    _, response = await begun(request, user, turns.edit, message_id, client_id, text)
    return response


@command
async def save(request: HttpRequest, user: User, message_id: UUID) -> HttpResponse:
    """Keep a question in other words without asking it."""
    client_id, text = asked(request.POST)
    conversation = await in_request(turns.save_edit, user, message_id, client_id, text)
    tell(user, conversation.pk, What.THREAD)
    return await taken(request, user, conversation)


@command
async def regenerate(request: HttpRequest, user: User, message_id: UUID) -> HttpResponse:
    only(request.POST)
    _, response = await begun(request, user, turns.regenerate, message_id)
    return response


@command
async def go_on(request: HttpRequest, user: User, message_id: UUID) -> HttpResponse:
    only(request.POST)
    _, response = await begun(request, user, turns.go_on, message_id)
    return response


@command
async def stop(request: HttpRequest, user: User, conversation_id: UUID) -> HttpResponse:
    """Stop the answer that runs, wherever it runs; nothing happens when none does."""
    only(request.POST)

    def mark() -> tuple[Conversation, UUID | None]:
        found = reads.owned(user, conversation_id)
        return found, keeping.ask_to_stop(found)

    conversation, run = await in_request(mark)
    if run is not None:
        runs.stop(run)
        broadcast.announce(StopAsked(run))
    return await taken(request, user, conversation)


@command
async def choose(request: HttpRequest, user: User, message_id: UUID) -> HttpResponse:
    """Show the branch that goes through this message."""
    only(request.POST)
    conversation = await in_request(keeping.choose_branch, user, message_id)
    tell(user, conversation.pk, What.THREAD)
    return await taken(request, user, conversation)


@command
async def rename(request: HttpRequest, user: User, conversation_id: UUID) -> HttpResponse:
    title = only(request.POST, "title")["title"]
    conversation = await in_request(keeping.rename, user, conversation_id, title)
    for what in (What.ROW, What.THREAD):
        tell(user, conversation.pk, what)
    if not request.headers.get("HX-Request"):
        return redirect("conversation", conversation.pk)
    row = await in_request(reads.row, user, conversation.pk)
    return HttpResponse(
        partials.partial(f"#row-{row.id.hex}", "outerHTML", pages.row_html(row))
        + partials.partial("#conversation-title", "textContent", pages.escaped(row.title))
    )


@command
async def delete(request: HttpRequest, user: User, conversation_id: UUID) -> HttpResponse:
    """Hide a conversation; the notice that follows can take it back."""
    only(request.POST)
    conversation = await in_request(keeping.delete, user, conversation_id)
    tell(user, conversation.pk, What.GONE)
    if not request.headers.get("HX-Request"):
        return redirect("new_chat")
    return HttpResponse(
        pages.deleted_html(conversation) + partials.partial(f"#row-{conversation.pk.hex}", "delete")
    )


@command
async def restore(request: HttpRequest, user: User, conversation_id: UUID) -> HttpResponse:
    only(request.POST)
    conversation = await in_request(keeping.restore, user, conversation_id)
    tell(user, conversation.pk, What.BACK)
    if not request.headers.get("HX-Request"):
        return redirect("conversation", conversation.pk)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = reverse("conversation", args=[conversation.pk])
    return response


def tell(user: User, conversation_id: UUID, what: What) -> None:
    broadcast.announce(Changed(user.pk, conversation_id, what))
