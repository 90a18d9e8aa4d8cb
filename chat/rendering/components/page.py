"""Render the chat page, and the body of it that changes with the conversation."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from html import escape
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.context import Look
from accounts.models import User
from chat.models import Conversation, Draft
from chat.rendering.components.client_strings import SHORTCUTS, client_strings
from chat.rendering.components.model_settings import (
    note_html,
    options_html,
    unavailable_html,
)
from chat.rendering.components.next_answer import next_answer_html
from chat.rendering.components.template_cache import ANY_ID, render_cached, slot, slots
from chat.rendering.components.thread_view import context_meter_html
from chat.selectors.context_usage import ContextUsage
from core.graphemes import first_grapheme


@dataclass(frozen=True, slots=True)
class PageShape:
    """Stand-in for a conversation in cached templates, with slots for its own values."""

    pk: UUID
    title: str
    version: str


def page_shape(conversation: Conversation | None) -> PageShape | None:
    """Return the stand-in for the conversation, None for a new chat."""
    return PageShape(ANY_ID, slot("title"), slot("version")) if conversation else None


@dataclass(frozen=True, slots=True)
class SearchTarget:
    """The message to scroll to: `here` on the shown branch, or `elsewhere` on another one."""

    here: UUID | None = None
    elsewhere: UUID | None = None


@dataclass(frozen=True, slots=True)
class PageBody:
    """Data for `_conversation.html`.

    `options` comes from `options_context`, `thread` is HTML, and `token` is the CSRF token of this
    request. `name` is the person's display name, which may be empty. `changed` has the names that
    apply from the next answer.
    """

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
    name: str = ""
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SidebarView:
    """Data for the sidebar.

    `rows` and `found` (the search results) are HTML, `typed` is the text of the search box. On a
    phone the open sidebar covers the page. With `deep`, the row of the open conversation is far
    down, so the page scrolls to it before the first paint.
    """

    rows: str
    typed: str
    found: str
    is_open: bool = False
    deep: bool = False


def body_html(body: PageBody) -> SafeString:
    """Render the part of the page that changes with the conversation."""
    conversation, target, elsewhere = body.conversation, body.sought.here, body.sought.elsewhere
    values = {
        "options": options_html(body.options, conversation, body.token),
        "model_unavailable": unavailable_html(body.options),
        "model_note": note_html(body.options),
        "welcome": "" if conversation else welcome_html(body.name),
        "suggestions": "" if conversation else suggestions_html(body.suggestions),
        "client_id": str(body.client_id),
        "csrf_token": body.token,
        "thread": body.thread,
        "next_answer": next_answer_html(body.changed),
        "context_meter": context_meter_html(body.window) if conversation else "",
        "target": target.hex if target else "",
        "draft": escape(body.draft.text) if body.draft else "",
        "opened": str(body.draft.client_id) if body.draft else "",
        "saved_at": str(body.draft.saved_at.timestamp()) if body.draft else "0",
    }
    context: dict[str, Hashable] = {
        **slots(values),
        "conversation": page_shape(conversation),
        "unread": body.unread,
        "other_branch_url": slot("other_branch_url") if elsewhere else "",
    }
    values["other_branch_url"] = reverse("choose", args=(elsewhere,)) if elsewhere else ""
    if conversation is not None:
        values |= {
            "id": str(conversation.pk),
            "title": escape(conversation.title),
            "version": str(conversation.version),
        }
    return render_cached("chat/_conversation.html", context, values)


def welcome_html(name: str = "") -> SafeString:
    """Render the greeting of a new chat; `name` is the person's, "" if they gave none."""
    context = {"name": slot("name") if name else ""}
    return render_cached("chat/_welcome.html", context, {"name": escape(name)})


def suggestions_html(suggestions: Iterable[str]) -> SafeString:
    """Render the questions that administrators suggest for the start of a chat."""
    items = [suggestion_html(text) for text in suggestions]
    context = {"suggestions": slot("suggestions") if items else ""}
    return render_cached("chat/_suggestions.html", context, {"suggestions": "".join(items)})


def suggestion_html(text: str) -> SafeString:
    """Render a suggested question, translated if it is one that a fresh database contains."""
    return render_cached(
        "chat/_suggestion.html", {"text": slot("text")}, {"text": escape(_(text) if text else "")}
    )


def page_html(
    person: User, body: PageBody, *, look: Look, side: SidebarView, notes: str
) -> SafeString:
    """Render the page; `notes` is the HTML of pending Django messages."""
    names = ("title", "person", "account_name", "initial", "csrf_token", "notes", "conversation")
    context: dict[str, Hashable] = {
        **{name: slot(name) for name in (*names, "rows", "typed", "search_results")},
        "is_new": body.conversation is None,
        "deep": side.deep,
        "is_staff": person.is_staff,
        "searching": bool(side.typed),
        "sidebar_open": side.is_open,
        **look,
        "client_strings": client_strings,
        "shortcuts": SHORTCUTS,
    }
    values = {
        "title": escape(body.conversation.title) if body.conversation else _("New chat"),
        "person": person.pk.hex,
        "account_name": escape(person.label),
        "initial": escape(first_grapheme(person.label).upper()),
        "csrf_token": body.token,
        "rows": side.rows,
        "typed": escape(side.typed),
        "search_results": side.found,
        "notes": notes,
        "conversation": body_html(body),
    }
    return render_cached("chat/page.html", context, values)
