"""What stands below the table: pages while people stream, and what to doubt."""

from collections.abc import Iterator

from benchmarks.browser import Browsed
from benchmarks.rounds import Measured
from benchmarks.table import Read, Run, median

BUSY_PERCENT = 5.0  # of all cores: with more than that by others figures are not to be trusted
LATE_MS = 25.0  # the model server or a crowd behind its own clock


def probes(found: dict[str, list[Run]]) -> Iterator[str]:
    """Pages and the event loop while people stream."""
    for name, runs in found.items():
        for people in sorted({part.people for one in runs for part in one.probed}):
            page = median(runs, probed(people, "page_p95"))
            asked = (
                f" and 20 pages a second are asked for: page p95 {page} ms" if page != "0" else ""
            )
            loop = median(runs, probed(people, "loop_p99"))
            yield f"{name}, while {people} people stream{asked}: event loop late by p99 {loop} ms."


def probed(people: int, name: str) -> Read:
    def of(one: Run) -> float | None:
        return next((getattr(part, name) for part in one.probed if part.people == people), None)

    return of


def doubts(found: dict[str, list[Run]]) -> Iterator[str]:
    """Rounds whose figures something else may have made."""
    for name, runs in found.items():
        for number, one in enumerate(runs, 1):
            for part in [*one.rounds, *one.probed]:
                if reasons := [*busy(part), *late(part)]:
                    yield f"{name}, run {number}, N={part.people}: {', '.join(reasons)}."
            if one.browsed is not None and (reasons := busy(one.browsed)):
                yield f"{name}, run {number}, Chromium: {', '.join(reasons)}."


def busy(part: Measured | Browsed) -> list[str]:
    reasons = []
    if part.busy_before > BUSY_PERCENT:
        reasons.append(f"the machine was {part.busy_before:.0f} % busy before")
    if part.busy_during > BUSY_PERCENT:
        reasons.append(f"others took {part.busy_during:.0f} % of the machine")
    return reasons


def late(part: Measured) -> list[str]:
    reasons = []
    if part.upstream_late > LATE_MS:
        reasons.append(f"the model server was {part.upstream_late:.0f} ms late")
    if part.crowd_late > LATE_MS:
        reasons.append(f"the people were {part.crowd_late:.0f} ms late")
    return reasons
