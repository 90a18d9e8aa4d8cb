"""What has ended does not stay for as long as the start was large."""

import gc
from collections.abc import Iterator

import pytest

from core.server.garbage_collection import freeze_startup_objects


@pytest.fixture
def settled() -> Iterator[None]:
    """As after the start of a process; all that pytest holds stands for what was loaded."""
    before = gc.get_threshold()
    freeze_startup_objects()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def full_looks() -> int:
    return int(gc.get_stats()[2]["collections"])


@pytest.mark.usefixtures("settled")
def test_what_only_refers_to_itself_is_found_soon() -> None:
    before = full_looks()
    kept: list[list[object]] = [[] for _ in range(60_000)]
    assert full_looks() > before
    assert len(kept) == 60_000


@pytest.mark.usefixtures("settled")
def test_what_was_there_at_the_start_is_not_looked_through() -> None:
    assert gc.get_freeze_count() > 10_000
    assert len(gc.get_objects()) < 10_000
