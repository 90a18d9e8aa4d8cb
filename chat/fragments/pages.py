"""Parts of pages as HTML text, for sockets and for answers to commands."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from html import escape
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from chat.conversations.changes import Snapshot
from chat.conversations.reading import Row, ThreadPage
from chat.conversations.window import Window
from chat.fragments import partials
from chat.fragments.partials import partial
from chat.fragments.shown import Shown, shown_page
from chat.models import Conversation

SIDEBAR_PAGE = 40


def message_html(shown: Shown) -> str:
    return render_to_string("chat/_message.html", {"m": shown})


def thread_context(conversation: Conversation, page: ThreadPage) -> dict[str, Any]:
    return {
        "conversation": conversation,
        "thread": shown_page(page, conversation.active_leaf_id),
        "older": page.older,
    }


def thread_html(conversation: Conversation, page: ThreadPage) -> str:
    """The content of the thread element."""
    return render_to_string("chat/_thread.html", thread_context(conversation, page))


def window_html(window: Window | None, shown: Iterable[UUID]) -> str:
    """The ruler, and the line above which the model no longer remembers, if it is shown."""
    html = render_to_string("chat/_ruler.html", {"window": window})
    found = partial("#ruler", "outerHTML", html) + partial("#memory-line", "delete")
    first = window.first if window else None
    if first is not None and first in shown:
        line = render_to_string("chat/_memory.html")
        found += partial(f"#m-{first.hex}", "beforebegin", line)
    return found


def version_html(conversation: Conversation) -> str:
    """What the page shows from now on; said when its socket comes back."""
    html = render_to_string("chat/_version.html", {"conversation": conversation})
    return partials.partial("#thread-version", "outerHTML", html)


class Group(NamedTuple):
    """Lines of the sidebar of one age."""

    key: str
    label: str
    rows: list[Row]


def grouped(rows: list[Row], now: datetime | None = None) -> list[Group]:
    """Rows, newest first, under their age in the current time zone."""
    today = timezone.localdate(now or timezone.now())

    def age(row: Row) -> tuple[str, str]:
        return age_of(timezone.localdate(row.active_at), today)

    return [Group(key, label, list(found)) for (key, label), found in groupby(rows, key=age)]


def age_of(day: date, today: date) -> tuple[str, str]:
    """The key and the heading of a day's group."""
    if day >= today:
        return "today", _("Today")
    if day == today - timedelta(days=1):
        return "yesterday", _("Yesterday")
    if day > today - timedelta(days=7):
        return "week", _("Previous 7 days")
    if day > today - timedelta(days=30):
        return "month", _("Previous 30 days")
    return f"m{day:%Y%m}", date_format(day, "F Y")


def sidebar_context(
    rows: list[Row], size: int, as_of: Snapshot | None = None, continues: str = ""
) -> dict[str, Any]:
    """`continues` is the key of the group that the page above ended with; `as_of` is what a
    first page was made of."""
    groups = grouped(rows)
    last = rows[-1] if len(rows) == size else None
    return {
        "groups": groups,
        "as_of": as_of,
        "continues": continues,
        "cursor": cursor_of(last) if last else "",
        "last_group": groups[-1].key if groups else "",
    }


def cursor_of(row: Row) -> str:
    return f"{row.active_at.isoformat()}_{row.id.hex}"


def row_html(row: Row) -> str:
    return render_to_string("chat/_row.html", {"row": row})


def rows_html(rows: list[Row], size: int, as_of: Snapshot) -> str:
    return render_to_string("chat/_rows.html", sidebar_context(rows, size, as_of))


def moved_html(row: Row) -> str:
    """A line of the sidebar that goes to the top, new or not."""
    return partial(f"#row-{row.id.hex}", "delete") + partial(
        "#rows-today", "afterbegin", row_html(row)
    )


def notice_html(sentence: str, *, sign_in: bool = False) -> str:
    return render_to_string("chat/_notice.html", {"sentence": sentence, "sign_in": sign_in})


def feedback_html(message: Shown, *, ask: bool) -> str:
    """The thumbs after one was pressed; `ask` adds the question for a reason."""
    why = render_to_string("chat/_reason.html", {"m": message}) if ask else ""
    return thumbs_html(message) + partial(f"#w-{message.key}", "innerHTML", why)


def thumbs_html(message: Shown) -> str:
    thumbs = render_to_string("chat/_thumbs.html", {"m": message})
    return partial(f"#f-{message.key}", "outerMorph", thumbs)


def gone_html(conversation_id: UUID | None) -> str:
    return render_to_string("chat/_gone.html", {"conversation_id": conversation_id})


def refusal(event: str) -> str:
    """Why a socket is closed."""
    if event == "signed-out":
        return _("You are signed out. Sign in to go on; your text is kept.")
    if event == "too-many":
        return _("Too many pages are open. Close some of them and reload this one.")
    return _("This conversation does not exist, or it is not yours.")


def deleted_html(conversation: Conversation) -> str:
    return render_to_string("chat/_deleted.html", {"conversation": conversation})


def escaped(text: str) -> str:
    return escape(text)
