"""A model server that is never the bottleneck: one clock writes all answers.

`python -m benchmarks.upstream` prints its port. A question that contains a plan (`texts.Plan`) is
answered by that plan, any other by the options. Events are built once, with a gap for the mark,
which holds the time of its tick. `GET /state` returns how late tokens left, and resets the figures.
"""

import argparse
import asyncio
import heapq
import json
import resource
from dataclasses import dataclass, field
from itertools import count

from benchmarks.marks import LENGTH, mark, now_ticks
from benchmarks.texts import TEXTS, Plan, split_tokens

TICK = 0.002  # seconds; a token leaves at the first tick after it is due
STREAM = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    b"Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n"
)
DONE = b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"
STAMP = "\x01" * LENGTH
Piece = tuple[bytes, bytes]  # the bytes before and after a mark; nothing after: no mark


def event(choices: list[dict[str, object]], **more: object) -> bytes:
    """Return a server-sent event with a `chat.completion.chunk`, as an HTTP chunk."""
    body = {
        "id": "chatcmpl-0123456789abcdef",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "bench",
        "system_fingerprint": "bench",
        "choices": choices,
        **more,
    }
    data = b"data: " + json.dumps(body, separators=(",", ":")).encode() + b"\n\n"
    return b"%x\r\n%s\r\n" % (len(data), data)


def delta(content: str) -> bytes:
    choice = {"delta": {"role": "assistant", "content": content}, "logprobs": None}
    return event([{"index": 0, **choice, "finish_reason": None}])


def piece(token: str) -> Piece:
    word = token.strip()
    if "Q" not in word:
        return delta(token), b""
    # A placeholder of the same length, without characters that JSON escapes.
    whole = delta(token.replace("Q", "#" * LENGTH, 1))
    before, _, after = whole.partition(b"#" * LENGTH)
    return before, after


PIECES = {
    kind: ([piece(token) for token in split_tokens(start)], [piece(t) for t in split_tokens(again)])
    for kind, (start, again) in TEXTS.items()
}
LAST = event([{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}])


def usage(tokens: int) -> bytes:
    counts = {"prompt_tokens": 20, "completion_tokens": tokens, "total_tokens": 20 + tokens}
    return event([], usage=counts)


@dataclass(eq=False, slots=True)
class Answer:
    """An answer being written; `due` is the loop's time at which its next token should leave."""

    transport: asyncio.Transport
    plan: Plan
    due: float
    with_usage: bool
    sent: int = 0

    def write(self, stamp: bytes) -> bool:
        """Write the next token; return whether more follow."""
        plan = self.plan
        if self.transport.is_closing():
            return False
        if self.sent == plan.tokens:
            self.transport.write(LAST + (usage(plan.tokens) if self.with_usage else b"") + DONE)
            return False
        start, again = PIECES[plan.kind]
        index = self.sent - len(start)
        before, after = start[self.sent] if index < 0 else again[index % len(again)]
        self.transport.write(before + stamp + after if after else before)
        self.sent += 1
        self.due += 1 / plan.rate
        return True


@dataclass(eq=False)
class Connection(asyncio.Protocol):
    """A connection; it serves one request after another."""

    server: "Server"
    received: bytearray = field(default_factory=bytearray)
    transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator or len(body) < length_of(bytes(head)):
            return
        self.received.clear()
        assert self.transport is not None
        if head.startswith(b"POST"):
            self.transport.write(STREAM)
            self.server.begin(self.transport, bytes(body))
        else:
            path = bytes(head.split(b" ", 2)[1])
            self.transport.write(document(self.server.page(path)))


def length_of(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


def document(value: object) -> bytes:
    data = json.dumps(value).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(data) + data


class Server:
    """Holds all answers, ordered by the time at which their next token is due."""

    def __init__(self, default: Plan) -> None:
        self.default = default
        self.answers: list[tuple[float, int, Answer]] = []
        self.numbers = count()
        self.more = asyncio.Event()
        self.late_ms: list[float] = []
        self.tokens = 0

    def begin(self, transport: asyncio.Transport, body: bytes) -> None:
        """Start an answer; its first token leaves at once, so this server adds no delay."""
        plan = Plan.parse(body, self.default)
        start = asyncio.get_running_loop().time()
        self.step(Answer(transport, plan, start, b"include_usage" in body), mark(now_ticks()))
        self.more.set()

    def step(self, answer: Answer, stamp: bytes) -> None:
        if answer.write(stamp):
            self.tokens += 1
            heapq.heappush(self.answers, (answer.due, next(self.numbers), answer))

    def page(self, path: bytes) -> object:
        if path == b"/state":
            return self.state()
        return {"object": "list", "data": [{"id": "bench", "object": "model"}]}

    def state(self) -> dict[str, float]:
        """Return tokens and lateness in ms since the last call, and total CPU seconds."""
        late, self.late_ms = sorted(self.late_ms) or [0.0], []
        tokens, self.tokens = self.tokens, 0
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "tokens": tokens,
            "late_p99": late[len(late) * 99 // 100],
            "late_max": late[-1],
            "cpu": used.ru_utime + used.ru_stime,
        }

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if not self.answers:
                self.more.clear()
                await self.more.wait()
            await asyncio.sleep(
                max(TICK, self.answers[0][0] - loop.time()) if self.answers else TICK
            )
            self.tick(loop.time())

    def tick(self, time: float) -> None:
        """Write at most one token of each answer, so that each mark occurs once in it."""
        stamp, due = mark(now_ticks()), []
        if self.answers and self.answers[0][0] <= time:
            self.late_ms.append((time - self.answers[0][0]) * 1000)
        while self.answers and self.answers[0][0] <= time:
            due.append(heapq.heappop(self.answers)[2])
        for answer in due:
            self.step(answer, stamp)


async def serve(port: int, default: Plan) -> None:
    server = Server(default)
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        lambda: Connection(server), "127.0.0.1", port, backlog=2048
    )
    print(json.dumps({"port": listening.sockets[0].getsockname()[1]}), flush=True)
    await server.run()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rate", type=float, default=50, help="tokens a second for each stream")
    parser.add_argument("--tokens", type=int, default=300)
    parser.add_argument("--kind", choices=sorted(TEXTS), default="prose")
    options = parser.parse_args()
    asyncio.run(serve(options.port, Plan(options.kind, options.tokens, options.rate)))


if __name__ == "__main__":
    main()
