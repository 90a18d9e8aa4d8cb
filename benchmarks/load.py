"""How this product carries N people at once: first token, lag, CPU, memory, bytes.

`python -m benchmarks.load 1 10 50` starts PostgreSQL (with fsync, as in production), one web
process and the model server at 50 tokens a second for each person, and prints a row a round.
"""

import argparse

from benchmarks.model import Model
from benchmarks.rounds import Measured, Question, measure
from benchmarks.servers import started
from benchmarks.texts import TEXTS, Plan

HEADER = (
    "| people | complete | first token ms p50 / p95 | lag ms p50 / p95 "
    "| web CPU s per 1,000 tokens | database | memory MB open / most | bytes, frames per token "
    "| page p95, loop p99 ms | late p99 ms: model, crowd | others: before, during |\n"
    + "|---" * 11
    + "|"
)


def row(found: Measured) -> str:
    return (
        f"| {found.people} | {found.complete} of {found.asked} "
        f"| {found.first_p50:.1f} / {found.first_p95:.1f} "
        f"| {found.lag_p50:.1f} / {found.lag_p95:.1f} "
        f"| {found.cpu:.3f} | {found.cpu_database:.3f} "
        f"| {found.memory_open:.0f} / {found.memory_peak:.0f} "
        f"| {found.token_bytes:.0f}, {found.token_frames:.2f} "
        f"| {found.page_p95:.0f}, {found.loop_p99:.0f} "
        f"| {found.upstream_late:.1f}, {found.crowd_late:.1f} "
        f"| {found.busy_before:.0f} %, {found.busy_during:.0f} % |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("people", type=int, nargs="+")
    parser.add_argument("--server", default="ours", help="ours, cluster, panel, gradio, chainlit")
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--tokens", type=int, default=300)
    parser.add_argument("--kind", choices=sorted(TEXTS), default="prose")
    parser.add_argument("--answers", type=int, default=1, help="by each person, in a row")
    parser.add_argument("--probe", choices=["pings", "pages"], default="", help="meanwhile")
    options = parser.parse_args()
    plan = Plan(options.kind, options.tokens, options.rate)
    with Model() as model, started(options.server, model.url, max(options.people)) as server:
        print(HEADER, flush=True)
        for people in options.people:
            found = measure(server, model, Question(people, plan, options.answers, options.probe))
            print(row(found), flush=True)
            for trouble in sorted(set(found.troubles))[:3]:
                print(f"  {trouble}")


if __name__ == "__main__":
    main()
