"""Text lost on kill -9, time until the page says interrupted, and how soon Stop is heard.

`python -m tests.soak.losses 20` prints the smallest, middle and largest of each.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx2

from tests.failure_injection.database import own_database
from tests.fake_llm import UpstreamThread
from tests.support.frames import html_of
from tests.support.people import Person, signed_up
from tests.support.site import Site, prepared_database
from tests.support.valkey import Valkey

DELAY = 0.02


def elsewhere(person: Person, site: Site) -> Person:
    http = httpx2.Client(base_url=site.url, timeout=20, trust_env=False)
    for cookie in person.http.cookies.jar:
        http.cookies.jar.set_cookie(cookie)
    return Person(site.url, person.email, http)


def killed(
    site: Site, here: Person, there: Person, upstream: UpstreamThread
) -> tuple[float, float]:
    """Seconds of stream that were lost, and seconds until the other process says interrupted."""
    key = here.start("words=3000")
    with there.socket(key) as socket:
        socket.until_text("word40")
        sent = upstream.chats[-1].sent
        site.kill()
        began = time.monotonic()
        last = html_of(socket.until_status("interrupted"))
        seconds = time.monotonic() - began
    saved = last.count("word") and max(
        number for number in range(1, 3000) if f"word{number}" in last
    )
    site.start()
    return max(0.0, (sent - saved) * DELAY), seconds


def stopped(here: Person, by: Person, upstream: UpstreamThread) -> tuple[float, float, float]:
    """Seconds from Stop to the hang-up at the model server, to the last text that comes to the page
    (0 for none), and to the page saying so."""
    key = here.start("words=3000")
    with here.socket(key) as socket:
        socket.until_text("word20")
        began = text = time.monotonic()
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(by.post, f"/c/{key}/stop/")
            while 'data-status="stopped"' not in html_of(frame := socket.next()):
                text = time.monotonic() if frame["event"] == "answer" else text
            said = time.monotonic()
            asked.result()
        upstream.wait_for(lambda up: up.chats[-1].hung_up)
        at = upstream.chats[-1].hung_up_at
        assert at is not None
    return at - began, text - began, said - began


def told(name: str, found: list[float], unit: Callable[[float], str]) -> None:
    values = (min(found), statistics.median(found), max(found))
    print(f"{name}: min / median / max {' / '.join(unit(value) for value in values)}")


def main(times: int) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chat-losses-")))
        database = stack.enter_context(own_database(folder))
        valkey = stack.enter_context(Valkey())
        upstream = stack.enter_context(UpstreamThread(delay=DELAY))
        values = prepared_database(database.url("chat"), folder / "site")
        values |= {"INFERENCE_BASE_URL": upstream.base_url, "REDIS_URL": valkey.url}
        one, two = (stack.enter_context(Site(values)) for _ in range(2))
        here = signed_up(one.url, "losses@example.org")
        there = elsewhere(here, two)
        for name, by in (("one process", here), ("two processes", there)):
            stops = [stopped(here, by, upstream) for _ in range(times)]
            for place, what in enumerate(("hang-up", "last text", "word on the page")):
                told(f"stop to {what}, {name}", [one[place] for one in stops], ms)
        kills = [killed(one, here, there, upstream) for _ in range(times)]
        told("text lost on kill -9", [lost for lost, _ in kills], s)
        told("time to interrupted", [seconds for _, seconds in kills], s)


def ms(value: float) -> str:
    return f"{value * 1000:.0f} ms"


def s(value: float) -> str:
    return f"{value:.2f} s"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
