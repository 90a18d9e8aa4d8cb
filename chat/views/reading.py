"""Pages: a new chat, a conversation, older messages, further lines of the sidebar."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import User
from chat.conversations import changes, choosing, drafts, reading
from chat.conversations.seeing import is_unread
from chat.conversations.window import window
from chat.fragments import pages
from chat.fragments.choices import options_context
from chat.fragments.pages import SIDEBAR_PAGE
from chat.fragments.words import SHORTCUTS, words
from chat.models import Conversation
from chat.views.access import in_request, page


def body(user: User, conversation: Conversation | None) -> dict[str, Any]:
    """What the page shows beside the sidebar: composer, options, and which model answers."""
    return {
        **options_context(conversation),
        "conversation": conversation,
        "client_id": uuid.uuid4(),
        "unread": bool(conversation and is_unread(conversation.answered_at, conversation.seen_at)),
    }


def shell(user: User, conversation: Conversation | None) -> dict[str, Any]:
    """What every page of the chat shows."""
    # Looked up before the rows: what is written in between is looked at again, not missed.
    as_of = changes.as_of()
    return {
        **body(user, conversation),
        **pages.sidebar_context(reading.rows(user, size=SIDEBAR_PAGE), SIDEBAR_PAGE, as_of),
        "person": user,
        "draft": drafts.draft_of(user, conversation),
        "suggestions": [] if conversation else choosing.suggestions(),
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
    context = await opened(user, conversation_id, shell)
    return render(request, "chat/page.html", context)


Context = Callable[[User, Conversation | None], dict[str, Any]]


async def opened(user: User, conversation_id: UUID, around: Context) -> dict[str, Any]:
    """The conversation and what is `around` it. What is shown of the thread is made on the event
    loop, where the answer is being written: it must not be rendered by two threads at once."""

    def load() -> tuple[Conversation, reading.ThreadPage, dict[str, Any]]:
        found, thread = reading.thread(user, conversation_id)
        return found, thread, around(user, found) | {"window": window(found, thread)}

    found, thread, context = await in_request(load)
    return {**context, **pages.thread_context(found, thread)}


@page
async def older(
    request: HttpRequest, user: User, conversation_id: UUID, message_id: UUID
) -> HttpResponse:
    """The page of messages that ends with this one, put above what is shown."""
    found, thread = await in_request(reading.thread, user, conversation_id, message_id)
    if not thread.messages:
        raise Http404
    return render(request, "chat/_thread.html", pages.thread_context(found, thread))


@page
async def more_rows(request: HttpRequest, user: User) -> HttpResponse:
    """The sidebar's next page."""
    before = cursor(request.GET.get("before", ""))
    rows = await in_request(reading.rows, user, before, SIDEBAR_PAGE)
    context = pages.sidebar_context(rows, SIDEBAR_PAGE, continues=request.GET.get("group", ""))
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
