"""What the model server can do by itself: readers that only read.

`python -m benchmarks.ceiling 256 512` prints tokens a second, how late they left and the CPU that
writing took, so that a run shows that the model server was not what it measured.
"""

import argparse
import asyncio
import time
from dataclasses import dataclass

from benchmarks.model import Model
from benchmarks.texts import Plan
from benchmarks.wire import request

RATE = 65.0
SECONDS = 4.0


@dataclass(frozen=True)
class Ceiling:
    """`wanted` and `tokens` are a second; `late_p99` milliseconds; `cpu` shares of one core."""

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
    """Asks for an answer and lets it fall."""

    def __init__(self, question: bytes) -> None:
        self.question = question

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(self.question)


async def read(port: int, streams: int) -> None:
    plan = Plan(tokens=int(RATE * SECONDS) + 1000, rate=RATE)
    question = request("POST", "/v1/chat/completions", port, {}, plan.question().encode())
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: Reader(question), "127.0.0.1", port)
        for _ in range(streams)
    ]
    await asyncio.sleep(SECONDS)
    for transport, _ in made:
        transport.close()


def ceiling(streams: int) -> Ceiling:
    with Model() as model:
        before, began = model.state(), time.monotonic()
        asyncio.run(read(model.port, streams))
        seconds, after = time.monotonic() - began, model.state()
    cpu = (after["cpu"] - before["cpu"]) / seconds
    return Ceiling(streams, streams * RATE, after["tokens"] / seconds, after["late_p99"], cpu)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("streams", type=int, nargs="*", default=[256, 512])
    for streams in parser.parse_args().streams:
        print(ceiling(streams), flush=True)


if __name__ == "__main__":
    main()
