"""Run the whole measurement: `make bench`, or `python -m benchmarks`.

Measures this product and its peers three times each, in turns, and prints the table of
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

from benchmarks.ceiling import measure_ceiling
from benchmarks.ladder import LADDERS, RunOptions, run_once
from benchmarks.notes import describe_doubts, describe_probes
from benchmarks.table import Run, format_table


def parse_options() -> argparse.Namespace:
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


def measure_all(options: argparse.Namespace) -> dict[str, list[Run]]:
    """Measure the servers in turns, so that a busy minute does not affect only one of them."""
    results: dict[str, list[Run]] = {}
    for number in range(options.runs):
        run_options = RunOptions(
            people=tuple(options.people),
            tokens=options.tokens,
            answers=options.answers,
            load="load" not in options.without,
            browser="browser" not in options.without,
            once=number == 0 and "once" not in options.without,
        )
        for kind in options.only:
            name, run = run_once(kind, run_options)
            results.setdefault(name, []).append(run)
            if options.json:
                figures = {name: [asdict(run) for run in runs] for name, runs in results.items()}
                options.json.write_text(json.dumps(figures, indent=1))
    return results


def main() -> None:
    options = parse_options()
    # SystemExit lets the context managers end the servers.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    started_at = time.monotonic()
    print(*(measure_ceiling(streams) for streams in (256, 512)), sep="\n", flush=True)
    results = measure_all(options)
    print()
    print(
        format_heading(options.runs, (time.monotonic() - started_at) / 60),
        format_table(results),
        sep="\n\n",
    )
    for line in [*describe_probes(results), *describe_doubts(results)]:
        print(f"\n{line}")


def format_heading(runs: int, minutes: float) -> str:
    """Describe the machine and the command."""
    memory = psutil.virtual_memory().total / 1e9
    return (
        f"{psutil.cpu_count()} cores, {memory:.0f} GB, {platform.system()}, Python "
        f"{platform.python_version()}; runs: {runs}, in {minutes:.0f} minutes, by "
        f"`python -m benchmarks {' '.join(sys.argv[1:])}`."
    )


if __name__ == "__main__":
    main()
