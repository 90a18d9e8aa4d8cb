"""Format the notes below the table: probes during a round, and doubtful figures."""

from collections.abc import Iterator

from benchmarks.browser import PageFigures
from benchmarks.rounds import RoundFigures
from benchmarks.table import Reader, Run, median

BUSY_PERCENT = 5.0  # of all cores; if other programs use more, the figures are doubtful
LATE_MS = 25.0  # how far the model server or the people may be behind schedule


def describe_probes(results: dict[str, list[Run]]) -> Iterator[str]:
    """Yield the times of pages and of the event loop while people stream."""
    for name, runs in results.items():
        for people in sorted({part.people for run in runs for part in run.probed}):
            page = median(runs, read_probe(people, "page_p95"))
            pages = (
                f" and 20 pages a second are pages for: page p95 {page} ms" if page != "0" else ""
            )
            loop = median(runs, read_probe(people, "loop_p99"))
            yield f"{name}, while {people} people stream{pages}: event loop late by p99 {loop} ms."


def read_probe(people: int, name: str) -> Reader:
    def of(run: Run) -> float | None:
        return next((getattr(part, name) for part in run.probed if part.people == people), None)

    return of


def describe_doubts(results: dict[str, list[Run]]) -> Iterator[str]:
    """Yield the rounds whose figures other programs may have influenced."""
    for name, runs in results.items():
        for number, run in enumerate(runs, 1):
            for part in [*run.rounds, *run.probed]:
                if reasons := [*busy_reasons(part), *lateness_reasons(part)]:
                    yield f"{name}, run {number}, N={part.people}: {', '.join(reasons)}."
            if run.page is not None and (reasons := busy_reasons(run.page)):
                yield f"{name}, run {number}, Chromium: {', '.join(reasons)}."


def busy_reasons(part: RoundFigures | PageFigures) -> list[str]:
    reasons = []
    if part.busy_before > BUSY_PERCENT:
        reasons.append(f"the machine was {part.busy_before:.0f} % busy before")
    if part.busy_during > BUSY_PERCENT:
        reasons.append(f"others took {part.busy_during:.0f} % of the machine")
    return reasons


def lateness_reasons(part: RoundFigures) -> list[str]:
    reasons = []
    if part.upstream_late > LATE_MS:
        reasons.append(f"the model server was {part.upstream_late:.0f} ms late")
    if part.crowd_late > LATE_MS:
        reasons.append(f"the people were {part.crowd_late:.0f} ms late")
    return reasons
