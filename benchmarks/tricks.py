"""What optimisations save, measured with and without them in turns.

`python -m benchmarks.tricks framing handler --people 60 --seconds 40 --turns 3` starts a server of
this product, and one without each of the optimisations, on one database. People chat with them in
turns. It prints the user and system CPU time of the web process for each 1,000 tokens: wall-clock
time does not count, so the machine may be shared. `benchmarks/without.py` has the optimisations.
"""

import argparse
import signal
import statistics
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.database import temporary_database
from benchmarks.model import ModelServer
from benchmarks.rounds import Question, RoundFigures, measure_round
from benchmarks.servers import Server, create_sessions
from benchmarks.texts import Plan
from benchmarks.without import TRICKS
from tests.support.site import Site

TOKENS, RATE = 300, 50.0
ALL = "nothing"  # is replaced


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tricks", description=__doc__)
    parser.add_argument("tricks", nargs="+", choices=sorted(set(TRICKS) - {ALL}), metavar="trick")
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--seconds", type=int, default=40, help="of streaming in each round")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=TOKENS, help="of one answer")
    parser.add_argument("--interval", type=float, default=0.3, help="seconds between frames")
    return parser.parse_args()


def compare(
    tricks: list[str], question: Question, turns: int, interval: float
) -> list[dict[str, float]]:
    """Return CPU seconds per 1,000 tokens for each turn: of each trick's absence, and of ALL."""
    with ExitStack() as stack:
        model = stack.enter_context(ModelServer())
        servers = stack.enter_context(started(model.url, question.people, tricks, interval))
        results = []
        for number in range(turns):
            # The order alternates, so that a machine that gets busier does not favour one.
            names = list(servers) if number % 2 == 0 else list(reversed(servers))
            results.append({name: one_round(servers[name], model, question) for name in names})
            for trick in tricks:
                print_saving(trick, results[-1][ALL], results[-1][trick])
    return results


@contextmanager
def started(
    upstream: str, people: int, tricks: list[str], interval: float
) -> Iterator[dict[str, Server]]:
    """Start a web process with all optimisations, and one without each of `tricks`."""
    modules = {name: ("benchmarks.without", name, str(interval)) for name in (ALL, *tricks)}
    with ExitStack() as stack:
        _, values = stack.enter_context(temporary_database())
        values["INFERENCE_BASE_URL"] = upstream
        sites = {
            name: stack.enter_context(Site(values, module)) for name, module in modules.items()
        }
        keys = create_sessions(sites[ALL], people)
        yield {name: server_of(name, site, keys) for name, site in sites.items()}


def server_of(name: str, site: Site, keys: list[str]) -> Server:
    assert site.process is not None
    return Server("ours", name, [site.port], [site.process.pid], sessions=keys)


def one_round(server: Server, model: ModelServer, question: Question) -> float:
    result = measure_round(server, model, question)
    print(
        f"  without {server.name}: {result.cpu:.4f} s, {1000 * result.token_frames:.0f} frames",
        file=sys.stderr,
        flush=True,
    )
    if problems := problems_of(result):
        print(f"  {problems}", file=sys.stderr, flush=True)
    return result.cpu


def problems_of(result: RoundFigures) -> str:
    """Return why the round does not count fully; "" for a clean one."""
    missing = result.asked - result.complete
    return f"{missing} answers incomplete: {result.errors[:2]}" if missing else ""


def print_saving(label: str, tuned: float, plain: float) -> None:
    saved = 100 * (1 - tuned / plain)
    print(f"{label}: {tuned:.4f} s with, {plain:.4f} s without: {saved:+.1f} %", flush=True)


def main() -> None:
    chosen = options()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    answers = max(1, round(chosen.seconds * RATE / chosen.tokens))
    question = Question(chosen.people, Plan(tokens=chosen.tokens, rate=RATE), answers)
    turns = compare(chosen.tricks, question, chosen.turns, chosen.interval)
    tuned = statistics.median(turn[ALL] for turn in turns)
    for trick in chosen.tricks:
        plain = statistics.median(turn[trick] for turn in turns)
        print_saving(f"{trick}, median of {len(turns)}", tuned, plain)


if __name__ == "__main__":
    main()
