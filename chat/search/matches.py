"""Find the conversations that contain all terms, and the messages with most of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from accounts.models import User
from chat.search.query_parser import Term, clean_query, parse_terms
from core.db.sql import fetch, statement

# Conversations on a page, and the most that are listed at once.
PAGE_SIZE, MAX_RESULTS = 20, 200
MATCHES_PER_CONVERSATION = 3
# How many characters of a message are searched for a snippet.
SEARCHED_CHARACTERS = 20_000

# Each term is one index scan; a conversation matches if every term occurs somewhere in it.
# Conversations are in the order of the sidebar, and so is the cursor of the previous page. Messages
# are ranked only for the conversations of the page: by the number of terms, then the newest first.
SEARCH = """
WITH hit AS MATERIALIZED ({hits}),
matching AS (
    SELECT conversation_id FROM hit GROUP BY conversation_id HAVING bit_or(term) = %(all)s
), visible AS MATERIALIZED (
    SELECT c.id, c.title, c.last_activity_at FROM matching
    JOIN chat_conversation c ON c.id = matching.conversation_id
    WHERE c.owner_id = %(owner)s AND c.deleted_at IS NULL{without}
), page AS MATERIALIZED (
    SELECT *, (SELECT count(*) FROM visible) AS total FROM visible
    WHERE %(at)s::timestamptz IS NULL
        OR (last_activity_at, id) < (%(at)s::timestamptz, %(key)s::uuid)
    ORDER BY last_activity_at DESC, id DESC LIMIT %(size)s
), message AS (
    SELECT conversation_id, message_id,
        row_number() OVER (
            PARTITION BY conversation_id ORDER BY count(DISTINCT term) DESC, message_id DESC
        ) AS rank
    FROM hit JOIN page ON page.id = conversation_id
    WHERE message_id IS NOT NULL GROUP BY conversation_id, message_id
)
SELECT page.id, page.title, page.last_activity_at, page.total, m.id, m.role,
    left(m.text, %(text_limit)s)
FROM page LEFT JOIN message ON message.conversation_id = page.id AND rank <= %(message_limit)s
LEFT JOIN chat_message m ON m.id = message.message_id
ORDER BY page.last_activity_at DESC, page.id DESC, m.seq DESC
"""
MATCHES_TERM = "words @@ chat_search_query(%(owner)s, %(t{n})s, %(p{n})s)"
SELECT_MATCHES = (
    "SELECT conversation_id, message_id, {bit} AS term FROM chat_searchentry WHERE {matches}"
)
EXCLUDE_TERM = """
        AND c.id NOT IN (SELECT conversation_id FROM chat_searchentry WHERE {matches})"""


@dataclass(frozen=True, slots=True)
class Match:
    """A message that contains a term.

    `text` is its beginning, of at most `SEARCHED_CHARACTERS`.
    """

    id: UUID
    role: str
    text: str


@dataclass(frozen=True, slots=True)
class MatchedConversation:
    """A conversation with its matching messages, newest first.

    Without `hits`, only the title matches.
    """

    id: UUID
    title: str
    last_activity_at: datetime
    hits: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class ResultPage:
    """One page of the results for the query `typed`, newest first.

    `total` counts the conversations on all pages; `more` tells whether further pages follow.
    Without `terms`, nothing was searched.
    """

    typed: str
    terms: tuple[Term, ...] = ()
    found: tuple[MatchedConversation, ...] = ()
    total: int = 0
    more: bool = False


def search(
    user: User, typed: str, before: tuple[datetime, UUID] | None = None, size: int = PAGE_SIZE
) -> ResultPage:
    """Find the person's conversations that contain all terms.

    `before` is the cursor of the last conversation on the previous page. Runs one statement, whose
    cost grows with the number of the person's own messages that contain a term.
    """
    typed = clean_query(typed)
    terms = parse_terms(typed)
    if not terms:
        return ResultPage(typed)
    at, key = before or (None, None)
    cursor = {"owner": user.pk, "at": at, "key": key, "size": size + 1}
    limits = {"message_limit": MATCHES_PER_CONVERSATION, "text_limit": SEARCHED_CHARACTERS}
    rows = fetch(build_statement(terms), cursor | limits | term_values(terms))
    conversations = tuple(group_matches(rows))
    total = rows[0][3] if rows else 0
    return ResultPage(typed, terms, conversations[:size], total, more=len(conversations) > size)


def build_statement(terms: Sequence[Term]) -> str:
    """Return the statement for these terms; `term_values` has their parameters."""
    wanted = [n for n, term in enumerate(terms) if not term.excluded]
    excluded = [n for n, term in enumerate(terms) if term.excluded]
    hits = [
        statement(SELECT_MATCHES, bit=str(1 << position), matches=MATCHES_TERM.format(n=n))
        for position, n in enumerate(wanted)
    ]
    without = [statement(EXCLUDE_TERM, matches=MATCHES_TERM.format(n=n)) for n in excluded]
    return statement(SEARCH, hits="\n    UNION ALL ".join(hits), without="".join(without))


def term_values(terms: Sequence[Term]) -> dict[str, Any]:
    """Return the terms as parameters of the statement; `all` is the bit mask of the wanted ones."""
    texts = {f"t{n}": term.text for n, term in enumerate(terms)}
    prefixes = {f"p{n}": not term.exact for n, term in enumerate(terms)}
    return texts | prefixes | {"all": (1 << sum(not term.excluded for term in terms)) - 1}


def group_matches(rows: Iterable[tuple[Any, ...]]) -> Iterable[MatchedConversation]:
    """Group the rows of the statement, one for each message, by conversation."""
    for (pk, title, last_activity_at), group in groupby(rows, key=lambda row: row[:3]):
        hits = tuple(Match(*row[4:]) for row in group if row[4] is not None)
        yield MatchedConversation(pk, title, last_activity_at, hits)
