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
from chat.rendering.components.page import PageBody, SearchTarget, SidebarView, page_html
from chat.rendering.components.template_cache import render_cached
from chat.selectors import change_feed, messages, sidebar_rows
from chat.selectors.change_feed import Snapshot
from chat.selectors.context_usage import ContextUsage, measure_context
from chat.selectors.sidebar_page import PAGE_SIZE, SidebarPage, load_sidebar_page
from chat.selectors.sidebar_rows import SidebarCursor, is_unread
from chat.services import drafts, preferences
from chat.streaming.run_manager import runs
from chat.views.auth import current_user, page, run_as_user
from chat.views.search_params import SearchParams


def load_settings(user: User, conversation: Conversation) -> dict[str, Any]:
    """What the fold with model and settings shows of the person's conversation."""
    return options_context(conversation)


@dataclass(frozen=True, slots=True)
class PageData:
    """What a page of the chat is made of beside its thread."""

    options: dict[str, Any]
    draft: Draft | None
    suggestions: tuple[str, ...]
    listed: SidebarPage
    as_of: Snapshot
    typed: str
    found: str


def load_page_data(
    user: User,
    conversation: Conversation | None,
    asked: SearchParams | None = None,
    target: UUID | None = None,
) -> PageData:
    """`asked` is what is searched for, `target` the message that the page is opened for."""
    # Looked up before the rows: what is written in between is looked at again, not missed.
    as_of = change_feed.current_snapshot()
    shown = conversation.pk if conversation else None
    typed, found = asked.first_page(user, target or shown) if asked else ("", "")
    return PageData(
        options_context(conversation),
        drafts.find_draft(user, conversation),
        () if conversation else tuple(preferences.list_suggestions()),
        load_sidebar_page(user, shown),
        as_of,
        typed,
        found,
    )


def page_response(
    request: HttpRequest, found: PageData, body: PageBody, *, sidebar_open: bool = False
) -> HttpResponse:
    """The page, from what was read; on a phone the sidebar is over it if it is open."""
    notes = get_messages(request)
    side = SidebarView(
        thread_view.sidebar_page_html(found.listed, found.as_of),
        found.typed,
        found.found,
        is_open=sidebar_open,
        deep=found.listed.is_deep,
    )
    html = page_html(
        current_user(request),
        replace(body, draft=found.draft, suggestions=found.suggestions),
        theme=site(request)["theme"],
        side=side,
        notes=render_to_string("_messages.html", {"messages": notes})
        if notes
        else render_cached("_messages.html", {"messages": ()}, {}),
    )
    return HttpResponse(html)


@page
async def new_chat(request: HttpRequest) -> HttpResponse:
    """The empty start."""
    found = await run_as_user(request, load_page_data, None)
    return page_response(
        request, found, PageBody(None, found.options, uuid.uuid4(), get_token(request))
    )


@page
async def search(request: HttpRequest) -> HttpResponse:
    """What was found: for the sidebar, where its search box asks, or beside a new chat."""
    asked, is_part = SearchParams.from_request(request), "HX-Request" in request.headers
    if is_part:
        before = parse_cursor(request.GET["before"]) if "before" in request.GET else None
        group = request.GET.get("group", "")
        response = HttpResponse(await run_as_user(request, asked.next_page, before, group))
    else:
        found = await run_as_user(request, load_page_data, None, asked)
        body = PageBody(None, found.options, uuid.uuid4(), get_token(request))
        response = page_response(request, found, body, sidebar_open=True)
    patch_vary_headers(response, ["HX-Request"])
    return response


@page
async def conversation(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """A conversation, opened on its last page, or at the message that a search found: `m`, with
    the search `q` beside it."""
    asked, target = SearchParams.from_request(request), parse_message_id(request.GET.get("m", ""))

    def around(user: User, found: Conversation) -> PageData:
        return load_page_data(user, found, asked, target)

    found, body = await load_conversation_page(
        request, conversation_id, around, lambda read: read.options, target
    )
    return page_response(request, found, body)


def parse_message_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


T = TypeVar("T")


async def load_conversation_page(
    request: HttpRequest,
    conversation_id: UUID,
    around: Callable[[User, Conversation], T],
    options: Callable[[T], dict[str, Any]],
    target: UUID | None = None,
) -> tuple[T, PageBody]:
    """What is read `around` a conversation, with its choices among it, and what the page shows of
    the conversation, the message `target` included if it can. That is made on the event loop, where
    the answer is being written: it must not be rendered by two threads at once. Raises
    Conversation.DoesNotExist."""

    def load(
        user: User,
    ) -> tuple[Conversation, messages.ThreadPage, SearchTarget, T, ContextUsage | None]:
        found, thread, sought = load_thread_and_target(user, conversation_id, target)
        return found, thread, sought, around(user, found), measure_context(found, thread)

    found, thread, sought, more, full = await run_as_user(request, load)
    body = PageBody(
        found,
        options(more),
        uuid.uuid4(),
        get_token(request),
        unread=is_unread(found.answered_at, found.seen_at),
        window=full,
        thread=thread_view.thread_html(
            found, thread, full, runs.find_live_answer(found.active_leaf_id)
        ),
        sought=sought,
    )
    return more, body


def load_thread_and_target(
    user: User, conversation_id: UUID, target: UUID | None
) -> tuple[Conversation, messages.ThreadPage, SearchTarget]:
    """A conversation, its last page, with the message if it is near, and where that is."""
    if target is None:
        return *messages.load_thread(user, conversation_id), SearchTarget()
    found, thread, is_shown = messages.load_thread_around(user, conversation_id, target)
    if is_shown:
        return found, thread, SearchTarget(here=target)
    mine = Message.objects.owned_by(user).filter(pk=target, conversation=found)
    return found, thread, SearchTarget(elsewhere=target) if mine.exists() else SearchTarget()


@page
async def older(request: HttpRequest, conversation_id: UUID, message_id: UUID) -> HttpResponse:
    """The page of messages that ends with this one, put above what is shown."""
    found, thread = await run_as_user(request, messages.load_thread, conversation_id, message_id)
    if not thread.messages:
        raise Http404
    return HttpResponse(thread_view.thread_html(found, thread))


@page
async def more_rows(request: HttpRequest) -> HttpResponse:
    """The sidebar's next page: at its end, or in a gap, from above or (`up`) from below."""
    group, before = request.GET.get("group", ""), parse_cursor(request.GET.get("before", ""))
    if "after" not in request.GET:
        rows = await run_as_user(request, sidebar_rows.list_rows, before, PAGE_SIZE)
        return HttpResponse(
            thread_view.rows_html(rows, goes_on=len(rows) == PAGE_SIZE, continues=group)
        )
    after = parse_cursor(request.GET["after"])
    if "up" in request.GET:
        rows = await run_as_user(
            request, sidebar_rows.list_rows_above, after, PAGE_SIZE + 1, before
        )
        return HttpResponse(raised_rows_html(rows, before, group))
    rows = await run_as_user(request, sidebar_rows.list_rows, before, PAGE_SIZE, after)
    html = thread_view.rows_html(rows, goes_on=False, continues=group)
    if len(rows) == PAGE_SIZE:
        html += thread_view.gap_html(rows[-1].place, after, thread_view.age_group_key(rows[-1]))
    return HttpResponse(html)


def raised_rows_html(rows: list[sidebar_rows.SidebarRow], before: SidebarCursor, group: str) -> str:
    """The end of a gap; the first of more than a page of rows stays in it."""
    if len(rows) <= PAGE_SIZE:
        return thread_view.rows_html(rows, goes_on=False, continues=group)
    above, *found = rows
    gap = thread_view.gap_html(before, found[0].place, group)
    return gap + thread_view.rows_html(
        found, goes_on=False, continues=thread_view.age_group_key(above)
    )


def parse_cursor(text: str) -> SidebarCursor:
    """The place of a row, as `format_row_cursor` writes it; 404 for anything else."""
    when, _, key = text.partition("_")
    try:
        moment, row = datetime.fromisoformat(when), UUID(hex=key)
    except ValueError:
        raise Http404 from None
    if moment.tzinfo is None:
        raise Http404
    return moment, row
