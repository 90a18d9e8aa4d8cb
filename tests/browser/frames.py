"""What the browser does for each frame while a page lives: frames, styles, layouts.

Counts come from Chromium's trace (`UpdateLayoutTree.elementCount`, `Layout.dirtyObjects`), the
times between frames from `requestAnimationFrame`.
"""

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from playwright.sync_api import Page

TICKS = """() => {
  window.ticks = [];
  window.longTasks = [];
  const tick = (now) => { window.ticks.push(now); window.ticking = requestAnimationFrame(tick); };
  window.ticking = requestAnimationFrame(tick);
  new PerformanceObserver((list) => window.longTasks.push(
    ...list.getEntries().map((entry) => entry.duration))).observe({ type: "longtask" });
}"""
STOP = "() => { cancelAnimationFrame(window.ticking); return [window.ticks, window.longTasks]; }"
LAST_FRAME = 1000 / 60
CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline"]


@dataclass(frozen=True)
class Figures:
    """Milliseconds between frames, and what one frame cost in elements."""

    gaps: list[float]
    long_tasks: list[float]
    styled: list[int]
    laid_out: list[int]
    forced: int
    cpu: float

    @property
    def rate(self) -> float:
        """Frames a second."""
        return 1000 * len(self.gaps) / sum(self.gaps)

    @property
    def late(self) -> float:
        """Share of frames that missed one or more of 60 a second."""
        return sum(gap > 1.5 * LAST_FRAME for gap in self.gaps) / len(self.gaps)

    def __str__(self) -> str:
        gaps, styled, laid = sorted(self.gaps), sorted(self.styled), sorted(self.laid_out)
        return (
            f"{self.rate:.1f} frames/s, {100 * self.late:.1f} % late, gap p95 {at(gaps, 95):.1f}"
            f" max {gaps[-1]:.1f} ms; long tasks {[round(ms) for ms in self.long_tasks]};"
            f" styled p50 {at(styled, 50)} p95 {at(styled, 95)} elements;"
            f" laid out p50 {at(laid, 50)} p95 {at(laid, 95)} max {at(laid, 100)} objects"
            f" in {len(laid)} layouts, {self.forced} forced by a script;"
            f" main thread {self.cpu / len(self.gaps):.1f} ms of CPU a frame"
        )


def at(values: list[Any], percent: int) -> Any:
    return values[min(len(values) - 1, len(values) * percent // 100)] if values else 0


class Watch:
    """`with Watch(page) as watch: ...`, then `watch.figures`."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.figures = Figures([], [], [], [], 0, 0.0)

    def __enter__(self) -> "Watch":
        browser = self.page.context.browser
        assert browser is not None
        self.browser = browser
        self.page.evaluate(TICKS)
        browser.start_tracing(page=self.page, categories=CATEGORIES)
        return self

    def __exit__(self, *_: object) -> None:
        ticks, long_tasks = self.page.evaluate(STOP)
        events = json.loads(self.browser.stop_tracing())["traceEvents"]
        gaps = [after - before for before, after in pairwise(ticks)]
        self.figures = Figures(gaps, long_tasks, *counted(events))


def counted(events: list[dict[str, Any]]) -> tuple[list[int], list[int], int, float]:
    """Elements styled, objects laid out, layouts forced by scripts, milliseconds of CPU."""
    named = [(event["name"], event.get("args", {})) for event in events]
    styled = [
        args["elementCount"]
        for name, args in named
        if name == "UpdateLayoutTree" and "elementCount" in args
    ]
    layouts = [args for name, args in named if name == "Layout" and "beginData" in args]
    laid_out = [args["beginData"]["dirtyObjects"] for args in layouts]
    forced = sum("stackTrace" in args["beginData"] for args in layouts)
    return styled, laid_out, forced, cpu_of(events)


def cpu_of(events: list[dict[str, Any]]) -> float:
    """Milliseconds that the thread which lays out was busy, whatever else the machine did."""
    threads = {(event["pid"], event["tid"]) for event in events if event["name"] == "Layout"}
    tasks = (event for event in events if event["name"] == "RunTask")
    found = (e.get("tdur", 0) for e in tasks if (e["pid"], e["tid"]) in threads)
    return float(sum(found)) / 1000
