"""The thoughts before an answer: saved on the way, kept at the end, read by their owner alone."""

import pytest
from django.test import Client

from accounts.models import User
from chat.events import Outcome, Usage
from chat.models import Chunk, Message, SearchEntry, Status, Thinking
from chat.selectors import messages
from chat.services import conversation_actions, turns
from chat.services.finish_run import FinalText, finish, finish_expired
from chat.services.leases import TextChunk, mark_as_thoughts, save_chunks
from chat.services.turns import Turn
from tests.support.chat import Counted
from tests.support.factories import PROCESS, append, asked, end, lapse, run_of

THOUGHTS = "Rayleigh & <b>blue</b>"


def think(turn: Turn, offset: int, thoughts: str) -> None:
    run = run_of(turn)
    save_chunks(PROCESS, [run.pk], [TextChunk(run.pk, offset, thoughts, is_thought=True)])


def end_with_thoughts(turn: Turn, status: Status = Status.COMPLETE, seconds: int = 8) -> Message:
    outcome = Outcome(status, usage=Usage(thinking_tokens=5, thinking_ms=seconds * 1000))
    assert finish(run_of(turn), outcome, FinalText("Light.", thoughts=THOUGHTS))
    return Message.objects.get(pk=turn.answer.pk)


def test_thoughts_on_their_way_are_apart_from_the_text(owner: User, queries: Counted) -> None:
    turn = asked(owner)
    think(turn, 0, "Hm. ")
    think(turn, 4, "So.")
    append(run_of(turn), 0, "Light ")
    with queries:
        _, page = messages.load_thread(owner, turn.conversation.pk)
    assert queries.count == 1
    live = page.messages[-1]
    for answer in (live, messages.load_live_text(turn.answer.pk)):
        assert (answer.status, answer.text, answer.thoughts) == ("streaming", "Light ", "Hm. So.")


def test_a_repeated_save_changes_nothing(owner: User) -> None:
    turn = asked(owner)
    for text in ("Hm", "Hm. So.", "Hm"):
        think(turn, 0, text)
    append(run_of(turn), 0, "Text")
    assert messages.load_live_text(turn.answer.pk).thoughts == "Hm. So."


def test_text_that_was_thoughts_is_marked_before_the_text_after_it(owner: User) -> None:
    turn = asked(owner)
    append(run_of(turn), 0, "plan ")
    append(run_of(turn), 5, "6*7")
    for _ in range(2):
        mark_as_thoughts([run_of(turn).pk])
    append(run_of(turn), 0, "42")
    answer = messages.load_live_text(turn.answer.pk)
    assert (answer.thoughts, answer.text) == ("plan 6*7", "42")


def test_the_end_keeps_them_in_a_table_of_their_own(owner: User, queries: Counted) -> None:
    turn = asked(owner)
    think(turn, 0, THOUGHTS)
    with queries:
        answer = end_with_thoughts(turn)
    assert (answer.text, answer.thinking_ms) == ("Light.", 8000)
    assert Thinking.objects.get().text == THOUGHTS
    assert not Chunk.objects.exists()
    run = run_of(turn)
    run.refresh_from_db()
    assert run.thinking_tokens == 5


def test_an_answer_without_thoughts_has_no_row(owner: User) -> None:
    answer = end(asked(owner))
    assert answer.thinking_ms is None
    assert not Thinking.objects.exists()
    assert messages.load_thoughts(owner, answer.pk) == ""


def test_an_expired_run_keeps_what_was_thought(owner: User) -> None:
    turn = asked(owner)
    think(turn, 0, THOUGHTS)
    lapse(run_of(turn))
    finish_expired()
    answer = Message.objects.get(pk=turn.answer.pk)
    assert (answer.status, answer.text, answer.thinking_ms) == ("interrupted", "", 0)
    assert messages.load_thoughts(owner, answer.pk) == THOUGHTS


def test_a_continued_answer_keeps_its_earlier_thoughts(owner: User) -> None:
    turn = asked(owner)
    end_with_thoughts(turn, Status.STOPPED)
    more = turns.continue_answer(owner, turn.answer.pk, PROCESS)
    assert more.answer.thoughts == THOUGHTS
    think(more, len(THOUGHTS), "\n\nMore.")
    live = messages.load_live_text(turn.answer.pk)
    assert live.thoughts == f"{THOUGHTS}\n\nMore."
    outcome = Outcome("complete", "stop", usage=Usage(thinking_ms=2000))
    finish(run_of(more), outcome, FinalText("Light. Dark.", thoughts=live.thoughts))
    answer = Message.objects.get(pk=turn.answer.pk)
    assert answer.thinking_ms == 10_000
    assert Thinking.objects.get().text == f"{THOUGHTS}\n\nMore."


def test_they_are_neither_searched_nor_sent_nor_copied(owner: User) -> None:
    turn = asked(owner)
    think(turn, 0, THOUGHTS)
    answer = end_with_thoughts(turn)
    assert not any("rayleigh" in str(entry.words) for entry in SearchEntry.objects.all())
    assert "Rayleigh" not in messages.load_text(owner, answer.pk)
    history = messages.load_history_page(turn.conversation.pk, answer.pk, 10)
    assert not any("Rayleigh" in part.text for _, part in history)


def test_deleting_for_good_removes_them(owner: User) -> None:
    end_with_thoughts(asked(owner))
    conversation_actions.delete_all(owner)
    assert not Thinking.objects.exists()


# Pages
def path_of(answer: Message) -> str:
    return f"/m/{answer.pk}/thoughts/"


def test_a_page_has_the_time_and_loads_the_thoughts_on_demand(
    owner_client: Client, owner: User
) -> None:
    turn = asked(owner)
    answer = end_with_thoughts(turn)
    page = owner_client.get(f"/c/{turn.conversation.pk}/").content.decode()
    assert "Thought for 8 s" in page
    assert f'hx-get="{path_of(answer)}"' in page
    assert "Rayleigh" not in page
    part = owner_client.get(path_of(answer), headers={"HX-Request": "true"})
    assert part.content.decode() == "Rayleigh &amp; &lt;b&gt;blue&lt;/b&gt;"
    plain = owner_client.get(path_of(answer))
    assert plain["Content-Type"] == "text/plain; charset=utf-8"
    assert plain.content.decode() == THOUGHTS


def test_a_live_page_has_the_thoughts_so_far(owner_client: Client, owner: User) -> None:
    turn = asked(owner)
    think(turn, 0, THOUGHTS)
    page = owner_client.get(f"/c/{turn.conversation.pk}/").content.decode()
    assert "Thinking…" in page
    assert "Rayleigh &amp; &lt;b&gt;blue&lt;/b&gt;</div>" in page


@pytest.mark.parametrize("person", ["stranger_client", "staff_client"])
def test_nobody_else_reads_them(owner: User, person: str, request: pytest.FixtureRequest) -> None:
    answer = end_with_thoughts(asked(owner))
    response = request.getfixturevalue(person).get(path_of(answer))
    assert response.status_code == 404
    assert "Rayleigh" not in response.content.decode()


def test_a_question_has_none(owner_client: Client, owner: User) -> None:
    turn = asked(owner)
    assert turn.question is not None
    assert owner_client.get(path_of(turn.question)).status_code == 404
