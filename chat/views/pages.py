"""Pages: a new chat, a conversation, older messages, further lines of the sidebar, a search."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.messages import get_messages
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers

from accounts.context import site
from accounts.models import User
from chat.models import Conversation, Draft, Message
from chat.rendering.components import thread_view
from chat.rendering.components.model_settings import options_context
from chat.rendering.components.page import Body, Side, Sought, page_html
from chat.rendering.components.template_cache import filled
from chat.selectors import change_feed, messages
from chat.selectors.change_feed import Snapshot
from chat.selectors.context_usage import Window, window
from chat.selectors.messages import Place
from chat.selectors.sidebar_page import PAGE, Listing, listing
from chat.services import drafts, preferences
from chat.services.read_state import is_unread
from chat.views.auth import asker_of, on_behalf, page
from chat.views.search_params import Asked


def choices_of(user: User, conversation: Conversation) -> dict[str, Any]:
    """What the fold with model and settings shows of the person's conversation."""
    return options_context(conversation)


@dataclass(frozen=True, slots=True)
class Read:
    """What a page of the chat is made of beside its thread."""

    options: dict[str, Any]
    draft: Draft | None
    suggestions: tuple[str, ...]
    listed: Listing
    as_of: Snapshot
    typed: str
    found: str


def read(
    user: User,
    conversation: Conversation | None,
    asked: Asked | None = None,
    target: UUID | None = None,
) -> Read:
    """`asked` is what is searched for, `target` the message that the page is opened for."""
    # Looked up before the rows: what is written in between is looked at again, not missed.
    as_of = change_feed.as_of()
    shown = conversation.pk if conversation else None
    typed, found = asked.page(user, target or shown) if asked else ("", "")
    return Read(
        options_context(conversation),
        drafts.draft_of(user, conversation),
        () if conversation else tuple(preferences.suggestions()),
        listing(user, shown),
        as_of,
        typed,
        found,
    )


def shown(
    request: HttpRequest, found: Read, body: Body, *, sidebar_open: bool = False
) -> HttpResponse:
    """The page, from what was read; on a phone the sidebar is over it if it is open."""
    notes = get_messages(request)
    side = Side(
        thread_view.listing_html(found.listed, found.as_of),
        found.typed,
        found.found,
        is_open=sidebar_open,
        deep=found.listed.deep,
    )
    html = page_html(
        asker_of(request),
        replace(body, draft=found.draft, suggestions=found.suggestions),
        theme=site(request)["theme"],
        side=side,
        notes=render_to_string("_messages.html", {"messages": notes})
        if notes
        else filled("_messages.html", {"messages": ()}, {}),
    )
    return HttpResponse(html)


@page
async def new_chat(request: HttpRequest) -> HttpResponse:
    """The empty start."""
    found = await on_behalf(request, read, None)
    return shown(request, found, Body(None, found.options, uuid.uuid4(), get_token(request)))


@page
async def search(request: HttpRequest) -> HttpResponse:
    """What was found: for the sidebar, where its search box asks, or beside a new chat."""
    asked, is_part = Asked.of(request), "HX-Request" in request.headers
    if is_part:
        before = cursor(request.GET["before"]) if "before" in request.GET else None
        group = request.GET.get("group", "")
        response = HttpResponse(await on_behalf(request, asked.further, before, group))
    else:
        found = await on_behalf(request, read, None, asked)
        body = Body(None, found.options, uuid.uuid4(), get_token(request))
        response = shown(request, found, body, sidebar_open=True)
    patch_vary_headers(response, ["HX-Request"])
    return response


@page
async def conversation(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """A conversation, opened on its last page, or at the message that a search found: `m`, with
    the search `q` beside it."""
    asked, target = Asked.of(request), message_of(request.GET.get("m", ""))

    def around(user: User, found: Conversation) -> Read:
        return read(user, found, asked, target)

    found, body = await opened(request, conversation_id, around, lambda read: read.options, target)
    return shown(request, found, body)


def message_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


T = TypeVar("T")


async def opened(
    request: HttpRequest,
    conversation_id: UUID,
    around: Callable[[User, Conversation], T],
    options: Callable[[T], dict[str, Any]],
    target: UUID | None = None,
) -> tuple[T, Body]:
    """What is read `around` a conversation, with its choices among it, and what the page shows of
    the conversation, the message `target` included if it can. That is made on the event loop, where
    the answer is being written: it must not be rendered by two threads at once. Raises
    Conversation.DoesNotExist."""

    def load(user: User) -> tuple[Conversation, messages.ThreadPage, Sought, T, Window | None]:
        found, thread, sought = look(user, conversation_id, target)
        return found, thread, sought, around(user, found), window(found, thread)

    found, thread, sought, more, full = await on_behalf(request, load)
    body = Body(
        found,
        options(more),
        uuid.uuid4(),
        get_token(request),
        unread=is_unread(found.answered_at, found.seen_at),
        window=full,
        thread=thread_view.thread_html(found, thread, full),
        sought=sought,
    )
    return more, body


def look(
    user: User, conversation_id: UUID, target: UUID | None
) -> tuple[Conversation, messages.ThreadPage, Sought]:
    """A conversation, its last page, with the message if it is near, and where that is."""
    if target is None:
        return *messages.thread(user, conversation_id), Sought()
    found, thread, is_shown = messages.thread_with(user, conversation_id, target)
    if is_shown:
        return found, thread, Sought(here=target)
    mine = Message.objects.owned_by(user).filter(pk=target, conversation=found)
    return found, thread, Sought(elsewhere=target) if mine.exists() else Sought()


@page
async def older(request: HttpRequest, conversation_id: UUID, message_id: UUID) -> HttpResponse:
    """The page of messages that ends with this one, put above what is shown."""
    found, thread = await on_behalf(request, messages.thread, conversation_id, message_id)
    if not thread.messages:
        raise Http404
    return HttpResponse(thread_view.thread_html(found, thread))


@page
async def more_rows(request: HttpRequest) -> HttpResponse:
    """The sidebar's next page: at its end, or in a gap, from above or (`up`) from below."""
    group, before = request.GET.get("group", ""), cursor(request.GET.get("before", ""))
    if "after" not in request.GET:
        rows = await on_behalf(request, messages.rows, before, PAGE)
        return HttpResponse(thread_view.rows_html(rows, goes_on=len(rows) == PAGE, continues=group))
    after = cursor(request.GET["after"])
    if "up" in request.GET:
        rows = await on_behalf(request, messages.rows_above, after, PAGE + 1, before)
        return HttpResponse(raised(rows, before, group))
    rows = await on_behalf(request, messages.rows, before, PAGE, after)
    html = thread_view.rows_html(rows, goes_on=False, continues=group)
    if len(rows) == PAGE:
        html += thread_view.gap_html(rows[-1].place, after, thread_view.group_of(rows[-1]))
    return HttpResponse(html)


def raised(rows: list[messages.Row], before: Place, group: str) -> str:
    """The end of a gap; the first of more than a page of rows stays in it."""
    if len(rows) <= PAGE:
        return thread_view.rows_html(rows, goes_on=False, continues=group)
    above, *found = rows
    gap = thread_view.gap_html(before, found[0].place, group)
    return gap + thread_view.rows_html(found, goes_on=False, continues=thread_view.group_of(above))


def cursor(text: str) -> Place:
    """The place of a row, as `cursor_of` writes it; 404 for anything else."""
    when, _, key = text.partition("_")
    try:
        moment, row = datetime.fromisoformat(when), UUID(hex=key)
    except ValueError:
        raise Http404 from None
    if moment.tzinfo is None:
        raise Http404
    return moment, row
