"""Plan, back-off and restarts: the decisions, without processes."""

from collections.abc import Callable

import pytest

from launcher.backoff import Backoff
from launcher.failure import StartError
from launcher.part import Part
from launcher.plan import ROOT, plan_from


def test_nothing_set_starts_everything() -> None:
    plan = plan_from({})
    assert (plan.database, plan.model) == (True, True)
    assert (plan.host, plan.port, plan.data, plan.drain) == ("127.0.0.1", "", ROOT / "var", 30)


@pytest.mark.parametrize("name", ["HF_TOKEN", "INFERENCE_BASE_URL"])
def test_a_model_elsewhere_leaves_ours_out(name: str) -> None:
    assert not plan_from({name: "set"}).model
    assert plan_from({name: " "}).model


def test_a_database_elsewhere_leaves_ours_out() -> None:
    assert not plan_from({"DATABASE_URL": "postgresql://db/chat"}).database


def test_drain_seconds_must_be_a_number() -> None:
    with pytest.raises(StartError, match="DRAIN_SECONDS is 'soon'"):
        plan_from({"DRAIN_SECONDS": "soon"})


def test_the_wait_doubles_up_to_half_a_minute() -> None:
    backoff = Backoff()
    assert [backoff.ended(1) for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_a_part_that_ran_for_long_begins_anew() -> None:
    backoff = Backoff()
    for _ in range(6):
        backoff.ended(1)
    assert backoff.ended(60) == 0.5


def until(condition: Callable[[], bool], part: Part) -> None:
    while not condition():
        part.due = part.due and 0.0
        part.tend()


def test_a_part_that_ended_is_started_again(capsys: pytest.CaptureFixture[str]) -> None:
    starts: list[int] = []
    part = Part("The part", lambda: False, lambda: starts.append(1), "see its log.")
    until(lambda: len(starts) == 5, part)
    said = capsys.readouterr().out
    assert "The part ended. Restarting it in 0.5 s." in said
    assert said.count("has ended 5 times in a row: see its log.") == 1


def test_a_part_that_does_not_start_is_tried_again(capsys: pytest.CaptureFixture[str]) -> None:
    tries: list[int] = []

    def fail() -> None:
        tries.append(1)
        raise StartError("the disk is full")

    part = Part("The part", lambda: bool(tries), fail, "see its log.")
    until(lambda: len(tries) == 2, part)
    assert "The part did not start: the disk is full. Restarting" in capsys.readouterr().out
