"""What the first page weighs over the wire, cold, and what the main thread does while it streams.

`pytest tests/browser/test_weight.py -s` prints the figures of docs/page.md.
"""

from collections import Counter
from typing import Any

import pytest

from tests.fake_llm import UpstreamThread, answer
from tests.support.person import Person

pytestmark = pytest.mark.browser

MOST_BYTES = 60_000
MOST_REQUESTS = 12


class Wire:
    """Bytes that came over the network, headers included, by kind of file."""

    def __init__(self, person: Person, *, cache: bool) -> None:
        self.session = person.page.context.new_cdp_session(person.page)
        self.session.send("Network.enable")
        self.session.send("Network.setCacheDisabled", {"cacheDisabled": not cache})
        self.kinds: dict[str, str] = {}
        self.bytes: Counter[str] = Counter()
        self.requests: Counter[str] = Counter()
        self.session.on("Network.responseReceived", self.began)
        self.session.on("Network.loadingFinished", self.ended)

    def began(self, event: dict[str, Any]) -> None:
        cached = event["response"].get("fromDiskCache")
        self.kinds[event["requestId"]] = "cached" if cached else event["type"]

    def ended(self, event: dict[str, Any]) -> None:
        kind = self.kinds.get(event["requestId"], "other")
        if kind != "cached":
            self.requests[kind] += 1
            self.bytes[kind] += int(event["encodedDataLength"])


def test_the_first_page_is_light(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Light."))
    person.ask("How heavy?")
    person.sees_status("complete")
    for name, most in (("cold", MOST_BYTES), ("warm", 10_000)):
        wire = Wire(person, cache=name == "warm")
        person.page.goto(person.page.url)
        person.page.wait_for_load_state("networkidle")
        print(f"\n{name}", dict(wire.bytes), dict(wire.requests))
        assert wire.requests["Document"] == 1
        assert sum(wire.bytes.values()) <= most
        assert sum(wire.requests.values()) <= MOST_REQUESTS
        wire.session.detach()


def test_the_main_thread_has_time(person: Person, upstream: UpstreamThread) -> None:
    """Figures for the docs; what is held is a count: no task of the page is long."""
    tokens = 1000
    text = [f"word{n} " if n % 12 else f"**bold{n}**.\n\n" for n in range(tokens)]
    upstream.script(answer(*text))
    session = person.page.context.new_cdp_session(person.page)
    session.send("Performance.enable")

    def task_ms() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return 1000 * next(float(m["value"]) for m in metrics if m["name"] == "TaskDuration")

    person.page.evaluate(
        """() => { window.long = [];
        new PerformanceObserver((list) => window.long.push(...list.getEntries().map(
            (entry) => entry.duration))).observe({ type: "longtask" }); }"""
    )
    before = task_ms()
    person.ask("A thousand")
    person.sees_status("complete")
    print(f"\nmain thread: {task_ms() - before:.0f} ms for {tokens} tokens")
    print("long tasks, ms:", person.page.evaluate("window.long"))
