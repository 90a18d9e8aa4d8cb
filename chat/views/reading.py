"""Pages: a new chat, a conversation, older messages, further lines of the sidebar."""

import uuid
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import User
from chat.conversations import catalogue, choosing, drafts, reading
from chat.conversations.seeing import is_unread
from chat.conversations.window import window
from chat.fragments import pages
from chat.fragments.choices import options_context
from chat.fragments.pages import SIDEBAR_PAGE
from chat.fragments.words import SHORTCUTS, words
from chat.generation.endpoint import unserved
from chat.models import Conversation
from chat.views.access import in_request, page


def shell(user: User, conversation: Conversation | None) -> dict[str, Any]:
    """What every page of the chat shows: sidebar, composer, and which model answers."""
    model = catalogue.model_of(conversation)
    offered = [item for item in choosing.models() if item == model or not unserved(item)]
    draft = drafts.draft_of(user, conversation)
    return {
        **options_context(conversation, model, offered, choosing.prompts()),
        **pages.sidebar_context(reading.rows(user, size=SIDEBAR_PAGE), SIDEBAR_PAGE),
        "conversation": conversation,
        "client_id": uuid.uuid4(),
        "model": model,
        "unserved": unserved(model),
        "person": user,
        "draft": draft,
        "suggestions": [] if conversation else choosing.suggestions(),
        "unread": bool(conversation and is_unread(conversation.answered_at, conversation.seen_at)),
        "words": words(),
        "shortcuts": SHORTCUTS,
    }


@page
async def new_chat(request: HttpRequest, user: User) -> HttpResponse:
    """The empty start."""
    return render(request, "chat/page.html", await in_request(shell, user, None))


@page
async def conversation(request: HttpRequest, user: User, conversation_id: UUID) -> HttpResponse:
    """A conversation, opened on its last page."""
    context = await opened(user, conversation_id)
    return render(request, "chat/page.html", context)


async def opened(user: User, conversation_id: UUID) -> dict[str, Any]:
    """The page's context. What is shown of the thread is made on the event loop, where the answer
    is being written: it must not be rendered by two threads at once."""

    def load() -> tuple[Conversation, reading.ThreadPage, dict[str, Any]]:
        found, thread = settled(user, conversation_id)
        return found, thread, shell(user, found) | {"window": window(found)}

    found, thread, context = await in_request(load)
    return {**context, **pages.thread_context(found, thread)}


def settled(user: User, conversation_id: UUID) -> tuple[Conversation, reading.ThreadPage]:
    """A conversation and its messages of one version. A page that showed newer messages under an
    older version would get all of them again from its socket."""
    found = reading.owned(user, conversation_id)
    for _attempt in range(3):
        version, thread = found.version, reading.thread(found)
        found = reading.owned(user, conversation_id)
        if found.version == version:
            break
    return found, thread


@page
async def older(
    request: HttpRequest, user: User, conversation_id: UUID, message_id: UUID
) -> HttpResponse:
    """The page of messages that ends with this one, put above what is shown."""

    def load() -> tuple[Conversation, reading.ThreadPage]:
        found = reading.owned(user, conversation_id)
        return found, reading.thread(found, message_id)

    found, thread = await in_request(load)
    if not thread.messages:
        raise Http404
    return render(request, "chat/_thread.html", pages.thread_context(found, thread))


@page
async def more_rows(request: HttpRequest, user: User) -> HttpResponse:
    """The sidebar's next page."""
    before = cursor(request.GET.get("before", ""))
    rows = await in_request(reading.rows, user, before, SIDEBAR_PAGE)
    context = pages.sidebar_context(rows, SIDEBAR_PAGE, request.GET.get("group", ""))
    return render(request, "chat/_rows.html", context)


def cursor(text: str) -> tuple[datetime, UUID]:
    """The last row of the page above, as `cursor_of` writes it; 404 for anything else."""
    when, _, key = text.partition("_")
    try:
        moment, row = datetime.fromisoformat(when), UUID(hex=key)
    except ValueError:
        raise Http404 from None
    if moment.tzinfo is None:
        raise Http404
    return moment, row
