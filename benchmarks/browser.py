"""The same measured in Chromium, where people feel it: one page of one server.

Chromium's `performance.now()` counts by the monotonic clock from the time that the DevTools metric
`NavigationStart` gives in seconds, so a mark's time and the page's time are of one clock.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.counters import Others
from benchmarks.marks import lag_ms
from benchmarks.rounds import percentile
from benchmarks.servers import Server
from benchmarks.texts import Plan
from benchmarks.wiretap import Wiretap

HERE = Path(__file__).resolve().parent
WATCH = (HERE / "watch.js").read_text()
READY = (HERE / "ready.js").read_text()
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BOXES = {
    "ours": "#composer-text",
    "panel": "textarea",
    "gradio": "textarea",
    "chainlit": "#chat-input",
}
SHORT = Plan("prose", 30, 50)
LONG = Plan("markdown", 300, 50)
FAST = Plan("prose", 8000, 200)
THROTTLE = 4
AFTER_SECONDS = 1.5  # the main thread is watched so much longer than tokens come


@dataclass
class Browsed:
    """Milliseconds, bytes; `None` where it was not looked at."""

    page_bytes: int = 0
    page_requests: int = 0
    interactive: float = 0.0
    first: list[float] = field(default_factory=list)
    lag_p50: float = 0.0
    lag_p95: float = 0.0
    complete: bool = False
    main_thread: float = 0.0
    long_tasks: list[float] = field(default_factory=list)
    last_late: float | None = None
    token_bytes: dict[str, float] = field(default_factory=dict)
    busy_before: float = 0.0
    busy_during: float = 0.0


@contextmanager
def chromium(rules: str = "") -> Iterator[Browser]:
    flags = [*FLAGS, *([f"--host-resolver-rules={rules}"] if rules else [])]
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM_PATH") or "/usr/bin/chromium"
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


class Window:
    """One window of one person, with a page of the server."""

    def __init__(self, browser: Browser, server: Server, script: str = WATCH) -> None:
        self.server = server
        self.context = browser.new_context()
        self.context.set_default_timeout(60_000)
        self.context.add_init_script(script)
        if server.kind == "ours":
            session = server.sessions[-1]
            self.context.add_cookies(
                [{"name": "chat_session", "value": session, "url": server.url}]
            )
        self.page: Page = self.context.new_page()
        self.tools = self.context.new_cdp_session(self.page)
        for domain in ("Performance", "Network"):
            self.tools.send(f"{domain}.enable")
        self.loaded: list[int] = []
        self.tools.on("Network.loadingFinished", self.finished)

    def finished(self, event: dict[str, Any]) -> None:
        self.loaded.append(int(event["encodedDataLength"]))

    def metric(self, name: str) -> float:
        """Seconds, for the metrics used here."""
        metrics = self.tools.send("Performance.getMetrics")["metrics"]
        return next(float(one["value"]) for one in metrics if one["name"] == name)

    def open(self) -> None:
        self.page.goto(self.server.url)
        self.page.locator(BOXES[self.server.kind]).first.wait_for()

    def wait_until_loaded(self) -> None:
        """A second without a further file; some pages keep a request open for ever."""
        count = -1
        while count != len(self.loaded):
            count = len(self.loaded)
            self.page.wait_for_timeout(1000)

    def type(self, plan: Plan, *, watching: bool = True) -> None:
        """The question in the box, and Enter."""
        box = self.page.locator(BOXES[self.server.kind]).first
        box.fill(plan.question())
        self.page.evaluate("(watching) => bench.reset(watching)", watching)
        box.press("Enter")

    def ask(self, plan: Plan, patience: float = 15) -> dict[str, Any]:
        """What the page saw of the answer, to its last mark."""
        self.type(plan)
        seconds = plan.tokens / plan.rate + patience
        ended = self.page.evaluate(
            "([count, patience]) => bench.until(count, patience)", [plan.marks(), seconds * 1000]
        )
        found: dict[str, Any] = self.page.evaluate("bench")
        found["complete"] = ended
        self.settle()
        return found

    def settle(self) -> None:
        """Until the next question may be asked."""
        self.page.wait_for_timeout(400)

    def lags(self, found: dict[str, Any]) -> list[float]:
        """In the order in which they were seen."""
        start = self.metric("NavigationStart") * 1000
        seen = sorted(found["seen"].items(), key=lambda one: float(one[1]))
        return [lag_ms(digits, (start + at) * 10) for digits, at in seen]


def browse(server: Server, *, fast: bool = True, tap: bool = True) -> Browsed:
    """All of it; `fast` is the long answer, `tap` the bytes of each kind of text."""
    result = Browsed(busy_before=psutil.cpu_percent(1.0))
    others = Others()
    with chromium() as browser:
        for _ in range(2):  # the first one warms up the browser and the server
            cold(Window(browser, server, ready(server)), result)
        window = Window(browser, server)
        window.open()
        answers(window, result)
        if fast:
            lags = window.lags(window.ask(FAST, patience=100))
            result.last_late = lags[-1] if lags else None
    if tap:
        tapped(server, result)
    result.busy_during = others.percent()
    return result


def ready(server: Server) -> str:
    """Says in the page's console when the text box can be used."""
    return READY.replace('"BOX"', json.dumps(BOXES[server.kind]))


def cold(window: Window, result: Browsed) -> None:
    """The first page, with an empty cache and a slow processor.

    The page itself says when it is usable: Playwright's locator compiles 300 kB of script in it,
    which alone takes 150 to 250 ms of a slow processor, on an empty page too.
    """
    window.tools.send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
    said = "usable "
    with window.page.expect_console_message(lambda line: line.text.startswith(said)) as line:
        window.page.goto(window.server.url)
    result.interactive = float(line.value.text.removeprefix(said))
    window.tools.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    window.wait_until_loaded()
    result.page_bytes, result.page_requests = sum(window.loaded), len(window.loaded)
    window.context.close()


def answers(window: Window, result: Browsed) -> None:
    window.ask(SHORT)  # makes what is made once
    for _ in range(5):
        found = window.ask(SHORT)
        if found["visible"]:
            result.first.append(found["visible"] - found["enter"])
    found = window.ask(LONG)
    lags = window.lags(found)
    result.complete = found["complete"]
    result.lag_p50, result.lag_p95 = percentile(lags, 50), percentile(lags, 95)
    unwatched(window, result)


def unwatched(window: Window, result: Browsed) -> None:
    """What the page itself does: nobody reads along."""
    before = window.metric("TaskDuration")
    window.type(LONG, watching=False)
    time.sleep(LONG.tokens / LONG.rate + AFTER_SECONDS)
    result.main_thread = (window.metric("TaskDuration") - before) * 1000 / LONG.tokens
    result.long_tasks = list(window.page.evaluate("bench.long"))


def tapped(server: Server, result: Browsed) -> None:
    """Bytes from the server for each token, of a 300-token answer of each kind of text."""
    with Wiretap(server.ports[0]) as tap:
        here = "127.0.0.1:"
        with chromium(f"MAP {here}{server.ports[0]} {here}{tap.port}") as browser:
            window = Window(browser, server)
            window.open()
            window.ask(SHORT)
            for kind in ("prose", "code", "table"):
                plan = Plan(kind, 300, 50)
                before = tap.bytes
                window.ask(plan)
                result.token_bytes[kind] = (tap.bytes - before) / plan.tokens
