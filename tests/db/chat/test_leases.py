"""Saving text on its way: once, in its place, only by the process that holds the run."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from chat.models import Message, Run
from chat.services import conversation_actions, finish_run
from chat.services.leases import TextChunk, save_chunks
from tests.support.chat import Counted
from tests.support.factories import (
    OTHER_PROCESS,
    PROCESS,
    append,
    asked,
    chunks,
    end,
    lapse,
    run_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(owner: User) -> Run:
    return run_of(asked(owner))


def left(run: Run) -> float:
    """Seconds of the lease that are left."""
    return (Run.objects.get(pk=run.pk).lease_until - timezone.now()).total_seconds()


def test_the_first_text_makes_the_answer_stream(run: Run) -> None:
    append(run, 0, "Light ")
    assert chunks(run) == [(0, "Light ")]
    assert Message.objects.get(pk=run.message_id).status == "streaming"


def test_a_save_without_text_leaves_the_answer_pending(run: Run) -> None:
    held = save_chunks(PROCESS, [run.pk], [])
    assert held.runs == {run.pk}
    assert Message.objects.get(pk=run.message_id).status == "pending"


def test_saving_the_same_piece_again_changes_nothing(run: Run) -> None:
    append(run, 0, "Light ")
    append(run, 0, "Light ")
    assert chunks(run) == [(0, "Light ")]


def test_a_piece_that_grew_since_a_save_whose_end_nobody_heard_is_saved_whole(run: Run) -> None:
    append(run, 0, "Light ")
    append(run, 0, "Light scatters")
    append(run, 14, " in air.")
    assert finish_run.saved_text(run).text == "Light scatters in air."


def test_text_of_many_runs_takes_one_statement(owner: User, queries: Counted) -> None:
    runs = [run_of(asked(owner)) for _ in range(5)]
    pieces = [TextChunk(run.pk, 0, f"text {n}") for n, run in enumerate(runs)]
    with queries:
        held = save_chunks(PROCESS, [run.pk for run in runs], pieces)
    assert held.runs == {run.pk for run in runs}
    assert queries.count == 1
    assert [chunks(run)[0][1] for run in runs] == [f"text {n}" for n in range(5)]


def test_characters_count_as_characters(run: Run) -> None:
    append(run, 0, "😀é")
    append(run, 2, "\u2028…")
    assert finish_run.saved_text(run).text == "😀é\u2028…"


def test_a_fresh_lease_is_not_written_again(run: Run) -> None:
    before = Run.objects.get(pk=run.pk).lease_until
    append(run, 0, "text")
    assert Run.objects.get(pk=run.pk).lease_until == before


def test_a_lease_that_runs_down_is_renewed(run: Run) -> None:
    Run.objects.update(lease_until=Now() + timedelta(seconds=6))
    save_chunks(PROCESS, [run.pk], [])
    assert 9 < left(run) < 11


def test_a_lapsed_lease_that_nobody_took_is_taken_back(run: Run) -> None:
    lapse(run, seconds=60)
    held = append(run, 0, "text")
    assert held.runs == {run.pk}
    assert left(run) > 9
    assert chunks(run) == [(0, "text")]
    assert finish_run.finish_expired() == []


def test_a_stop_is_heard(owner: User) -> None:
    turn = asked(owner)
    assert conversation_actions.request_stop(turn.conversation) == run_of(turn).pk
    assert append(run_of(turn), 0, "text").stops == {run_of(turn).pk}


def test_another_process_writes_nothing(run: Run) -> None:
    held = append(run, 0, "text", owner=OTHER_PROCESS)
    assert held.runs == frozenset()
    assert chunks(run) == []
    assert Message.objects.get(pk=run.message_id).status == "pending"


def test_a_run_that_was_ended_takes_no_more_text(owner: User) -> None:
    turn = asked(owner)
    end(turn, "All.")
    held = append(run_of(turn), 4, " More.")
    assert held.runs == frozenset()
    assert chunks(run_of(turn)) == []
    assert Message.objects.get(pk=turn.answer.pk).status == "complete"


def test_text_for_nothing_is_no_error(run: Run) -> None:
    assert save_chunks(PROCESS, [], []).runs == frozenset()
    assert save_chunks(OTHER_PROCESS, [run.pk], []).runs == frozenset()
