"""Measure the model server alone, with readers that discard everything.

`python -m benchmarks.ceiling 256 512` prints its tokens per second, how late they left and the CPU
time of writing them, which shows that the model server is not the bottleneck of a run.
"""

import argparse
import asyncio
import time
from dataclasses import dataclass

from benchmarks.model import ModelServer
from benchmarks.texts import Plan
from benchmarks.wire import format_request

RATE = 65.0
SECONDS = 4.0


@dataclass(frozen=True)
class Ceiling:
    """Figures of the model server alone.

    `wanted` and `tokens` are tokens per second, `late_p99` is in milliseconds, `cpu` in cores.
    """

    streams: int
    wanted: float
    tokens: float
    late_p99: float
    cpu: float

    def __str__(self) -> str:
        return (
            f"the model server alone, {self.streams} streams: {self.tokens:,.0f} of "
            f"{self.wanted:,.0f} tokens a second, late by p99 {self.late_p99:.1f} ms, "
            f"{100 * self.cpu:.0f} % of a core"
        )


class Reader(asyncio.Protocol):
    """Requests an answer and discards it."""

    def __init__(self, question: bytes) -> None:
        self.question = question

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self.question)


async def read_streams(port: int, streams: int) -> None:
    plan = Plan(tokens=int(RATE * SECONDS) + 1000, rate=RATE)
    question = format_request("POST", "/v1/chat/completions", port, {}, plan.question().encode())
    loop = asyncio.get_running_loop()
    connections = [
        await loop.create_connection(lambda: Reader(question), "127.0.0.1", port)
        for _ in range(streams)
    ]
    await asyncio.sleep(SECONDS)
    for transport, _ in connections:
        transport.close()


def measure_ceiling(streams: int) -> Ceiling:
    """Measure the model server with this number of streams."""
    with ModelServer() as model:
        before, start = model.state(), time.monotonic()
        asyncio.run(read_streams(model.port, streams))
        seconds, after = time.monotonic() - start, model.state()
    cpu = (after["cpu"] - before["cpu"]) / seconds
    return Ceiling(streams, streams * RATE, after["tokens"] / seconds, after["late_p99"], cpu)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("streams", type=int, nargs="*", default=[256, 512])
    for streams in parser.parse_args().streams:
        print(measure_ceiling(streams), flush=True)


if __name__ == "__main__":
    main()
