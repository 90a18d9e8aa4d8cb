"""People who leave in the middle of a request: nothing is lost and nothing leaks."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from urllib.parse import urlencode
from uuid import uuid4

from tests.fake_llm import UpstreamThread
from tests.support.people import Person
from tests.support.polling import eventually
from tests.support.rows import Rows
from tests.support.site import Site


def leave(
    site: Site, person: Person, method: str, path: str, body: str = "", after: float = 0.0
) -> None:
    """Send a whole request and close without waiting for a word, at once or `after` seconds."""
    head = [
        f"{method} {path} HTTP/1.1",
        f"Host: 127.0.0.1:{site.port}",
        f"Cookie: chat_session={person.session}; chat_csrf={person.http.cookies['chat_csrf']}",
        f"X-CSRFToken: {person.http.cookies['chat_csrf']}",
        f"Origin: {site.url}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        "",
        body,
    ]
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as wire:
        wire.sendall("\r\n".join(head).encode())
        time.sleep(after)


def test_a_question_whose_sender_left_is_answered_or_was_never_taken(
    site: Site, visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    """Each leaves a millisecond later than the one before, some amid the transaction."""
    texts = [f"Left {uuid4()}" for _ in range(50)]
    for number, text in enumerate(texts):
        body = urlencode({"client_id": str(uuid4()), "text": text})
        leave(site, visitor, "POST", "/c/", body, after=number * 0.001)
    visitor.get("/")
    eventually(lambda: ends(rows, texts) and None not in ends(rows, texts))
    assert set(ends(rows, texts).values()) == {"complete"}


def ends(rows: Rows, texts: list[str]) -> dict[datetime | None, str]:
    """When and how the answers to these questions ended; None for one that is being written."""
    found = rows.all(
        "SELECT answer.finished_at AS at, answer.status FROM chat_message answer"
        " JOIN chat_message question ON question.id = answer.parent_id"
        " WHERE question.text = ANY(%s)",
        texts,
    )
    return {row["at"]: row["status"] for row in found}


def test_readers_who_leave_take_no_connection_with_them(
    site: Site, visitor: Person, upstream: UpstreamThread
) -> None:
    with ThreadPoolExecutor(8) as pool:
        for _ in range(120):
            pool.submit(leave, site, visitor, "GET", "/")
    for _ in range(20):
        assert visitor.get("/").status_code == 200
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: visitor.get("/").status_code, range(48)))
    assert set(answers) == {200}
