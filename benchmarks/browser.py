"""Measure one page of a server in Chromium.

Chromium's `performance.now()` runs by the monotonic clock, from the time in the DevTools metric
`NavigationStart` (seconds). The times in marks are therefore comparable with the page's.
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

from benchmarks.counters import OtherPrograms
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
TEXT_BOXES = {
    "ours": "#composer-text",
    "panel": "textarea",
    "gradio": "textarea",
    "chainlit": "#chat-input",
}
SHORT = Plan("prose", 30, 50)
LONG = Plan("markdown", 300, 50)
FAST = Plan("prose", 8000, 200)
THROTTLE = 4
AFTER_SECONDS = 1.5  # how long the main thread is measured after the last token


@dataclass
class PageFigures:
    """Figures in milliseconds and bytes; None for a figure that was not measured."""

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
    """A browser window with a page of the server."""

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
        self.tools.on("Network.loadingFinished", self.on_loading_finished)

    def on_loading_finished(self, event: dict[str, Any]) -> None:
        self.loaded.append(int(event["encodedDataLength"]))

    def metric(self, name: str) -> float:
        """Return a metric of the DevTools, in seconds."""
        metrics = self.tools.send("Performance.getMetrics")["metrics"]
        return next(float(metric["value"]) for metric in metrics if metric["name"] == name)

    def open(self) -> None:
        self.page.goto(self.server.url)
        self.page.locator(TEXT_BOXES[self.server.kind]).first.wait_for()

    def wait_until_loaded(self) -> None:
        """Wait for a second without a new file; some pages never close their last request."""
        count = -1
        while count != len(self.loaded):
            count = len(self.loaded)
            self.page.wait_for_timeout(1000)

    def type_question(self, plan: Plan, *, watching: bool = True) -> None:
        """Type the question and press Enter."""
        box = self.page.locator(TEXT_BOXES[self.server.kind]).first
        box.fill(plan.question())
        self.page.evaluate("(watching) => bench.reset(watching)", watching)
        box.press("Enter")

    def ask(self, plan: Plan, timeout: float = 15) -> dict[str, Any]:
        """Ask a question; return the page's record of the marks in its answer."""
        self.type_question(plan)
        seconds = plan.tokens / plan.rate + timeout
        ended = self.page.evaluate(
            "([count, timeout]) => bench.until(count, timeout)", [plan.marks(), seconds * 1000]
        )
        record: dict[str, Any] = self.page.evaluate("bench")
        record["complete"] = ended
        self.wait_before_next()
        return record

    def wait_before_next(self) -> None:
        """Wait until the page accepts another question."""
        self.page.wait_for_timeout(400)

    def lags(self, record: dict[str, Any]) -> list[float]:
        """Return the lag of each mark in milliseconds, in the order of arrival."""
        start = self.metric("NavigationStart") * 1000
        seen = sorted(record["seen"].items(), key=lambda one: float(one[1]))
        return [lag_ms(digits, (start + at) * 10) for digits, at in seen]


def measure_page(server: Server, *, fast: bool = True, tap: bool = True) -> PageFigures:
    """Measure a page; `fast` adds the long answer, `tap` the bytes of each kind of text."""
    result = PageFigures(busy_before=psutil.cpu_percent(1.0))
    other_programs = OtherPrograms()
    with chromium() as browser:
        for _ in range(2):  # the first pass fills the caches of browser and server
            measure_first_page(Window(browser, server, ready_script(server)), result)
        window = Window(browser, server)
        window.open()
        measure_answers(window, result)
        if fast:
            lags = window.lags(window.ask(FAST, timeout=100))
            result.last_late = lags[-1] if lags else None
    if tap:
        measure_bytes(server, result)
    result.busy_during = other_programs.percent()
    return result


def ready_script(server: Server) -> str:
    """Return the script that logs to the console when the text box is usable."""
    return READY.replace('"BOX"', json.dumps(TEXT_BOXES[server.kind]))


def measure_first_page(window: Window, result: PageFigures) -> None:
    """Measure the first page with an empty cache and the processor slowed down four times.

    A script in the page logs when it is usable. Playwright's locator would compile 300 kB of script
    in the page, which takes 150 to 250 ms at this speed, even on an empty page.
    """
    window.tools.send("Emulation.setCPUThrottlingRate", {"rate": THROTTLE})
    prefix = "usable "
    with window.page.expect_console_message(lambda line: line.text.startswith(prefix)) as line:
        window.page.goto(window.server.url)
    result.interactive = float(line.value.text.removeprefix(prefix))
    window.tools.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    window.wait_until_loaded()
    result.page_bytes, result.page_requests = sum(window.loaded), len(window.loaded)
    window.context.close()


def measure_answers(window: Window, result: PageFigures) -> None:
    """Measure first tokens, lags and the main thread."""
    window.ask(SHORT)  # fills caches
    for _ in range(5):
        record = window.ask(SHORT)
        if record["visible"]:
            result.first.append(record["visible"] - record["enter"])
    record = window.ask(LONG)
    lags = window.lags(record)
    result.complete = record["complete"]
    result.lag_p50, result.lag_p95 = percentile(lags, 50), percentile(lags, 95)
    measure_main_thread(window, result)


def measure_main_thread(window: Window, result: PageFigures) -> None:
    """Measure the page's main thread, without the script that reads marks."""
    before = window.metric("TaskDuration")
    window.type_question(LONG, watching=False)
    time.sleep(LONG.tokens / LONG.rate + AFTER_SECONDS)
    result.main_thread = (window.metric("TaskDuration") - before) * 1000 / LONG.tokens
    result.long_tasks = list(window.page.evaluate("bench.long"))


def measure_bytes(server: Server, result: PageFigures) -> None:
    """Measure the bytes per token from the server, for each kind of text."""
    with Wiretap(server.ports[0]) as tap:
        address = "127.0.0.1:"
        with chromium(f"MAP {address}{server.ports[0]} {address}{tap.port}") as browser:
            window = Window(browser, server)
            window.open()
            window.ask(SHORT)
            for kind in ("prose", "code", "table"):
                plan = Plan(kind, 300, 50)
                before = tap.bytes
                window.ask(plan)
                result.token_bytes[kind] = (tap.bytes - before) / plan.tokens
