"""The whole measurement: `make bench`, or `python -m benchmarks`.

Runs this product and its peers three times each, one after another, and prints the table of
docs/performance.md with median and range. `--only ours --people 1 10 --runs 1` is a short form.
"""

import argparse
import json
import platform
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from benchmarks.ceiling import ceiling
from benchmarks.ladder import LADDERS, Wishes, run
from benchmarks.notes import doubts, probes
from benchmarks.table import Run, table


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=list(LADDERS), default=list(LADDERS))
    parser.add_argument("--people", nargs="+", type=int, default=[], help="instead of the ladders")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=300, help="of an answer under load")
    parser.add_argument("--answers", type=int, default=2, help="by each person, in a row")
    parser.add_argument("--without", nargs="+", choices=["load", "browser", "once"], default=[])
    parser.add_argument("--json", type=Path, help="keep all figures in this file")
    return parser.parse_args()


def measured(asked: argparse.Namespace) -> dict[str, list[Run]]:
    """Run by run, so that a busy minute does not fall on one server alone."""
    found: dict[str, list[Run]] = {}
    for number in range(asked.runs):
        wishes = Wishes(
            people=tuple(asked.people),
            tokens=asked.tokens,
            answers=asked.answers,
            load="load" not in asked.without,
            browser="browser" not in asked.without,
            once=number == 0 and "once" not in asked.without,
        )
        for kind in asked.only:
            name, one = run(kind, wishes)
            found.setdefault(name, []).append(one)
            if asked.json:
                kept = {name: [asdict(one) for one in runs] for name, runs in found.items()}
                asked.json.write_text(json.dumps(kept, indent=1))
    return found


def main() -> None:
    asked = options()
    # What was started is ended with this process.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    began = time.monotonic()
    print(*(ceiling(streams) for streams in (256, 512)), sep="\n", flush=True)
    found = measured(asked)
    print()
    print(heading(asked.runs, (time.monotonic() - began) / 60), table(found), sep="\n\n")
    for line in [*probes(found), *doubts(found)]:
        print(f"\n{line}")


def heading(runs: int, minutes: float) -> str:
    memory = psutil.virtual_memory().total / 1e9
    return (
        f"{psutil.cpu_count()} cores, {memory:.0f} GB, {platform.system()}, Python "
        f"{platform.python_version()}; runs: {runs}, in {minutes:.0f} minutes, by "
        f"`python -m benchmarks {' '.join(sys.argv[1:])}`."
    )


if __name__ == "__main__":
    main()
