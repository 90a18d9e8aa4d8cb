"""Format the table of docs/performance.md."""

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from benchmarks.browser import PageFigures
from benchmarks.rounds import RoundFigures

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
    """The figures of one run of one server.

    `firsts` are the times to the first token of one person without a browser, in milliseconds.
    """

    start_mb: float | None = None
    idle_mb: float | None = None
    rounds: list[RoundFigures] = field(default_factory=list)
    probed: list[RoundFigures] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)
    page: PageFigures | None = None

    @property
    def largest(self) -> int | None:
        """Return the largest number of people that the server keeps up with."""
        if not self.rounds:
            return None
        return max((part.people for part in self.rounds if part.keeps_up), default=0)


Reader = Callable[[Run], float | None]


def format_number(value: float) -> str:
    """Return an integer in full, and any other number with about three digits."""
    if isinstance(value, int):
        return f"{value:,}"
    for digits, minimum in ((0, 100), (1, 10), (2, 0.1)):
        if abs(value) >= minimum:
            return f"{value:,.{digits}f}"
    return f"{value:.3f}" if value else "0"


def median(runs: Iterable[Run], read: Reader) -> str:
    """Return the median, with the range in brackets if the runs differ; "-" without values."""
    values = [value for run in runs if (value := read(run)) is not None]
    if not values:
        return "-"
    middle, low, high = (
        format_number(value) for value in (statistics.median(values), min(values), max(values))
    )
    return middle if low == high else f"{middle} ({low}–{high})"


def from_page(read: Callable[[PageFigures], float | None]) -> Reader:
    """Return a reader of a figure that was measured in Chromium."""
    return lambda run: read(run.page) if run.page is not None else None


def at_people(people: int, read: Callable[[RoundFigures], float]) -> Reader:
    """Return a reader of a figure of the round with this number of people."""

    def read_run(run: Run) -> float | None:
        return next((read(part) for part in run.rounds if part.people == people), None)

    return read_run


def streaming_mb(run: Run) -> float | None:
    """Return the MB for each further person who streams, for at most 50 people."""
    rounds = [part for part in run.rounds if part.keeps_up and part.people <= 50]
    if len(rounds) < 2:
        return None
    few, many = rounds[0], rounds[-1]
    return (many.memory_peak - few.memory_peak) / (many.people - few.people)


def cpu_cell(runs: list[Run]) -> str:
    """Return the CPU seconds for each number of people, those of the database after a `+`."""
    counts = sorted({part.people for run in runs for part in run.rounds})
    parts = []
    for people in counts:
        text = median(runs, at_people(people, lambda part: part.cpu))
        database = median(runs, at_people(people, lambda part: part.cpu_database))
        rounds = [part for run in runs for part in run.rounds if part.people == people]
        failure = "" if any(part.keeps_up for part in rounds) else "fails, "
        addition = f" + {database}" if database not in ("-", "0") else ""
        parts.append(f"N={people}: {failure}{text}{addition}")
    return "<br>".join(parts)


def bytes_of(kind: str) -> Reader:
    """Return a reader of the bytes per token of one kind of text."""
    return from_page(lambda page: page.token_bytes.get(kind))


def format_row(name: str, runs: list[Run]) -> str:
    """Return one server's row of the table."""

    def medians(*reads: Reader) -> str:
        return " / ".join(median(runs, read) for read in reads)

    cells = (
        name,
        median(runs, lambda run: run.largest),
        cpu_cell(runs),
        medians(
            lambda run: statistics.median(run.firsts) if run.firsts else None,
            from_page(lambda page: statistics.median(page.first) if page.first else None),
        ),
        medians(from_page(lambda page: page.lag_p50), from_page(lambda page: page.lag_p95)),
        medians(lambda run: run.start_mb, streaming_mb, lambda run: run.idle_mb),
        medians(bytes_of("prose"), bytes_of("code"), bytes_of("table")),
        page_cell(runs),
        medians(from_page(lambda page: page.main_thread))
        + f"; {median(runs, from_page(lambda page: len(page.long_tasks)))}",
        median(runs, from_page(lambda page: page.last_late)),
    )
    return "| " + " | ".join(cells) + " |"


def page_cell(runs: list[Run]) -> str:
    """Return the size, the requests and the loading time of the first page."""
    kilobytes = median(runs, from_page(lambda page: page.page_bytes / 1000))
    requests = median(runs, from_page(lambda page: page.page_requests))
    interactive = median(runs, from_page(lambda page: page.interactive))
    return f"{kilobytes}, {requests}, {interactive}"


def format_table(results: dict[str, list[Run]]) -> str:
    """Return the table of all servers in Markdown."""
    head = ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    return "\n".join([*head, *(format_row(name, runs) for name, runs in results.items())])
