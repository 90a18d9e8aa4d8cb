"""Render the thread, the sidebar and notices, for pages, sockets and command responses."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from html import escape
from itertools import groupby
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote
from uuid import UUID

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from chat.models import Conversation
from chat.rendering.components import htmx
from chat.rendering.components.message_view import (
    LiveText,
    MessageItem,
    MessageView,
    message_items,
    to_message_view,
)
from chat.rendering.components.patches import Patch
from chat.rendering.components.template_cache import ANY_ID, render_cached, slot, slots
from chat.selectors.change_feed import Snapshot
from chat.selectors.context_usage import ContextUsage
from chat.selectors.messages import ThreadPage
from chat.selectors.sidebar_page import SidebarPage
from chat.selectors.sidebar_rows import SidebarCursor, SidebarRow

# Percent of the context window in use from which the meter is visible.
METER_THRESHOLD = 50


def message_html(message: MessageView) -> str:
    """Render a message, from the template cache unless it has siblings."""
    if message.siblings.ids:
        return render_to_string("chat/_message.html", {"m": message})
    names = ("note", "notice", "source", "thinking", "thoughts")
    texts = {name: escape(getattr(message, name)) for name in names}
    texts["failure"] = message.failure
    markers: dict[str, Any] = {name: slot(name) if text else "" for name, text in texts.items()}
    shape = replace(message, id=ANY_ID, html=slot("html"), reason="", **markers)
    values = {"id": str(message.id), "key": message.key, "html": message.html}
    return render_cached("chat/_message.html", {"m": shape}, values | texts)


def thread_html(
    conversation: Conversation,
    page: ThreadPage,
    window: ContextUsage | None = None,
    live: LiveText | None = None,
) -> SafeString:
    """Render the content of the thread element.

    `live` is the live state of the last answer if this process is generating it.
    """
    items = message_items(page, conversation.active_leaf_id, live)
    return items_html(conversation, items, page.older, window.first if window else None)


def items_html(
    conversation: Conversation,
    items: Iterable[MessageItem],
    older: UUID | None,
    first: UUID | None = None,
) -> SafeString:
    """Render the content of the thread element; `older` is the message above the items, if any.

    The line that marks the context cutoff is drawn above the message `first`.
    """
    parts = [load_older_html(conversation, older)] if older else []
    for item in items:
        if item.message.pk == first:
            parts.append(render_cached("chat/_context_cutoff.html", {}, {}))
        parts.append(message_html(to_message_view(item)))
    return mark_safe("".join(parts))  # noqa: S308 (made by templates)


def load_older_html(conversation: Conversation, older: UUID) -> str:
    """Render the element that loads the messages up to `older` as it nears the viewport."""
    return render_to_string("chat/_load_older.html", {"conversation": conversation, "older": older})


def context_usage_patches(window: ContextUsage | None, shown: Iterable[UUID]) -> list[Patch]:
    """Return patches that update the context meter and the line that marks the context cutoff.

    The line is drawn only if `shown`, the ids on the page, contain the first message in the window.
    """
    patches = [
        Patch("outerHTML", "context-meter", context_meter_html(window)),
        Patch("delete", "context-cutoff"),
    ]
    first = window.first if window else None
    if first is not None and first in shown:
        line = render_cached("chat/_context_cutoff.html", {}, {})
        patches.append(Patch("beforebegin", f"message-{first.hex}", line))
    return patches


def context_meter_html(window: ContextUsage | None) -> SafeString:
    """Render the context meter, hidden below `METER_THRESHOLD` percent."""
    percent = window.percent if window else 0
    context = {
        "percent": slot("percent") if window else "",
        "is_hidden": percent < METER_THRESHOLD,
        "has_instructions": bool(window and window.instructions),
    }
    return render_cached("chat/_context_meter.html", context, {"percent": str(percent)})


def version_patch(conversation: Conversation) -> Patch:
    """Return the patch with the version that the page shows; it sends that when it reconnects."""
    html = render_cached(
        "chat/_thread_version.html", {"version": slot("n")}, {"n": str(conversation.version)}
    )
    return Patch("outerHTML", "thread-version", html)


def version_html(conversation: Conversation) -> str:
    """Return the same as an htmx partial, for the answer to a command."""
    return htmx.partials([version_patch(conversation)])


class SidebarOrdered(Protocol):
    """Anything that is sorted like the rows of the sidebar."""

    @property
    def id(self) -> UUID: ...
    @property
    def last_activity_at(self) -> datetime: ...


Row = TypeVar("Row", bound=SidebarOrdered)


@dataclass(frozen=True, slots=True)
class AgeGroup(Generic[Row]):
    """Rows of one age, such as "Today", below a common heading."""

    key: str
    label: str
    rows: list[Row]


def group_by_age(rows: Iterable[Row], now: datetime | None = None) -> list[AgeGroup[Row]]:
    """Group rows, newest first, by their age in the current time zone."""
    today, zone = timezone.localdate(now or timezone.now()), timezone.get_current_timezone()
    ages: dict[date, tuple[str, str]] = {}

    def age(row: Row) -> tuple[str, str]:
        day = row.last_activity_at.astimezone(zone).date()
        if day not in ages:
            ages[day] = age_group_of(day, today)
        return ages[day]

    return [AgeGroup(key, label, list(group)) for (key, label), group in groupby(rows, key=age)]


def age_group_of(day: date, today: date) -> tuple[str, str]:
    """Return the key and the heading of the group that a day belongs to."""
    if day >= today:
        return "today", _("Today")
    if day == today - timedelta(days=1):
        return "yesterday", _("Yesterday")
    if day > today - timedelta(days=7):
        return "week", _("Previous 7 days")
    if day > today - timedelta(days=30):
        return "month", _("Previous 30 days")
    return f"m{day:%Y%m}", date_format(day, "F Y")


def sidebar_page_html(page: SidebarPage, as_of: Snapshot) -> SafeString:
    """Render the sidebar of a page; `as_of` is the snapshot that it was read from."""
    if page.above is None:
        return rows_html(page.newest, goes_on=page.has_more, as_of=as_of)
    last, first, above = page.newest[-1], page.around[0], age_group_key(page.above)
    parts = (
        rows_html(page.newest, goes_on=False, as_of=as_of),
        gap_html(last.place, first.place, age_group_key(last)),
        rows_html(page.around, goes_on=page.has_more, continues=above),
    )
    return mark_safe("".join(parts))  # noqa: S308 (made by templates)


def gap_html(before: SidebarCursor, after: SidebarCursor, group: str) -> SafeString:
    """Render a stand-in for the rows between two cursors; `group` is that of the row above."""
    return more_html(before, group, after)


def more_html(before: SidebarCursor, group: str, after: SidebarCursor | None = None) -> SafeString:
    """Render the element that loads the rows below `before`.

    `group` is the group key of the row above. It may come from the client, so it is escaped.
    """
    values = {
        "cursor": quote(format_cursor(before)),
        "after": quote(format_cursor(after)) if after else "",
        "last_group": quote(group, safe=""),
    }
    context = {name: slot(name) if value else "" for name, value in values.items()}
    return render_cached("chat/_load_more.html", context, values)


def age_group_key(row: SidebarRow) -> str:
    """Return the key of the age group that a row belongs to."""
    return group_by_age([row])[0].key


def rows_html(
    rows: Sequence[SidebarRow], *, goes_on: bool, as_of: Snapshot | None = None, continues: str = ""
) -> SafeString:
    """Render consecutive rows of the sidebar.

    `continues` is the group key of the row above, `goes_on` tells whether more rows follow. `as_of`
    is given for the top of the list only: the snapshot that the list was read from.
    """
    groups = group_by_age(rows)
    last = rows[-1] if goes_on and rows else None
    is_continued = bool(groups and groups[0].key == continues)
    sections = [
        section_html(group, has_heading=not (is_continued and index == 0))
        for index, group in enumerate(groups)
        if continues or group.key != "today"
    ]
    today = "".join(row_html(row) for group in groups if group.key == "today" for row in group.rows)
    context = {
        "continues": bool(continues),
        "is_empty": not groups,
    }
    values = {
        "as_of": str(as_of or ""),
        "today": "" if continues else today,
        "groups": "".join(sections),
        "more": more_html(last.place, groups[-1].key) if last else "",
    }
    return render_cached("chat/_sidebar_list.html", {**context, **slots(values)}, values)


def section_html(group: AgeGroup[SidebarRow], *, has_heading: bool) -> SafeString:
    """Render rows of one group; only the first section of a group has the heading."""
    values = {
        "group": group.key,
        "label": escape(group.label),
        "lines": "".join(map(row_html, group.rows)),
    }
    context = {"has_heading": has_heading, **slots(values)}
    return render_cached("chat/_sidebar_group.html", context, values)


def format_row_cursor(row: SidebarOrdered) -> str:
    return format_cursor((row.last_activity_at, row.id))


def format_cursor(cursor: SidebarCursor) -> str:
    """Return a cursor as text for URLs: the time of the last activity and the id."""
    last_activity_at, conversation_id = cursor
    return f"{last_activity_at.isoformat()}_{conversation_id.hex}"


# Stands for the time of the last activity in cached templates, which do not show it.
ANY_TIME = datetime.min.replace(tzinfo=UTC)


def row_html(row: SidebarRow) -> SafeString:
    """Render a row of the sidebar from the template cache."""
    shape = SidebarRow(ANY_ID, slot("title"), ANY_TIME, row.answering, row.unread)
    values = {"id": str(row.id), "key": row.id.hex, "title": escape(row.title)}
    return render_cached("chat/_sidebar_item.html", {"row": shape}, values)


def row_id(conversation_id: UUID) -> str:
    """Return the id of a row's element."""
    return f"row-{conversation_id.hex}"


def row_patch(row: SidebarRow) -> Patch:
    """Return the patch that updates a row in its place, and keeps its menu open."""
    return Patch("outerMorph", row_id(row.id), row_html(row))


def removed_row_patch(conversation_id: UUID) -> Patch:
    return Patch("delete", row_id(conversation_id))


def bumped_row_patch(row: SidebarRow) -> Patch:
    """Return the patch that moves a row to the top of the sidebar, or inserts it there."""
    return Patch("moveFirst", "sidebar-today", row_html(row))


def bumped_row_html(row: SidebarRow) -> str:
    """Return the same as htmx partials, for the answer to a command; htmx cannot move a row."""
    inserted = Patch("afterbegin", "sidebar-today", row_html(row))
    return htmx.partials([removed_row_patch(row.id), inserted])


def renamed_html(row: SidebarRow) -> str:
    """Return partials that update the row and the heading of a conversation."""
    return htmx.partials(
        [row_patch(row), Patch("textContent", "conversation-title", escape(row.title))]
    )


def deleted_html(conversation: Conversation) -> str:
    """Return the toast that can undo a deletion, and a partial that removes the row."""
    toast = render_to_string("chat/_undo_toast.html", {"conversation": conversation})
    return toast + htmx.partials([removed_row_patch(conversation.pk)])


def deleted_open_html(conversation: Conversation) -> str:
    """Return partials that do the same on the page that showed the conversation."""
    context = {"conversation": conversation, "was_open": True}
    toast = Patch("afterbegin", "toasts", render_to_string("chat/_undo_toast.html", context))
    return htmx.partials([toast, removed_row_patch(conversation.pk)])


def deleted_notice_html(conversation_id: UUID | None) -> str:
    return render_to_string("chat/_deleted_notice.html", {"conversation_id": conversation_id})


def close_reason(event: str) -> str:
    """Return the sentence that tells why a socket is closed."""
    if event == "signed-out":
        return _("You are signed out. Sign in to continue. Your text is saved.")
    if event == "password-changed":
        return _(
            "The password for this account was changed. Sign in to continue. Your text is saved."
        )
    if event == "other-account":
        return _("Another account is signed in now. Reload the page to use it.")
    if event == "deactivated":
        return _("This account is disabled. Contact your administrator.")
    if event == "account-deleted":
        return _("This account and its conversations were deleted.")
    if event == "too-many":
        return _("You have too many pages open. Close some and reload this one.")
    return _("This conversation does not exist or is not yours.")
