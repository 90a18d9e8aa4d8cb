"""Background tasks have an owner for as long as they run."""

import asyncio
from pathlib import Path

import pytest

from core.tasks import TaskSet

ROOT = Path(__file__).resolve().parents[3]


async def test_a_task_leaves_the_set_when_it_ends() -> None:
    tasks, gate = TaskSet(), asyncio.Event()
    task = tasks.start(gate.wait())
    assert list(tasks) == [task]
    gate.set()
    assert await task
    await asyncio.sleep(0)
    assert len(tasks) == 0


async def test_shielded_work_ends_though_its_caller_is_cancelled() -> None:
    tasks, gate, ended = TaskSet(), asyncio.Event(), []

    @tasks.shielded
    async def work(name: str) -> str:
        await gate.wait()
        ended.append(name)
        return name

    caller = asyncio.create_task(work("cancelled"))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    (inner,) = tasks
    gate.set()
    await inner
    assert await work("awaited") == "awaited"
    assert ended == ["cancelled", "awaited"]


async def test_shielded_work_raises_to_its_caller() -> None:
    tasks = TaskSet()

    @tasks.shielded
    async def work() -> None:
        raise ValueError

    with pytest.raises(ValueError):
        await work()


def test_nobody_else_keeps_a_set_of_tasks() -> None:
    modules = [
        path for folder in ("accounts", "chat", "core") for path in ROOT.glob(f"{folder}/**/*.py")
    ]
    users = [path.name for path in modules if "add_done_callback" in path.read_text()]
    assert users == ["tasks.py"]
