"""Render search results for the sidebar."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat.models import Role
from chat.rendering.components.thread_view import format_row_cursor, group_by_age
from chat.search import Match, MatchedConversation, ResultPage
from chat.search.query_parser import MAX_CHARACTERS
from chat.search.snippets import Highlighter, Part, make_highlighter


@dataclass(frozen=True, slots=True)
class MatchView:
    """A matching message below its conversation: the author, and an excerpt as HTML."""

    url: str
    who: str
    html: SafeString
    is_current: bool


@dataclass(frozen=True, slots=True)
class ConversationMatchView:
    """A conversation with its matching messages; the title is HTML with the terms marked."""

    url: str
    title: SafeString
    is_current: bool
    hits: tuple[MatchView, ...]


@dataclass(frozen=True, slots=True)
class ResultsContext:
    """How a page of results is shown.

    `size` is the number of conversations from the top of the list to the end of this page.
    `continues` is the key of the age group that the page above ended with. `current` is the id of
    the open message or conversation.
    """

    size: int
    continues: str = ""
    current: UUID | None = None


def search_results_html(page: ResultPage, results: ResultsContext) -> SafeString:
    """Render a page of results; return "" for a blank query."""
    if not page.terms:
        return empty_query_html(page.typed) if page.typed.strip() else SafeString()
    groups, highlighter = group_by_age(page.found), make_highlighter(page.terms)
    context = {
        "groups": [
            (
                "" if group.key == results.continues else group.label,
                [to_conversation_view(row, page, highlighter, results) for row in group.rows],
            )
            for group in groups
        ],
        "count": "" if results.continues else count_sentence(page.total),
    }
    if page.more:
        size = str(results.size + len(page.found))
        context["whole"] = build_url("search", q=page.typed, n=size)
        last = {"before": format_row_cursor(page.found[-1]), "group": groups[-1].key}
        context["more"] = build_url("search", q=page.typed, n=size, **last)
    return SafeString(render_to_string("chat/_search_results.html", context))


def empty_query_html(typed: str) -> SafeString:
    """Render the hint for a query without search terms: it is too long or has no word."""
    sentence = _("Enter a word to search for.")
    if len(typed) > MAX_CHARACTERS:
        sentence = _(
            "The search is too long: %(length)d characters, and the limit is %(limit)d."
        ) % {
            "length": len(typed),
            "limit": MAX_CHARACTERS,
        }
    return format_html('<p class="search-count">{}</p>', sentence)


def count_sentence(total: int) -> str:
    if not total:
        return _("No results.")
    sentence = ngettext("Found in {n} conversation.", "Found in {n} conversations.", total)
    return sentence.format(n=total)


def build_url(name: str, *args: UUID, **query: str) -> str:
    return f"{reverse(name, args=args)}?{urlencode(query)}"


def to_conversation_view(
    conversation: MatchedConversation,
    page: ResultPage,
    highlighter: Highlighter,
    results: ResultsContext,
) -> ConversationMatchView:
    """Return the view of a matching conversation; its links keep the search open."""
    query = {"q": page.typed, "n": str(results.size)}

    def to_match_view(match: Match) -> MatchView:
        url = build_url("conversation", conversation.id, m=str(match.id), **query)
        who = _("You") if match.role == Role.USER else ""
        excerpt = highlight_html(highlighter.excerpt(match.text))
        return MatchView(url, who, excerpt, match.id == results.current)

    return ConversationMatchView(
        build_url("conversation", conversation.id, **query),
        highlight_html(highlighter.parts(conversation.title)),
        conversation.id == results.current,
        tuple(map(to_match_view, conversation.hits)),
    )


def highlight_html(parts: list[Part]) -> SafeString:
    """Return the text escaped, with its matching parts in `mark` elements."""
    pieces = (
        (format_html("<mark>{}</mark>", text) if is_match else text,) for text, is_match in parts
    )
    return format_html_join("", "{}", pieces)
