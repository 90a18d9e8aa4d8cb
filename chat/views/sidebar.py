"""Load more rows of the sidebar."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import SafeString, mark_safe

from accounts.models import User
from chat.rendering.components import thread_view
from chat.selectors import sidebar_rows
from chat.selectors.sidebar_page import PAGE_SIZE
from chat.selectors.sidebar_rows import SidebarCursor
from chat.views.auth import page, run_as_user


@dataclass(frozen=True, slots=True)
class RowsParams:
    """Which rows to load: those below `before`, and above `after` if they fill a gap.

    A gap is filled from above, or from below if `from_below`. `group` is the age group of the row
    above.
    """

    before: SidebarCursor
    after: SidebarCursor | None
    from_below: bool
    group: str

    @classmethod
    def from_request(cls, request: HttpRequest) -> Self:
        """Read the query. Raises Http404 for a cursor that `format_row_cursor` did not write."""
        after = parse_cursor(request.GET["after"]) if "after" in request.GET else None
        before = parse_cursor(request.GET.get("before", ""))
        return cls(before, after, "up" in request.GET, request.GET.get("group", ""))


def parse_cursor(text: str) -> SidebarCursor:
    """Parse the output of `format_row_cursor`. Raises Http404 for any other text."""
    timestamp, _, key = text.partition("_")
    try:
        last_activity_at, conversation_id = datetime.fromisoformat(timestamp), UUID(hex=key)
    except ValueError:
        raise Http404 from None
    if last_activity_at.tzinfo is None:
        raise Http404
    return last_activity_at, conversation_id


@page
async def more_rows(request: HttpRequest) -> HttpResponse:
    """Show the next rows, at the end of the sidebar or in a gap."""
    params = RowsParams.from_request(request)
    return HttpResponse(await run_as_user(request, load_rows_html, params))


def load_rows_html(user: User, params: RowsParams) -> SafeString:
    """Read and render one page of rows, and what stands for the rows that are still missing."""
    if params.after is None:
        rows = sidebar_rows.list_rows(user, params.before, PAGE_SIZE)
        goes_on = len(rows) == PAGE_SIZE
        return thread_view.rows_html(rows, goes_on=goes_on, continues=params.group)
    if params.from_below:
        return load_gap_from_below(user, params.before, params.after, params.group)
    return load_gap_from_above(user, params.before, params.after, params.group)


def load_gap_from_above(
    user: User, before: SidebarCursor, after: SidebarCursor, group: str
) -> SafeString:
    """Read and render the first rows of a gap, followed by the rest of the gap if any."""
    rows = sidebar_rows.list_rows(user, before, PAGE_SIZE, after)
    html = thread_view.rows_html(rows, goes_on=False, continues=group)
    if len(rows) < PAGE_SIZE:
        return html
    gap = thread_view.gap_html(rows[-1].place, after, thread_view.age_group_key(rows[-1]))
    return mark_safe(html + gap)  # noqa: S308 (made by templates)


def load_gap_from_below(
    user: User, before: SidebarCursor, after: SidebarCursor, group: str
) -> SafeString:
    """Read and render the last rows of a gap, preceded by the rest of the gap if any."""
    # One more than a page: it stays in the gap, and its age group precedes the rows.
    rows = sidebar_rows.list_rows_above(user, after, PAGE_SIZE + 1, before)
    if len(rows) <= PAGE_SIZE:
        return thread_view.rows_html(rows, goes_on=False, continues=group)
    above, *rows = rows
    gap = thread_view.gap_html(before, rows[0].place, group)
    html = thread_view.rows_html(rows, goes_on=False, continues=thread_view.age_group_key(above))
    return mark_safe(gap + html)  # noqa: S308 (made by templates)
