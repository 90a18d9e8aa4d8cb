"""The end of a run: written once, by one, with all the text there is."""

from functools import partial
from itertools import count
from uuid import UUID, uuid4

import pytest
from django.db import connection

from accounts.models import User
from chat.events import Outcome, Usage
from chat.models import Chunk, Conversation, Message, Run, Status
from chat.services import conversation_actions, finish_run, turns
from chat.services.finish_run import FinalText, finish, finish_expired, saved_text
from chat.text import join_chunks
from tests.support.chat import Counted
from tests.support.factories import (
    PROCESS,
    append,
    asked,
    chunks,
    end,
    lapse,
    run_of,
)
from tests.support.threads import together

pytestmark = pytest.mark.django_db


# Closing
def test_a_close_writes_text_state_and_counts(owner: User) -> None:
    turn = asked(owner)
    usage = Usage(12, 34, exact=True, first_token_ms=56, last_token_ms=78)
    outcome = Outcome(status="complete", finish_reason="stop", usage=usage)
    assert finish(run_of(turn), outcome, FinalText("Text.", "<p>Text.</p>", 3))
    answer = Message.objects.get(pk=turn.answer.pk)
    assert (answer.status, answer.text, answer.html) == ("complete", "Text.", "<p>Text.</p>")
    assert (answer.renderer_version, answer.finish_reason) == (3, "stop")
    assert answer.finished_at is not None
    run = Run.objects.get()
    assert (run.prompt_tokens, run.answer_tokens, run.tokens_exact) == (12, 34, True)
    assert (run.first_token_ms, run.last_token_ms, run.finish_reason) == (56, 78, "stop")
    assert run.ended_at is not None


def test_a_close_moves_the_version_on(owner: User) -> None:
    turn = asked(owner)
    before = Conversation.objects.get().version
    end(turn)
    assert Conversation.objects.get().version == before + 1


def test_a_close_folds_the_chunks(owner: User) -> None:
    turn = asked(owner)
    append(run_of(turn), 0, "Light ")
    append(run_of(turn), 6, "scatters.")
    end(turn, "Light scatters.")
    assert Message.objects.get(pk=turn.answer.pk).text == "Light scatters."
    assert not Chunk.objects.exists()


def test_the_second_close_writes_nothing(owner: User) -> None:
    turn = asked(owner)
    end(turn, "First.", Status.STOPPED)
    version = Conversation.objects.get().version
    assert not finish(run_of(turn), Outcome(status="complete"), FinalText("Second."))
    answer = Message.objects.get(pk=turn.answer.pk)
    assert (answer.text, answer.status) == ("First.", "stopped")
    assert Conversation.objects.get().version == version


def test_a_long_finish_reason_is_cut(owner: User) -> None:
    turn = asked(owner)
    end(turn, reason="r" * 100)
    assert Message.objects.get(pk=turn.answer.pk).finish_reason == "r" * 40


def test_of_two_closers_at_once_one_wins(committed: None, owner: User) -> None:
    turn = asked(owner)
    append(run_of(turn), 0, "saved")
    endings = [Outcome(status="complete", finish_reason="stop"), Outcome(status="interrupted")]
    won = together(
        *[
            partial(finish, run_of(turn), outcome, FinalText(outcome.status))
            for outcome in endings * 2
        ]
    )
    assert sum(map(bool, won)) == 1
    answer = Message.objects.get(pk=turn.answer.pk)
    assert answer.text == answer.status
    assert not Chunk.objects.exists()


def test_a_close_takes_few_statements(owner: User, queries: Counted) -> None:
    turn = asked(owner)
    with queries:
        end(turn)
    assert queries.count <= 5  # and one to look at it


def test_no_text_stays_behind_when_a_save_meets_the_close(committed: None, owner: User) -> None:
    for number in range(12):
        turn = asked(owner, f"{number}?")
        run = run_of(turn)
        append(run, 0, "a")
        places = count(1)

        def save_until_ended(run: Run = run, places: "count[int]" = places) -> bool:
            while append(run, next(places), "b").runs:
                pass
            return True

        together(save_until_ended, partial(end_quietly, run))
        assert chunks(run) == []
        assert Message.objects.get(pk=turn.answer.pk).status == "complete"


def end_quietly(run: Run) -> bool:
    return bool(finish(run, Outcome(status="complete", finish_reason="stop"), FinalText("ab")))


def test_deleting_at_the_moment_of_the_close_is_no_error(committed: None, owner: User) -> None:
    for number in range(12):
        turn = asked(owner, f"{number}?")
        key = turn.conversation.pk

        def delete(key: UUID = key) -> bool:
            return bool(conversation_actions.delete(owner, key))

        assert together(partial(end_quietly, run_of(turn)), delete) == [True, True]


# Sweeping
def test_a_sweep_ends_what_lapsed_and_keeps_the_text(owner: User) -> None:
    turn = asked(owner)
    append(run_of(turn), 0, "Light ")
    append(run_of(turn), 6, "scat")
    lapse(run_of(turn))
    (ended,) = finish_expired()
    assert (ended.conversation_id, ended.owner_id) == (turn.conversation.pk, owner.pk)
    assert ended.message_id == turn.answer.pk
    answer = Message.objects.get(pk=turn.answer.pk)
    assert (answer.status, answer.text) == ("interrupted", "Light scat")
    assert chunks(run_of(turn)) == []
    assert finish_expired() == []


def test_a_sweep_leaves_the_living(owner: User) -> None:
    turn = asked(owner)
    append(run_of(turn), 0, "text")
    assert finish_expired() == []
    assert Message.objects.get(pk=turn.answer.pk).status == "streaming"


def test_a_swept_answer_that_was_to_stop_is_stopped(owner: User) -> None:
    turn = asked(owner)
    append(run_of(turn), 0, "text")
    conversation_actions.request_stop(turn.conversation)
    lapse(run_of(turn))
    finish_expired()
    assert Message.objects.get(pk=turn.answer.pk).status == "stopped"


def test_a_swept_continuation_keeps_both_texts(owner: User) -> None:
    turn = asked(owner)
    end(turn, "Half ", Status.STOPPED)
    more = turns.continue_answer(owner, turn.answer.pk, PROCESS)
    append(run_of(more), 5, "of it")
    lapse(run_of(more))
    finish_expired()
    assert Message.objects.get(pk=turn.answer.pk).text == "Half of it"


def test_after_a_sweep_the_conversation_goes_on(owner: User) -> None:
    turn = asked(owner)
    lapse(run_of(turn))
    finish_expired()
    assert turns.send(owner, turn.conversation.pk, uuid4(), "More?", PROCESS).run


def test_a_sweep_passes_over_what_somebody_else_sweeps(committed: None, owner: User) -> None:
    for number in range(6):
        lapse(run_of(asked(owner, f"{number}?")))
    found = together(*[partial(finish_run.finish_expired, 100)] * 3)
    ended = [item.message_id for part in found for item in part]
    assert len(ended) == len(set(ended)) == 6
    assert not Run.objects.filter(ended_at__isnull=True).exists()


def test_a_process_that_comes_back_and_a_sweeper_agree(committed: None, owner: User) -> None:
    for number in range(8):
        turn = asked(owner, f"{number}?")
        run = run_of(turn)
        append(run, 0, "saved")
        lapse(run)
        held, ended = together(partial(holds, run), lambda: bool(finish_expired()))
        assert held != ended
        assert saved_text(run).text in ("saved", "saved more")
        if held:
            end_quietly(run)


def holds(run: Run) -> bool:
    return bool(append(run, 5, " more").runs)


# Joining
@pytest.mark.parametrize(
    ("text", "pieces", "whole"),
    [
        ("", [], ""),
        ("a", [], "a"),
        ("", [(0, "ab"), (2, "c")], "abc"),
        ("ab", [(2, "c"), (3, "d")], "abcd"),
        ("", [(0, "ab"), (3, "d")], "ab"),
        ("", [(1, "b")], ""),
        ("ab", [(0, "ab"), (2, "c")], "ab"),
        ("", [(0, "😀"), (1, "x")], "😀x"),
    ],
)
def test_joined_goes_as_far_as_there_is_no_hole(
    text: str, pieces: list[tuple[int, str]], whole: str
) -> None:
    assert join_chunks(text, pieces) == whole


def test_a_hole_ends_the_saved_text(owner: User) -> None:
    run = run_of(asked(owner))
    append(run, 0, "one ")
    append(run, 8, "three")
    assert saved_text(run).text == "one "


# Purging
def set_deleted(conversation: Conversation, days: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE chat_conversation SET deleted_at = now() - make_interval(days => %s)"
            " WHERE id = %s",
            (days, conversation.pk),
        )


def test_a_purge_removes_what_was_deleted_eight_days_ago(owner: User) -> None:
    old, fresh, kept = (asked(owner, text).conversation for text in ("Old?", "Fresh?", "Kept?"))
    set_deleted(old, 8)
    set_deleted(fresh, 6)
    assert conversation_actions.purge() == 1
    assert set(Conversation.objects.all()) == {fresh, kept}
    assert Message.objects.count() == 4
    assert Run.objects.count() == 2
