"""What is asked of each server, from one person up to more than it carries."""

import sys
from dataclasses import dataclass

from benchmarks.browser import browse
from benchmarks.counters import memory_mb
from benchmarks.load import HEADER, row
from benchmarks.model import Model
from benchmarks.rounds import Crowds, Measured, Question, jobs, measure
from benchmarks.servers import Server, started
from benchmarks.table import Run
from benchmarks.texts import Plan

LADDERS = {
    "ours": [1, 10, 50, 100, 150, 200, 256],
    "cluster": [256],
    "panel": [1, 4, 8],
    "gradio": [1, 10, 25, 50],
    "chainlit": [1, 10, 50, 75, 100],
}
RATES = {"cluster": 65.0}  # one H100 in the shape of Mistral-7B: 256 people at 65 each
PROBED = {"ours": {50: "pages", 150: "pings"}}
FIRST_QUESTIONS = 10
IDLE_PEOPLE = 50


@dataclass(frozen=True)
class Wishes:
    """What to measure. `people` replaces the ladder of each server."""

    people: tuple[int, ...] = ()
    tokens: int = 300
    answers: int = 2
    load: bool = True
    browser: bool = True
    once: bool = True  # what need not be measured in each run: bytes, and the peers' long answer


def say(text: str) -> None:
    """Progress, apart from the table."""
    print(text, file=sys.stderr, flush=True)


def run(kind: str, wishes: Wishes) -> tuple[str, Run]:
    """One run of one server: its name, and what was found."""
    name, found = kind, Run()
    ladder = list(wishes.people) or LADDERS[kind]
    with Model() as model:
        if wishes.load:
            with started(kind, model.url, max([*ladder, IDLE_PEOPLE])) as server:
                name, found = server.name, loaded(kind, server, model, ladder, wishes)
        # A server that has just failed is not what a page should be opened on.
        if wishes.browser and kind != "cluster":
            with started(kind, model.url, 1) as server:
                name = server.name
                fast = wishes.once or kind == "ours"
                found.browsed = browse(server, fast=fast, tap=wishes.once)
                say(f"{found.browsed}")
    return name, found


def loaded(kind: str, server: Server, model: Model, ladder: list[int], wishes: Wishes) -> Run:
    """Everything that is measured without a browser."""
    found = Run(start_mb=memory_mb(server.web) / len(server.web))
    found.idle_mb = idle(server)
    say(
        f"\n{server.name}: {found.start_mb:.0f} MB at start, {found.idle_mb:.3f} MB for each "
        f"open page\n{HEADER}"
    )
    found.firsts = firsts(server, model)
    climb(kind, server, model, ladder, wishes, found)
    return found


def idle(server: Server) -> float:
    """MB for each page that is open while nobody asks; a few before make what is made once."""
    memory = []
    for people in (IDLE_PEOPLE // 5, IDLE_PEOPLE):
        crowds = Crowds(jobs(server, Question(people)))
        try:
            memory.append(memory_mb(server.web))
            crowds.do("open")
            memory.append(memory_mb(server.web))
        finally:
            crowds.end()
    return (memory[3] - memory[2]) / IDLE_PEOPLE


def firsts(server: Server, model: Model) -> list[float]:
    """First tokens of one person who asks short questions, one after another."""
    short = Question(1, Plan(tokens=30, rate=50), answers=FIRST_QUESTIONS)
    found = shown(measure(server, model, short))
    return [found.first_p50]


def climb(
    kind: str, server: Server, model: Model, ladder: list[int], wishes: Wishes, found: Run
) -> None:
    """Up to the first number of people that it does not carry."""
    plan = Plan(tokens=wishes.tokens, rate=RATES.get(kind, 50.0))
    for people in ladder:
        found.rounds.append(shown(measure(server, model, Question(people, plan, wishes.answers))))
        if not found.rounds[-1].keeps_up:
            break
    for people, probe in PROBED.get(kind, {}).items():
        if people <= (found.largest or 0):
            question = Question(people, plan, wishes.answers, probe=probe)
            found.probed.append(shown(measure(server, model, question)))


def shown(found: Measured) -> Measured:
    say(row(found))
    for trouble in sorted(set(found.troubles))[:3]:
        say(f"  {trouble}")
    return found
