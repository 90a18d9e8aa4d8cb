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

from chat.fragments.pages import Group, cursor_of, grouped
from chat.models import Role
from chat.search import Found, Page
from chat.search.excerpts import Marker, Part, marker


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
    hits: tuple[ShownHit, ...]


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """Found conversations of one age; without `label` it goes on from the page above."""

    label: str
    found: list[ShownConversation]


def found_html(page: Page, *, current: UUID | None = None, continues: str = "") -> SafeString:
    """A page of what was found; `continues` is the key of the group that the page above ended with,
    `current` the message that is open. Nothing at all where nothing was searched for."""
    if not page.terms:
        return SafeString()
    groups, signs = grouped(page.found), marker(page.terms)
    last = page.found[-1] if page.more else None
    further = {"q": page.typed, "before": cursor_of(last), "group": groups[-1].key} if last else {}

    def shown(group: Group[Found]) -> ShownGroup:
        found = [conversation_of(item, page.typed, signs, current) for item in group.rows]
        return ShownGroup("" if group.key == continues else group.label, found)

    context = {
        "groups": list(map(shown, groups)),
        "count": "" if continues else counted(page.total),
        "more": address(**further) if further else "",
    }
    return SafeString(render_to_string("chat/_found.html", context))


def counted(total: int) -> str:
    if not total:
        return _("Nothing was found.")
    sentence = ngettext("Found in {n} conversation.", "Found in {n} conversations.", total)
    return sentence.format(n=total)


def address(**query: str) -> str:
    return f"{reverse('search')}?{urlencode(query)}"


def conversation_of(
    found: Found, typed: str, signs: Marker, current: UUID | None
) -> ShownConversation:
    page = reverse("conversation", args=(found.id,))
    hits = tuple(
        ShownHit(
            f"{page}?{urlencode({'m': hit.id, 'q': typed})}",
            _("You") if hit.role == Role.USER else "",
            marked(signs.excerpt(hit.text)),
            hit.id == current,
        )
        for hit in found.hits
    )
    url = f"{page}?{urlencode({'q': typed})}"
    return ShownConversation(url, marked(signs.parts(found.title)), hits)


def marked(parts: list[Part]) -> SafeString:
    pieces = ((format_html("<mark>{}</mark>", text) if sign else text,) for text, sign in parts)
    return format_html_join("", "{}", pieces)
