"""The whole page of the chat, and the part of it that changes with the conversation."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from html import escape
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import User
from chat.models import Conversation, Draft
from chat.rendering.components.client_strings import SHORTCUTS, client_strings
from chat.rendering.components.model_settings import note_html, options_html, unserved_html
from chat.rendering.components.template_cache import ANY_ID, render_cached, slot, slots
from chat.rendering.components.thread_view import context_meter_html
from chat.selectors.context_usage import ContextUsage


@dataclass(frozen=True, slots=True)
class PageShape:
    """A conversation as the templates see it, without what is only its own."""

    pk: UUID
    title: str
    version: str


def page_shape(conversation: Conversation | None) -> PageShape | None:
    return PageShape(ANY_ID, slot("title"), slot("version")) if conversation else None


@dataclass(frozen=True, slots=True)
class SearchTarget:
    """The message that a conversation is opened for: `here` on the shown branch, or `elsewhere`."""

    here: UUID | None = None
    elsewhere: UUID | None = None


@dataclass(frozen=True, slots=True)
class PageBody:
    """What `_conversation.html` shows: `options` as `options_context` makes them, `thread` as HTML,
    and the CSRF token of this request."""

    conversation: Conversation | None
    options: dict[str, Any]
    client_id: UUID
    token: str
    unread: bool = False
    draft: Draft | None = None
    suggestions: tuple[str, ...] = ()
    window: ContextUsage | None = None
    thread: str = ""
    sought: SearchTarget = SearchTarget()


@dataclass(frozen=True, slots=True)
class SidebarView:
    """The sidebar: its lines as HTML, what stands in the search box, and what was found for it as
    HTML. On a phone it lies over the page while it is open. One whose line of the conversation is
    `deep` in it is scrolled before anything is painted."""

    rows: str
    typed: str
    found: str
    is_open: bool = False
    deep: bool = False


def body_html(body: PageBody) -> SafeString:
    found, target, elsewhere = body.conversation, body.sought.here, body.sought.elsewhere
    values = {
        "options": options_html(body.options, found, body.token),
        "unserved": unserved_html(body.options),
        "model_note": note_html(body.options),
        "welcome": "" if found else welcome_html(body.suggestions),
        "client_id": str(body.client_id),
        "csrf_token": body.token,
        "thread": body.thread,
        "ruler": context_meter_html(body.window) if found else "",
        "target": target.hex if target else "",
        "draft": escape(body.draft.text) if body.draft else "",
        "opened": str(body.draft.client_id) if body.draft else "",
        "saved_at": str(body.draft.saved_at.timestamp()) if body.draft else "0",
    }
    context: dict[str, Hashable] = {
        **slots(values),
        "conversation": page_shape(found),
        "unread": body.unread,
        "elsewhere": slot("elsewhere") if elsewhere else "",
    }
    values["elsewhere"] = reverse("choose", args=(elsewhere,)) if elsewhere else ""
    if found is not None:
        values |= {"id": str(found.pk), "title": escape(found.title), "version": str(found.version)}
    return render_cached("chat/_conversation.html", context, values)


def welcome_html(suggestions: Iterable[str]) -> SafeString:
    """The empty start, with the questions that administrators suggest."""
    items = [suggestion_html(text) for text in suggestions]
    context = {"suggestions": slot("suggestions") if items else ""}
    return render_cached("chat/_welcome.html", context, {"suggestions": "".join(items)})


def suggestion_html(text: str) -> SafeString:
    return render_cached(
        "chat/_suggestion.html", {"text": slot("text")}, {"text": escape(_(text) if text else "")}
    )


def page_html(
    person: User, body: PageBody, *, theme: str, side: SidebarView, notes: str
) -> SafeString:
    """The page; `notes` are what accounts have to say, as HTML."""
    holes = ("title", "person", "email", "initial", "csrf_token", "notes", "conversation")
    context: dict[str, Hashable] = {
        **{name: slot(name) for name in (*holes, "rows", "typed", "found")},
        "is_new": body.conversation is None,
        "deep": side.deep,
        "is_staff": person.is_staff,
        "searching": bool(side.typed),
        "sidebar_open": side.is_open,
        "theme": theme,
        "words": client_strings,
        "shortcuts": SHORTCUTS,
    }
    values = {
        "title": escape(body.conversation.title) if body.conversation else _("New chat"),
        "person": person.pk.hex,
        "email": escape(person.email),
        "initial": escape(person.email[:1].upper()),
        "csrf_token": body.token,
        "rows": side.rows,
        "typed": escape(side.typed),
        "found": side.found,
        "notes": notes,
        "conversation": body_html(body),
    }
    return render_cached("chat/page.html", context, values)
