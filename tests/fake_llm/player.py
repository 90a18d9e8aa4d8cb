"""Plays the steps of one script to one client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from tests.fake_llm.dialects import Dialect, event
from tests.fake_llm.record import Gates, Request
from tests.fake_llm.script import (
    Cut,
    Delay,
    Delta,
    Done,
    End,
    Finish,
    Frame,
    Gate,
    Open,
    Raw,
    Repeat,
    Respond,
    Script,
    Stall,
    Step,
    Usage,
)
from tests.fake_llm.wire import Connection


class Player:
    def __init__(
        self,
        connection: Connection,
        request: Request,
        dialect: Dialect,
        gates: Gates,
        notify: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._request = request
        self._dialect = dialect
        self._gates = gates
        self._notify = notify

    async def play(self, script: Script) -> None:
        await self._steps(script.steps)

    async def _steps(self, steps: Iterable[Step]) -> None:
        for step in steps:
            await self._step(step)

    async def _step(self, step: Step) -> None:
        if isinstance(step, Delta):
            await self._event(self._dialect.delta(step.text, step.choice))
        elif isinstance(step, Frame):
            await self._event(step.data)
        elif isinstance(step, Finish):
            await self._event(self._dialect.finish(step.reason))
        elif isinstance(step, Usage):
            await self._event(self._dialect.usage(step.prompt, step.answer))
        elif isinstance(step, Raw):
            await self._open()
            await self._connection.send(step.data)
        else:
            await self._control(step)

    async def _control(self, step: Step) -> None:
        if isinstance(step, Delay):
            await asyncio.sleep(step.seconds)
        elif isinstance(step, Gate):
            await self._wait(step)
        elif isinstance(step, Repeat):
            await self._repeat(step)
        elif isinstance(step, Stall):
            await asyncio.Event().wait()
        else:
            await self._head_or_tail(step)

    async def _head_or_tail(self, step: Step) -> None:
        connection = self._connection
        if isinstance(step, Respond):
            await connection.respond(step.status, step.body, step.content_type, step.headers)
        elif isinstance(step, Open):
            await connection.open(
                step.status, step.content_type, step.headers, chunked=step.chunked
            )
        elif isinstance(step, Done):
            await self._open()
            await connection.end(b"data: [DONE]\n\n")
        elif isinstance(step, End):
            await self._open()
            await connection.end()
        elif isinstance(step, Cut):
            await self._cut(step)

    async def _cut(self, step: Cut) -> None:
        if step.reset:
            self._connection.reset()
        else:
            await self._connection.close()

    async def _open(self) -> None:
        if not self._connection.opened:
            await self._connection.open(200, "text/event-stream", {}, chunked=True)

    async def _event(self, data: Any) -> None:
        if data is None:
            return
        await self._open()
        await self._connection.send(event(data))
        self._request.sent += 1

    async def _wait(self, gate: Gate) -> None:
        self._request.gate = gate.name
        self._notify()
        await self._gates.pass_through(gate.name)
        self._request.gate = None

    async def _repeat(self, step: Repeat) -> None:
        played = 0
        while not step.times or played < step.times:
            await self._steps(step.steps)
            await asyncio.sleep(0)
            played += 1
