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
from chat.rendering.components.thread_view import cursor_of, grouped
from chat.search import Found, Hit, Page
from chat.search.query_parser import MOST_CHARACTERS
from chat.search.snippets import Marker, Part, marker


@dataclass(frozen=True, slots=True)
class ShownHit:
    """A line below a found conversation: who said it, and the words around it as HTML."""

    url: str
    who: str
    html: SafeString
    is_current: bool


@dataclass(frozen=True, slots=True)
class ShownConversation:
    url: str
    title: SafeString
    is_current: bool
    hits: tuple[ShownHit, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """How a page of what was found is shown: `size` conversations down to its end, in groups of
    which `continues` is the key of the one that the page above ended with; `current` is the message
    or the conversation that is open."""

    size: int
    continues: str = ""
    current: UUID | None = None


def found_html(page: Page, listed: Listed) -> SafeString:
    """Nothing at all where nothing was typed."""
    if not page.terms:
        return wordless(page.typed) if page.typed.strip() else SafeString()
    groups, signs = grouped(page.found), marker(page.terms)
    context = {
        "groups": [
            (
                "" if group.key == listed.continues else group.label,
                [conversation_of(found, page, signs, listed) for found in group.rows],
            )
            for group in groups
        ],
        "count": "" if listed.continues else counted(page.total),
    }
    if page.more:
        size = str(listed.size + len(page.found))
        context["whole"] = address("search", q=page.typed, n=size)
        last = {"before": cursor_of(page.found[-1]), "group": groups[-1].key}
        context["more"] = address("search", q=page.typed, n=size, **last)
    return SafeString(render_to_string("chat/_found.html", context))


def wordless(typed: str) -> SafeString:
    sentence = _("Type a word to search for.")
    if len(typed) > MOST_CHARACTERS:
        sentence = _("The search is too long: it has %(length)d characters, and %(limit)d fit.") % {
            "length": len(typed),
            "limit": MOST_CHARACTERS,
        }
    return format_html('<p class="found-count">{}</p>', sentence)


def counted(total: int) -> str:
    if not total:
        return _("Nothing was found.")
    sentence = ngettext("Found in {n} conversation.", "Found in {n} conversations.", total)
    return sentence.format(n=total)


def address(name: str, *args: UUID, **query: str) -> str:
    return f"{reverse(name, args=args)}?{urlencode(query)}"


def conversation_of(found: Found, page: Page, signs: Marker, listed: Listed) -> ShownConversation:
    beside = {"q": page.typed, "n": str(listed.size)}

    def shown(hit: Hit) -> ShownHit:
        url = address("conversation", found.id, m=str(hit.id), **beside)
        who = _("You") if hit.role == Role.USER else ""
        return ShownHit(url, who, marked(signs.excerpt(hit.text)), hit.id == listed.current)

    return ShownConversation(
        address("conversation", found.id, **beside),
        marked(signs.parts(found.title)),
        found.id == listed.current,
        tuple(map(shown, found.hits)),
    )


def marked(parts: list[Part]) -> SafeString:
    pieces = ((format_html("<mark>{}</mark>", text) if sign else text,) for text, sign in parts)
    return format_html_join("", "{}", pieces)
