"""Measure one server with more and more people, until it no longer keeps up."""

import sys
from dataclasses import dataclass

from benchmarks.browser import measure_page
from benchmarks.counters import memory_mb
from benchmarks.load import HEADER, format_row
from benchmarks.model import ModelServer
from benchmarks.rounds import Crowds, Question, RoundFigures, make_jobs, measure_round
from benchmarks.servers import Server, start_server
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
class RunOptions:
    """What to measure; `people` replaces the steps of each server."""

    people: tuple[int, ...] = ()
    tokens: int = 300
    answers: int = 2
    load: bool = True
    browser: bool = True
    once: bool = True  # also the figures that one run is enough for: bytes, peers' long answers


def print_progress(text: str) -> None:
    """Print progress to standard error, so that standard output has only the table."""
    print(text, file=sys.stderr, flush=True)


def run_once(kind: str, options: RunOptions) -> tuple[str, Run]:
    """Measure one server once; return its name and its figures."""
    name, result = kind, Run()
    ladder = list(options.people) or LADDERS[kind]
    with ModelServer() as model:
        if options.load:
            with start_server(kind, model.url, max([*ladder, IDLE_PEOPLE])) as server:
                name, result = server.name, measure_load(kind, server, model, ladder, options)
        # Start another server for the browser: the previous one has just been overloaded.
        if options.browser and kind != "cluster":
            with start_server(kind, model.url, 1) as server:
                name = server.name
                fast = options.once or kind == "ours"
                result.page = measure_page(server, fast=fast, tap=options.once)
                print_progress(f"{result.page}")
    return name, result


def measure_load(
    kind: str, server: Server, model: ModelServer, ladder: list[int], options: RunOptions
) -> Run:
    """Measure everything that needs no browser."""
    result = Run(start_mb=memory_mb(server.web) / len(server.web))
    result.idle_mb = measure_idle_memory(server)
    print_progress(
        f"\n{server.name}: {result.start_mb:.0f} MB at start, {result.idle_mb:.3f} MB for each "
        f"open page\n{HEADER}"
    )
    result.firsts = measure_first_tokens(server, model)
    add_rounds(kind, server, model, ladder, options, result)
    return result


def measure_idle_memory(server: Server) -> float:
    """Return the MB of each open page while nobody asks.

    A smaller round before it fills the server's caches.
    """
    memory = []
    for people in (IDLE_PEOPLE // 5, IDLE_PEOPLE):
        crowds = Crowds(make_jobs(server, Question(people)))
        try:
            memory.append(memory_mb(server.web))
            crowds.command("open")
            memory.append(memory_mb(server.web))
        finally:
            crowds.end()
    return (memory[3] - memory[2]) / IDLE_PEOPLE


def measure_first_tokens(server: Server, model: ModelServer) -> list[float]:
    """Return the times to the first token of one person who asks short questions in a row."""
    short = Question(1, Plan(tokens=30, rate=50), answers=FIRST_QUESTIONS)
    result = report(measure_round(server, model, short))
    return [result.first_p50]


def add_rounds(
    kind: str,
    server: Server,
    model: ModelServer,
    ladder: list[int],
    options: RunOptions,
    result: Run,
) -> None:
    """Measure rounds up to the first number of people that the server cannot keep up with."""
    plan = Plan(tokens=options.tokens, rate=RATES.get(kind, 50.0))
    for people in ladder:
        result.rounds.append(
            report(measure_round(server, model, Question(people, plan, options.answers)))
        )
        if not result.rounds[-1].keeps_up:
            break
    for people, probe in PROBED.get(kind, {}).items():
        if people <= (result.largest or 0):
            question = Question(people, plan, options.answers, probe=probe)
            result.probed.append(report(measure_round(server, model, question)))


def report(result: RoundFigures) -> RoundFigures:
    """Print a round and its first errors, and return it."""
    print_progress(format_row(result))
    for error in sorted(set(result.errors))[:3]:
        print_progress(f"  {error}")
    return result
