"""The clocks of a process go on, whatever one of their rounds fails with."""

import asyncio
import logging

import pytest
from django.db import InternalError, OperationalError

from chat.realtime.connection_registry import run_every
from chat.streaming.retry import run_guarded
from core.logging import FailureLogger

log = logging.getLogger("tests.clocks")


class Rounds:
    """Fails with each of these in turn, and then goes well."""

    def __init__(self, *problems: Exception) -> None:
        self.problems = list(problems)
        self.went_well = asyncio.Event()

    async def work(self) -> None:
        if self.problems:
            raise self.problems.pop(0)
        self.went_well.set()


async def test_a_clock_outlives_every_exception(caplog: pytest.LogCaptureFixture) -> None:
    rounds = Rounds(RuntimeError("a"), RuntimeError("b"), InternalError("c"))
    task = asyncio.create_task(run_every(0.0, rounds.work, FailureLogger(log, "looking")))
    try:
        async with asyncio.timeout(5):
            await rounds.went_well.wait()
    finally:
        task.cancel()
    assert [record.getMessage() for record in caplog.records][:3] == [
        "looking failed: RuntimeError",
        "looking failed: InternalError",
        "looking works again after 3 failures",
    ]
    assert [record.levelname for record in caplog.records][:2] == ["ERROR", "WARNING"]


async def test_an_outage_is_not_told_by_each_clock(caplog: pytest.LogCaptureFixture) -> None:
    trouble = FailureLogger(log, "looking")
    trouble.record_failure(OperationalError("the connection is lost"))
    trouble.record_success()
    assert caplog.records == []


async def test_a_round_says_what_it_failed_with() -> None:
    rounds = Rounds(KeyError("a"))
    trouble = FailureLogger(log, "looking")
    assert isinstance(await run_guarded(rounds.work, trouble), KeyError)
    assert await run_guarded(rounds.work, trouble) is None


async def test_an_ending_process_ends_its_clocks() -> None:
    async def work() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await run_guarded(work, FailureLogger(log, "looking"))
