"""The table of docs/performance.md, from what was measured."""

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from benchmarks.browser import Browsed
from benchmarks.rounds import Measured

COLUMNS = (
    "",
    "largest N that keeps up",
    "CPU s per 1,000 tokens",
    "added time to first token, N=1: headless / in Chromium, ms",
    "lag upstream to DOM p50 / p95, ms",
    "memory at start / per person streaming / per idle person, MB",
    "bytes per token: prose / code / table",
    "first page: kB, requests, ms until usable at 4x throttling",
    "page's main thread, ms per token; long tasks",
    "8,000 tokens at 200/s: last token late by, ms",
)


@dataclass
class Run:
    """What one run found of one server. `firsts` are the headless first tokens of one person."""

    start_mb: float | None = None
    idle_mb: float | None = None
    rounds: list[Measured] = field(default_factory=list)
    probed: list[Measured] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)
    browsed: Browsed | None = None

    @property
    def largest(self) -> int | None:
        if not self.rounds:
            return None
        return max((one.people for one in self.rounds if one.keeps_up), default=0)


Read = Callable[[Run], float | None]


def number(value: float) -> str:
    """With about three digits; what was counted as it is."""
    if isinstance(value, int):
        return f"{value:,}"
    for digits, least in ((0, 100), (1, 10), (2, 0.1)):
        if abs(value) >= least:
            return f"{value:,.{digits}f}"
    return f"{value:.3f}" if value else "0"


def median(runs: Iterable[Run], read: Read) -> str:
    """The median, and the range in brackets where runs differ; a dash where nothing was read."""
    values = [found for run in runs if (found := read(run)) is not None]
    if not values:
        return "-"
    middle, low, high = (
        number(one) for one in (statistics.median(values), min(values), max(values))
    )
    return middle if low == high else f"{middle} ({low}–{high})"


def browsed(read: Callable[[Browsed], float | None]) -> Read:
    return lambda run: read(run.browsed) if run.browsed is not None else None


def at(people: int, read: Callable[[Measured], float]) -> Read:
    """Of the round with so many people; nothing where that one failed."""

    def of(run: Run) -> float | None:
        return next((read(one) for one in run.rounds if one.people == people), None)

    return of


def streaming_mb(run: Run) -> float | None:
    """More memory for each further person, up to the most that keep up, 50 at most."""
    kept = [one for one in run.rounds if one.keeps_up and one.people <= 50]
    if len(kept) < 2:
        return None
    few, many = kept[0], kept[-1]
    return (many.memory_peak - few.memory_peak) / (many.people - few.people)


def cpu(runs: list[Run]) -> str:
    """For each number of people; the database apart."""
    counts = sorted({one.people for run in runs for one in run.rounds})
    parts = []
    for people in counts:
        text = median(runs, at(people, lambda one: one.cpu))
        database = median(runs, at(people, lambda one: one.cpu_database))
        failed = all(not one.keeps_up for run in runs for one in run.rounds if one.people == people)
        saving = f" + {database}" if database not in ("-", "0") else ""
        parts.append(f"N={people}: {'fails, ' if failed else ''}{text}{saving}")
    return "<br>".join(parts)


def bytes_of(kind: str) -> Read:
    return browsed(lambda one: one.token_bytes.get(kind))


def row(name: str, runs: list[Run]) -> str:
    """One line of the table."""

    def all_of(*reads: Read) -> str:
        return " / ".join(median(runs, read) for read in reads)

    cells = (
        name,
        median(runs, lambda run: run.largest),
        cpu(runs),
        all_of(
            lambda run: statistics.median(run.firsts) if run.firsts else None,
            browsed(lambda one: statistics.median(one.first) if one.first else None),
        ),
        all_of(browsed(lambda one: one.lag_p50), browsed(lambda one: one.lag_p95)),
        all_of(lambda run: run.start_mb, streaming_mb, lambda run: run.idle_mb),
        all_of(bytes_of("prose"), bytes_of("code"), bytes_of("table")),
        page(runs),
        all_of(browsed(lambda one: one.main_thread))
        + f"; {median(runs, browsed(lambda one: len(one.long_tasks)))}",
        median(runs, browsed(lambda one: one.last_late)),
    )
    return "| " + " | ".join(cells) + " |"


def page(runs: list[Run]) -> str:
    kilobytes = median(runs, browsed(lambda one: one.page_bytes / 1000))
    requests = median(runs, browsed(lambda one: one.page_requests))
    interactive = median(runs, browsed(lambda one: one.interactive))
    return f"{kilobytes}, {requests}, {interactive}"


def table(found: dict[str, list[Run]]) -> str:
    """All servers, in Markdown."""
    head = ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    return "\n".join([*head, *(row(name, runs) for name, runs in found.items())])
