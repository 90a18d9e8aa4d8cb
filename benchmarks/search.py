"""Measure searches: `python -m benchmarks.search 50000` gives five people 50,000 messages each.

Starts a site, searches as one of them and prints the milliseconds of each search.
"""

import argparse
import random
import statistics
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlencode

import psycopg

from benchmarks.database import temporary_database
from benchmarks.servers import create_sessions
from tests.support.site import Site

PEOPLE = 5
MESSAGES_PER_CONVERSATION = 50
ROUNDS = 15
VOCABULARY, TEXTS = 30_000, 4_000
# Lower numbers are more frequent: nearly every message contains `w0`, a fifth of them `w40`.
QUERIES = ("", "w", "w0", "w0 w3", '"w0 w1"', "w40", "w500", "w20000", "w40 -w3", "absent")

FILL = """
WITH wanted AS MATERIALIZED (
    SELECT gen_random_uuid() AS id, person.id AS person, number,
        row_number() OVER () * 7919 AS place
    FROM accounts_user person, generate_series(1, %(talks)s) number
), talks AS (
    INSERT INTO chat_conversation
        (id, owner_id, title, title_is_custom, next_seq, version, last_activity_at)
    SELECT id, person, 'Talk ' || number, false, 100, 0, now() - number * interval '1 hour'
    FROM wanted
)
INSERT INTO chat_message (id, conversation_id, seq, role, status, text, html, renderer_version,
    finish_reason, error_code, feedback_reason)
SELECT gen_random_uuid(), id, seq, CASE seq %% 2 WHEN 1 THEN 'user' ELSE 'assistant' END,
    'complete', (%(texts)s::text[])[1 + (seq * 104729 + place) %% %(count)s], '', 0, '', '', ''
FROM wanted, generate_series(1, %(size)s) seq
"""
SIZES = """
SELECT pg_size_pretty(sum(length(text))),
    pg_size_pretty(pg_total_relation_size('chat_searchentry')), count(*) FROM chat_message
"""


def make_text(words: int) -> str:
    """Return random words, some of them far more frequent than others."""
    return " ".join(f"w{min(int(random.paretovariate(0.6)) - 1, VOCABULARY)}" for _ in range(words))


def insert_messages(connection: psycopg.Connection[Any], messages: int) -> None:
    texts = [make_text(random.choice((10, 220))) for _ in range(TEXTS)]
    values = {
        "talks": messages // MESSAGES_PER_CONVERSATION,
        "size": MESSAGES_PER_CONVERSATION,
        "texts": texts,
        "count": TEXTS,
    }
    start = time.perf_counter()
    connection.execute(FILL, values)
    per_message = 1000 * (time.perf_counter() - start) / (messages * PEOPLE)
    text, index, count = connection.execute(SIZES).fetchone() or ("", "", 0)
    print(f"{count:,} messages, {text} of text, index {index}; {per_message:.2f} ms to write each")
    connection.execute("VACUUM ANALYZE")


@contextmanager
def start_site(messages: int) -> Iterator[tuple[Site, str]]:
    """Start a site with this many messages per person; yield it with a session key."""
    with ExitStack() as stack:
        cluster, values = stack.enter_context(temporary_database())
        site = stack.enter_context(Site(values))
        keys = create_sessions(site, PEOPLE)
        address = f"host={cluster.socket_folder} user=postgres dbname=bench"
        with psycopg.connect(address, autocommit=True) as connection:
            insert_messages(connection, messages)
        yield site, keys[0]


def time_search(site: Site, session: str, query: str) -> list[float]:
    """Return the milliseconds of repeated searches, in ascending order."""
    url = f"{site.url}/search/?{urlencode({'q': query})}"
    headers = {"HX-Request": "true", "Cookie": f"chat_session={session}"}
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            answer.read()
        times.append(1000 * (time.perf_counter() - start))
    return sorted(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("messages", nargs="?", type=int, default=50_000)
    with start_site(parser.parse_args().messages) as (site, session):
        for query in QUERIES:
            times = time_search(site, session, query)
            print(f"{query!r:12} median {statistics.median(times):6.1f} ms, most {times[-1]:6.1f}")


if __name__ == "__main__":
    main()
