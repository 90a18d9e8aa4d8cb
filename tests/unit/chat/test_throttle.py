"""When the text of an answer leaves for the pages."""

import asyncio
from asyncio import AbstractEventLoop
from collections.abc import Callable
from contextlib import nullcontext
from uuid import uuid4

import pytest
import uvloop

from chat.streaming.live_answer import LiveAnswer
from chat.streaming.throttle import MAX_INTERVAL, MIN_INTERVAL, FrameThrottle, throttle

ANSWERS = 20


async def waits() -> int:
    """How many pieces did not leave at once, while the gap of all changes under way."""
    answer, waited = LiveAnswer(uuid4(), uuid4()), 0
    for number in range(20):
        before = answer.revision
        answer.feed(f"word {number} ")
        waited += answer.revision == before
        resting = asyncio.create_task(answer.wait_for_frame())
        await asyncio.sleep(0)
        with throttle.track_answer() if number % 2 else nullcontext():
            await resting
            if number % 5 == 0:
                throttle.record_delay(0.01)
    return waited


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_text_that_was_rested_for_leaves_at_once(loop: Callable[[], AbstractEventLoop]) -> None:
    """It would wait a whole gap more, and so would all that comes after it."""
    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(waits()) == 0


def test_what_was_not_rested_for_leaves_with_the_next_frame() -> None:
    async def frames() -> int:
        answer = LiveAnswer(uuid4(), uuid4())
        for number in range(50):
            answer.feed(f"word {number} ")
        assert answer.revision == 1
        told = asyncio.Event()
        answer.watchers.add(told.set)
        async with asyncio.timeout(5):
            await told.wait()
        await asyncio.sleep(2 * MAX_INTERVAL)
        return answer.revision

    assert asyncio.run(frames()) == 2


def test_the_gap_grows_with_the_answers_and_with_a_late_loop() -> None:
    found = FrameThrottle()
    assert found.interval == MIN_INTERVAL
    for _ in range(ANSWERS):
        found.answers += 1
        found.update_interval()
    assert found.interval == ANSWERS * 0.002
    found.record_delay(0.05)
    assert found.interval == 0.2
    for _ in range(100):
        found.record_delay(0.0)
    assert found.interval == ANSWERS * 0.002
    found.record_delay(10.0)
    assert found.interval == MAX_INTERVAL
