"""What a page shows of the thoughts before an answer that is being written."""

from uuid import UUID

from chat.models import Status
from chat.realtime.answer_state import AnswerState, diff_answer
from chat.rendering.components.message_view import thinking_time
from chat.rendering.components.patches import Patch
from chat.streaming.live_answer import LiveAnswer

KEY = UUID(int=7)
LABEL, THOUGHTS, BODY = (f"{name}-{KEY.hex}" for name in ("thinking-label", "thoughts", "body"))


def live_answer() -> LiveAnswer:
    answer = LiveAnswer(UUID(int=1), KEY)
    answer.status = Status.STREAMING
    return answer


def patches(state: AnswerState, answer: LiveAnswer) -> tuple[dict[object, Patch], AnswerState]:
    """The patches by target, and the state after them."""
    answer.stream.render()
    changed, state = diff_answer(state, answer)
    return {patch.target: patch for patch in changed}, state


def test_thoughts_are_appended() -> None:
    answer = live_answer()
    answer.thinking.feed("one <")
    changed, state = patches(AnswerState(), answer)
    assert changed[THOUGHTS] == Patch("textContent", THOUGHTS, "one &lt;")
    assert changed[LABEL].html == "Thinking…"
    answer.thinking.feed(" two")
    changed, state = patches(state, answer)
    assert changed == {THOUGHTS: Patch("beforeend", THOUGHTS, " two")}
    assert patches(state, answer) == ({}, state)


def test_the_label_changes_when_the_text_starts() -> None:
    answer = live_answer()
    answer.thinking.feed("Hm.")
    _, state = patches(AnswerState(), answer)
    answer.thinking.feed_text()
    answer.stream.feed("Yes")
    changed, state = patches(state, answer)
    assert changed[LABEL].html == "Thoughts"  # for less than a second
    assert THOUGHTS not in changed
    assert patches(state, answer) == ({}, state)


def test_a_retraction_replaces_the_whole_text() -> None:
    """Also where the new text has as many finished blocks as the old one."""
    answer = live_answer()
    answer.stream.feed("one\n\ntwo\n\nthree")
    _, state = patches(AnswerState(), answer)
    answer.retract()
    answer.stream.feed("uno\n\ndue\n\ntre")
    changed, _ = patches(state, answer)
    assert changed[BODY].operation == "innerHTML"
    assert "one" not in changed[BODY].html
    assert changed[THOUGHTS].html == "one\n\ntwo\n\nthree"


def test_times_in_words() -> None:
    times = [None, 0, 300, 1_400, 59_400, 60_000, 125_000]
    assert [thinking_time(time) for time in times] == [
        "Thoughts",
        "Thoughts",
        "Thought for 1 s",
        "Thought for 1 s",
        "Thought for 59 s",
        "Thought for 1 min 0 s",
        "Thought for 2 min 5 s",
    ]
