"""What a request asks to be searched for."""

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
    """`q`, what was typed, and `n`, how many conversations were listed when a link was followed."""

    typed: str = ""
    size: int = PAGE_SIZE

    @classmethod
    def from_request(cls, request: HttpRequest) -> Self:
        size = request.GET.get("n", "")
        known = int(size) if size.isdecimal() and len(size) < 6 else PAGE_SIZE
        return cls(request.GET.get("q", ""), max(known, PAGE_SIZE))

    def first_page(self, user: User, current: UUID | None = None) -> tuple[str, SafeString]:
        """What stands in the search box, and the list below it; database work."""
        page = search(user, self.typed, size=min(self.size, MAX_RESULTS))
        return page.typed, search_results_html(
            page, ResultsContext(min(self.size, MAX_RESULTS), current=current)
        )

    def next_page(self, user: User, before: tuple[datetime, UUID] | None, group: str) -> SafeString:
        """The page of the list that follows `before`; `group` is that of the line above it."""
        return search_results_html(
            search(user, self.typed, before), ResultsContext(self.size, group)
        )
