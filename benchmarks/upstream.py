"""A model server that is never the bottleneck: every stream is written by one ticking clock.

`python -m benchmarks.upstream --rate 50 --tokens 300` prints its port. Each answer is `tokens`
words at `rate` a second; every `MARK_EVERY`th word is the time it left, in milliseconds of the
machine's monotonic clock, which all processes of a machine share.
"""

import argparse
import asyncio
import json
import time
from dataclasses import dataclass, field

MARK_EVERY = 5
TICKS_PER_TOKEN = 8  # streams are spread over this many phases, so that they do not leave together
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
    b"Connection: keep-alive\r\n\r\n"
)
LINES = ("The", "answer", "goes", "on", "and", "says", "a", "little", "more", "each", "time")


@dataclass(eq=False)
class Stream(asyncio.Protocol):
    """One connection, one request, one answer."""

    server: "Server"
    sent: int = 0
    received: bytearray = field(default_factory=bytearray)
    transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found or len(body) < length_of(bytes(head)):
            return
        self.received.clear()
        assert self.transport is not None
        self.transport.write(HEAD)
        self.sent = 0
        self.server.begin(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.server.end(self)

    def token(self) -> bool:
        """Write the next token; whether there are more."""
        assert self.transport is not None
        if self.sent == self.server.tokens:
            self.transport.write(chunk({"delta": {}, "finish_reason": "stop"}) + DONE)
            return False
        self.transport.write(chunk({"delta": {"content": self.word()}, "finish_reason": None}))
        self.sent += 1
        return True

    def word(self) -> str:
        if self.sent % MARK_EVERY == 0:
            return f" t{time.monotonic_ns() // 1_000_000}"
        word = LINES[self.sent % len(LINES)]
        return f" {word}.\n\n" if self.sent % 60 == 59 else f" {word}"


def length_of(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


def chunk(choice: dict[str, object]) -> bytes:
    data = b"data: " + json.dumps({"choices": [{"index": 0, **choice}]}).encode() + b"\n\n"
    return b"%x\r\n%s\r\n" % (len(data), data)


DONE = b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"


class Server:
    """All streams, in as many phases as there are ticks between two tokens of one stream."""

    def __init__(self, rate: float, tokens: int) -> None:
        self.rate, self.tokens = rate, tokens
        self.phases: list[set[Stream]] = [set() for _ in range(TICKS_PER_TOKEN)]
        self.next = 0
        self.latest = 0.0

    def begin(self, stream: Stream) -> None:
        stream.token()
        self.phases[self.next % TICKS_PER_TOKEN].add(stream)
        self.next += 1

    def end(self, stream: Stream) -> None:
        for phase in self.phases:
            phase.discard(stream)

    async def tick(self) -> None:
        """`latest` is how far behind its own clock the server ever was, in seconds."""
        pause = 1 / self.rate / TICKS_PER_TOKEN
        due, turn = time.monotonic(), 0
        while True:
            due += pause
            turn = (turn + 1) % TICKS_PER_TOKEN
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self.latest = max(self.latest, time.monotonic() - due)
            for stream in list(self.phases[turn]):
                if not stream.token():
                    self.phases[turn].discard(stream)


async def serve(port: int, rate: float, tokens: int) -> None:
    server = Server(rate, tokens)
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: Stream(server), "127.0.0.1", port, backlog=1024)
    print(json.dumps({"port": listening.sockets[0].getsockname()[1]}), flush=True)
    await server.tick()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rate", type=float, default=50, help="tokens a second for each stream")
    parser.add_argument("--tokens", type=int, default=300)
    options = parser.parse_args()
    asyncio.run(serve(options.port, options.rate, options.tokens))


if __name__ == "__main__":
    main()
