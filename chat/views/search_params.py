"""The query string of a search."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts.models import User
from chat.rendering.components.search_results import ResultsContext, search_results_html
from chat.search import MAX_RESULTS, PAGE_SIZE, search


@dataclass(frozen=True, slots=True)
class SearchParams:
    """`q`, the query as typed, and `n`, the number of conversations to list.

    `n` is that of the list whose link the person followed, so that the list stays as long.
    """

    query: str = ""
    size: int = PAGE_SIZE

    @classmethod
    def from_request(cls, request: HttpRequest) -> Self:
        """Read the parameters; a missing or odd `n` becomes one page."""
        text = request.GET.get("n", "")
        size = int(text) if text.isdecimal() and len(text) < 6 else PAGE_SIZE
        return cls(request.GET.get("q", ""), max(size, PAGE_SIZE))

    def first_page(self, user: User, current: UUID | None = None) -> tuple[str, SafeString]:
        """Return the text of the search box and the results; database work.

        `current` is the ID of the open message or conversation, which is marked.
        """
        size = min(self.size, MAX_RESULTS)
        page = search(user, self.query, size=size)
        return page.typed, search_results_html(page, ResultsContext(size, current=current))

    def next_page(self, user: User, before: tuple[datetime, UUID] | None, group: str) -> SafeString:
        """Return the results that follow `before`; `group` is the age group of the row above."""
        page = search(user, self.query, before)
        return search_results_html(page, ResultsContext(self.size, group))
