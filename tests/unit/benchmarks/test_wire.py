"""The people's reading of their protocols, against real servers of the test's own."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.server import ServerConnection, serve

from benchmarks.people.ours import is_end_of_answer
from benchmarks.people.panel import find_chat_input
from benchmarks.rounds import RoundFigures, percentile
from benchmarks.wire import RefusedError, Socket, connect, fetch

SIZES = (0, 1, 125, 126, 65_535, 65_536, 300_000)


@pytest.fixture(params=["deflate", None])
async def echo(request: pytest.FixtureRequest) -> AsyncIterator[int]:
    """A websocket server of another make that sends back what it hears, compressed or not."""

    async def answer(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with serve(answer, "127.0.0.1", 0, max_size=None, compression=request.param) as server:
        yield next(iter(server.sockets)).getsockname()[1]


async def test_frames_of_every_size_come_back(echo: int) -> None:
    on_message: asyncio.Queue[bytes] = asyncio.Queue()
    socket = await connect(echo, "/", on_message.put_nowait)
    for size in SIZES:
        socket.send(b"x" * size)
    async with asyncio.timeout(10):
        assert [len(await on_message.get()) for _ in SIZES] == list(SIZES)
    assert (socket.bytes_in > sum(SIZES)) is (socket.deflate is None)
    socket.close()
    async with asyncio.timeout(10):
        await socket.ended.wait()


async def test_a_frame_that_comes_with_the_handshake_waits_for_its_owner() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x02hi")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    owned: list[Socket] = []
    on_message: asyncio.Queue[tuple[bytes, int]] = asyncio.Queue()
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        owned.append(
            await connect(port, "/", lambda message: on_message.put_nowait((message, len(owned))))
        )
        async with asyncio.timeout(10):
            assert await on_message.get() == (b"hi", 1)
        owned[0].close()


async def test_what_is_no_websocket_is_refused() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(RefusedError, match="403"):
            await connect(port, "/ws/", lambda message: None)
        with pytest.raises(RefusedError, match="403"):
            await fetch(port, "/")


def frame(event: str, content: str) -> bytes:
    patch = ["outerMorph", "message-1", content]
    return json.dumps({"seq": 1, "event": event, "patches": [patch]}).encode()


@pytest.mark.parametrize(
    ("event", "content", "over"),
    [
        ("thread", '<article data-status="complete">', True),
        ("thread", '<article data-status="complete"><article data-status="streaming">', False),
        ("thread", '<article data-status="pending">', False),
        ("answer", '<article data-status="complete">', False),
    ],
)
def test_an_answer_ends_with_its_article(event: str, content: str, over: bool) -> None:
    assert is_end_of_answer(frame(event, content)) is over


def test_panels_input_is_found_wherever_it_stands() -> None:
    box = {"type": "object", "name": "panel.models.chatarea_input.ChatAreaInput", "id": "p7"}
    assert find_chat_input({"doc": {"roots": [{"name": "Column", "id": "p1"}, [box]]}}) == "p7"
    assert find_chat_input({"doc": {}}) == ""


def test_keeping_up_is_every_answer_and_soon() -> None:
    fine = {"people": 2, "asked": 4, "complete": 4, "lag_p95": 499.0, "first_p95": 999.0}
    assert RoundFigures(**fine).keeps_up  # type: ignore[arg-type]
    for change in ({"complete": 3}, {"lag_p95": 500.0}, {"first_p95": 1000.0}, {"asked": 0}):
        assert not RoundFigures(**fine | change).keeps_up


def test_percentiles_are_values_that_were_there() -> None:
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0
    assert percentile([1.0, 2.0], 95) == 2.0
    assert percentile([], 95) == 0.0
