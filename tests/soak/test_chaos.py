"""Twenty people chat while processes die, drain and restart and the layer loses a third."""

import pytest

from tests.soak.storm import run

pytestmark = pytest.mark.alone


def test_nothing_is_lost_in_a_storm() -> None:
    report = run(people=20, seconds=1, words=40)
    assert report.questions >= 20
    assert {"kill -9", "drain", "valkey", "postgres"} == set(report.events)
    assert report.lost == []
    assert report.mixed == []
    assert report.unequal == []
    assert report.live == 0, report
