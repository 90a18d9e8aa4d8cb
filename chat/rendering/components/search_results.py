"""What a search found, for the sidebar."""

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
    """A line below a found conversation: who said it, and the words around it as HTML."""

    url: str
    who: str
    html: SafeString
    is_current: bool


@dataclass(frozen=True, slots=True)
class ConversationMatchView:
    url: str
    title: SafeString
    is_current: bool
    hits: tuple[MatchView, ...]


@dataclass(frozen=True, slots=True)
class ResultsContext:
    """How a page of what was found is shown: `size` conversations down to its end, in groups of
    which `continues` is the key of the one that the page above ended with; `current` is the message
    or the conversation that is open."""

    size: int
    continues: str = ""
    current: UUID | None = None


def search_results_html(page: ResultPage, listed: ResultsContext) -> SafeString:
    """Nothing at all where nothing was typed."""
    if not page.terms:
        return empty_query_html(page.typed) if page.typed.strip() else SafeString()
    groups, signs = group_by_age(page.found), make_highlighter(page.terms)
    context = {
        "groups": [
            (
                "" if group.key == listed.continues else group.label,
                [to_conversation_view(found, page, signs, listed) for found in group.rows],
            )
            for group in groups
        ],
        "count": "" if listed.continues else count_sentence(page.total),
    }
    if page.more:
        size = str(listed.size + len(page.found))
        context["whole"] = build_url("search", q=page.typed, n=size)
        last = {"before": format_row_cursor(page.found[-1]), "group": groups[-1].key}
        context["more"] = build_url("search", q=page.typed, n=size, **last)
    return SafeString(render_to_string("chat/_found.html", context))


def empty_query_html(typed: str) -> SafeString:
    sentence = _("Type a word to search for.")
    if len(typed) > MAX_CHARACTERS:
        sentence = _("The search is too long: it has %(length)d characters, and %(limit)d fit.") % {
            "length": len(typed),
            "limit": MAX_CHARACTERS,
        }
    return format_html('<p class="found-count">{}</p>', sentence)


def count_sentence(total: int) -> str:
    if not total:
        return _("Nothing was found.")
    sentence = ngettext("Found in {n} conversation.", "Found in {n} conversations.", total)
    return sentence.format(n=total)


def build_url(name: str, *args: UUID, **query: str) -> str:
    return f"{reverse(name, args=args)}?{urlencode(query)}"


def to_conversation_view(
    found: MatchedConversation, page: ResultPage, signs: Highlighter, listed: ResultsContext
) -> ConversationMatchView:
    beside = {"q": page.typed, "n": str(listed.size)}

    def shown(hit: Match) -> MatchView:
        url = build_url("conversation", found.id, m=str(hit.id), **beside)
        who = _("You") if hit.role == Role.USER else ""
        return MatchView(
            url, who, highlight_html(signs.excerpt(hit.text)), hit.id == listed.current
        )

    return ConversationMatchView(
        build_url("conversation", found.id, **beside),
        highlight_html(signs.parts(found.title)),
        found.id == listed.current,
        tuple(map(shown, found.hits)),
    )


def highlight_html(parts: list[Part]) -> SafeString:
    pieces = ((format_html("<mark>{}</mark>", text) if sign else text,) for text, sign in parts)
    return format_html_join("", "{}", pieces)
