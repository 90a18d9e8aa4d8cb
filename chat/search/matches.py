"""Conversations in which all terms occur, with the messages that hold most of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from accounts.models import User
from chat.search.query_parser import Term, clean_query, parse_terms
from core.db.sql import fetch, statement

# Conversations of a page, and the most that are listed at once.
PAGE_SIZE, MAX_RESULTS = 20, 200
MATCHES_PER_CONVERSATION = 3
# Characters of a message that are looked through for an excerpt.
SEARCHED_CHARACTERS = 20_000

# Each term is one look into the index; a conversation is found if every term occurs somewhere in
# it. Only of a page's conversations the messages are compared: those with most terms, then the
# newest, are shown. The conversations are in the order of the sidebar, as is where a page ended.
SEARCH = """
WITH hit AS MATERIALIZED ({hits}),
found AS (
    SELECT conversation_id FROM hit GROUP BY conversation_id HAVING bit_or(term) = %(all)s
), shown AS MATERIALIZED (
    SELECT c.id, c.title, c.active_at FROM found
    JOIN chat_conversation c ON c.id = found.conversation_id
    WHERE c.owner_id = %(owner)s AND c.deleted_at IS NULL{without}
), page AS MATERIALIZED (
    SELECT *, (SELECT count(*) FROM shown) AS total FROM shown
    WHERE %(at)s::timestamptz IS NULL OR (active_at, id) < (%(at)s::timestamptz, %(key)s::uuid)
    ORDER BY active_at DESC, id DESC LIMIT %(size)s
), message AS (
    SELECT conversation_id, message_id,
        row_number() OVER (
            PARTITION BY conversation_id ORDER BY count(DISTINCT term) DESC, message_id DESC
        ) AS place
    FROM hit JOIN page ON page.id = conversation_id
    WHERE message_id IS NOT NULL GROUP BY conversation_id, message_id
)
SELECT page.id, page.title, page.active_at, page.total, m.id, m.role, left(m.text, %(looked)s)
FROM page LEFT JOIN message ON message.conversation_id = page.id AND place <= %(hits)s
LEFT JOIN chat_message m ON m.id = message.message_id
ORDER BY page.active_at DESC, page.id DESC, m.seq DESC
"""
MATCHES_TERM = "words @@ chat_search_query(%(owner)s, %(t{n})s, %(p{n})s)"
SELECT_MATCHES = (
    "SELECT conversation_id, message_id, {bit} AS term FROM chat_searchentry WHERE {matches}"
)
EXCLUDE_TERM = """
        AND c.id NOT IN (SELECT conversation_id FROM chat_searchentry WHERE {matches})"""


@dataclass(frozen=True, slots=True)
class Match:
    """A message that holds what was searched for, with the beginning of its text."""

    id: UUID
    role: str
    text: str


@dataclass(frozen=True, slots=True)
class MatchedConversation:
    """A conversation with its hits, newest first; without any, its title is the only one."""

    id: UUID
    title: str
    active_at: datetime
    hits: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class ResultPage:
    """What was found for what was `typed`, newest first, `total` conversations in all; `more` if
    others follow. Without `terms` there was nothing to search for."""

    typed: str
    terms: tuple[Term, ...] = ()
    found: tuple[MatchedConversation, ...] = ()
    total: int = 0
    more: bool = False


def search(
    user: User, typed: str, before: tuple[datetime, UUID] | None = None, size: int = PAGE_SIZE
) -> ResultPage:
    """The person's conversations in which all terms occur; `before` is the last of the page above.

    One statement; its cost grows with the person's own messages that hold a term.
    """
    typed = clean_query(typed)
    terms = parse_terms(typed)
    if not terms:
        return ResultPage(typed)
    at, key = before or (None, None)
    place = {"owner": user.pk, "at": at, "key": key, "size": size + 1}
    bounds = {"hits": MATCHES_PER_CONVERSATION, "looked": SEARCHED_CHARACTERS}
    rows = fetch(build_statement(terms), place | bounds | term_values(terms))
    found = tuple(group_matches(rows))
    total = rows[0][3] if rows else 0
    return ResultPage(typed, terms, found[:size], total, more=len(found) > size)


def build_statement(terms: Sequence[Term]) -> str:
    """The statement for so many terms of each kind."""
    wanted = [n for n, term in enumerate(terms) if not term.excluded]
    unwanted = [n for n, term in enumerate(terms) if term.excluded]
    hits = [
        statement(SELECT_MATCHES, bit=str(1 << place), matches=MATCHES_TERM.format(n=n))
        for place, n in enumerate(wanted)
    ]
    without = [statement(EXCLUDE_TERM, matches=MATCHES_TERM.format(n=n)) for n in unwanted]
    return statement(SEARCH, hits="\n    UNION ALL ".join(hits), without="".join(without))


def term_values(terms: Sequence[Term]) -> dict[str, Any]:
    texts = {f"t{n}": term.text for n, term in enumerate(terms)}
    prefixes = {f"p{n}": not term.exact for n, term in enumerate(terms)}
    return texts | prefixes | {"all": (1 << sum(not term.excluded for term in terms)) - 1}


def group_matches(rows: Iterable[tuple[Any, ...]]) -> Iterable[MatchedConversation]:
    for (key, title, active_at), lines in groupby(rows, key=lambda row: row[:3]):
        hits = tuple(Match(*line[4:]) for line in lines if line[4] is not None)
        yield MatchedConversation(key, title, active_at, hits)
