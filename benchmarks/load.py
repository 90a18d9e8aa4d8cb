"""Measure N people at once: first token, lag, CPU, memory, bytes.

`python -m benchmarks.load 1 10 50` starts PostgreSQL (with fsync, as in production), one web
process and the model server at 50 tokens per second and person, and prints a row per round.
"""

import argparse

from benchmarks.model import ModelServer
from benchmarks.rounds import Question, RoundFigures, measure_round
from benchmarks.servers import start_server
from benchmarks.texts import TEXTS, Plan

HEADER = (
    "| people | complete | first token ms p50 / p95 | lag ms p50 / p95 "
    "| web CPU s per 1,000 tokens | database | memory MB open / most | bytes, frames per token "
    "| page p95, loop p99 ms | late p99 ms: model, crowd | others: before, during |\n"
    + "|---" * 11
    + "|"
)


def format_row(figures: RoundFigures) -> str:
    """Return a round as a row of the table."""
    return (
        f"| {figures.people} | {figures.complete} of {figures.asked} "
        f"| {figures.first_p50:.1f} / {figures.first_p95:.1f} "
        f"| {figures.lag_p50:.1f} / {figures.lag_p95:.1f} "
        f"| {figures.cpu:.3f} | {figures.cpu_database:.3f} "
        f"| {figures.memory_open:.0f} / {figures.memory_peak:.0f} "
        f"| {figures.token_bytes:.0f}, {figures.token_frames:.2f} "
        f"| {figures.page_p95:.0f}, {figures.loop_p99:.0f} "
        f"| {figures.upstream_late:.1f}, {figures.crowd_late:.1f} "
        f"| {figures.busy_before:.0f} %, {figures.busy_during:.0f} % |"
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
    with (
        ModelServer() as model,
        start_server(options.server, model.url, max(options.people)) as server,
    ):
        print(HEADER, flush=True)
        for people in options.people:
            figures = measure_round(
                server, model, Question(people, plan, options.answers, options.probe)
            )
            print(format_row(figures), flush=True)
            for error in sorted(set(figures.errors))[:3]:
                print(f"  {error}")


if __name__ == "__main__":
    main()
