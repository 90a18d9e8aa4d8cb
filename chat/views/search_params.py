"""What a request asks to be searched for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts.models import User
from chat.rendering.components.search_results import Listed, found_html
from chat.search import MOST, SIZE, search


@dataclass(frozen=True, slots=True)
class Asked:
    """`q`, what was typed, and `n`, how many conversations were listed when a link was followed."""

    typed: str = ""
    size: int = SIZE

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        size = request.GET.get("n", "")
        known = int(size) if size.isdecimal() and len(size) < 6 else SIZE
        return cls(request.GET.get("q", ""), max(known, SIZE))

    def page(self, user: User, current: UUID | None = None) -> tuple[str, SafeString]:
        """What stands in the search box, and the list below it; database work."""
        page = search(user, self.typed, size=min(self.size, MOST))
        return page.typed, found_html(page, Listed(min(self.size, MOST), current=current))

    def further(self, user: User, before: tuple[datetime, UUID] | None, group: str) -> SafeString:
        """The page of the list that follows `before`; `group` is that of the line above it."""
        return found_html(search(user, self.typed, before), Listed(self.size, group))
