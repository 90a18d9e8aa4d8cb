"""The request that is sent: what is in it, in which order, and that it fits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.errors import ChatError
from chat.llm.prompt import CONTINUE_INSTRUCTION, STOP_SEQUENCES, AssembledPrompt, Target, assemble
from chat.llm.providers import Sampling
from chat.llm.tokens import Counter, counter

EXACT, ESTIMATE = counter("mistral-v3"), counter("")
Messages = list[tuple[str, str]]


@dataclass(frozen=True)
class Said:
    role: str
    text: str


def target(
    window: int = 1_000, room: int = 100, kind: Literal["chat", "completion"] = "chat"
) -> Target:
    return Target("org/model", kind, window, Sampling(max_tokens=room, temperature=0.5))


def talk(*texts: str) -> list[Said]:
    """Question, answer, question ...; newest first, as it is read."""
    roles = ("user", "assistant")
    return [Said(roles[n % 2], text) for n, text in enumerate(texts)][::-1]


def built(
    system: str,
    turns: Sequence[Said],
    to: Target | None = None,
    count: Counter = EXACT,
    partial: str = "",
) -> AssembledPrompt:
    return assemble(system, turns, to or target(), count, partial=partial)


def sent(made: AssembledPrompt) -> Messages:
    return [(turn.role, turn.content) for turn in made.request.messages]


# Contents
def test_system_prompt_first_then_the_branch_in_order() -> None:
    made = built("Be kind.", talk("One?", "1.", "Two?"))
    assert sent(made) == [
        ("system", "Be kind."),
        ("user", "One?"),
        ("assistant", "1."),
        ("user", "Two?"),
    ]
    assert made.kept == 3
    assert made.request.repo_id == "org/model"
    assert made.request.sampling == Sampling(max_tokens=100, temperature=0.5)


@pytest.mark.parametrize("system", ["", " \n", "\u200b"])
def test_an_empty_system_prompt_is_not_sent(system: str) -> None:
    assert sent(built(system, talk("One?"))) == [("user", "One?")]


@pytest.mark.parametrize("empty", ["", " \n", "\u200b"])
def test_questions_around_an_empty_answer_become_one(empty: str) -> None:
    made = built("", talk("One?", empty, "Two?", "2.", "Three?"))
    assert sent(made) == [("user", "One?\n\nTwo?"), ("assistant", "2."), ("user", "Three?")]


def test_several_empty_answers_leave_one_question() -> None:
    assert sent(built("", talk("One?", "", "Two?", "", "Three?"))) == [
        ("user", "One?\n\nTwo?\n\nThree?")
    ]


# The window
def test_the_size_is_the_one_of_what_is_sent() -> None:
    made = built("Be kind.", talk("One?", "1.", "Two?"))
    turns = [("user", "One?"), ("assistant", "1."), ("user", "Two?")]
    assert made.prompt_tokens == EXACT.chat("Be kind.", turns)
    assert made.exact
    assert not built("", talk("One?"), count=ESTIMATE).exact


def test_the_newest_turns_stay_and_the_answers_room_is_kept_free() -> None:
    turns = talk(*(f"turn number {n} has some words" for n in range(41)))
    made = built("Be kind.", turns, target(window=300, room=100))
    assert made.prompt_tokens <= 200
    assert 0 < made.kept < 41
    assert sent(made)[-1] == ("user", "turn number 40 has some words")
    one_more = built("Be kind.", turns[: made.kept + 2], target(window=100_000))
    assert one_more.prompt_tokens > 200


def test_a_cut_branch_begins_with_a_question() -> None:
    turns = talk("first " * 50, "answer", "last?")
    made = built("", turns, target(window=150, room=100))
    assert sent(made) == [("user", "last?")]
    assert made.kept == 2


def test_a_question_fits_to_the_last_token() -> None:
    cost = EXACT.chat("Be kind.", [("user", "One?")])
    assert built("Be kind.", talk("One?"), target(window=100 + cost)).prompt_tokens == cost
    with pytest.raises(ChatError) as refused:
        built("Be kind.", talk("One?"), target(window=99 + cost))
    assert (refused.value.code, refused.value.status) == ("context_too_long", 413)


# Going on
def test_a_cut_answer_is_followed_by_the_wish_to_go_on() -> None:
    made = built("Be kind.", talk("One?"), partial="It is")
    assert sent(made) == [
        ("system", "Be kind."),
        ("user", "One?"),
        ("assistant", "It is"),
        ("user", CONTINUE_INSTRUCTION),
    ]
    assert made.kept == 1


def test_a_cut_answer_always_fits_or_is_refused() -> None:
    long = "word " * 400
    with pytest.raises(ChatError, match="too long"):
        built("", talk("One?"), target(window=300), partial=long)
    made = built("", talk("old " * 300, "answer", "One?"), target(window=800), partial=long)
    assert sent(made)[0] == ("user", "One?")
    assert made.prompt_tokens <= 700


def test_a_continuation_fits_to_the_last_token() -> None:
    # "aa.a." takes one token more before the instruction than before the question.
    turns = [("user", "0"), ("assistant", "aa.a."), ("user", CONTINUE_INSTRUCTION)]
    cost = EXACT.chat("aa.a.", turns)
    assert cost > EXACT.chat("", turns) + EXACT.chat("aa.a.", turns[:1]) - EXACT.chat("", turns[:1])
    made = built("aa.a.", talk("0"), target(window=100 + cost), partial="aa.a.")
    assert made.prompt_tokens == cost
    with pytest.raises(ChatError, match="too long"):
        built("aa.a.", talk("0"), target(window=99 + cost), partial="aa.a.")


# Completion models
def test_a_completion_model_gets_a_transcript() -> None:
    made = built("Be kind.\n", talk("One?", "1.", "Two?"), target(kind="completion"))
    assert made.request.prompt == ("Be kind.\n\nUser: One?\nAssistant: 1.\nUser: Two?\nAssistant:")
    assert made.request.messages == ()
    assert made.request.sampling.stop == STOP_SEQUENCES == ("\nUser:", "\nAssistant:")


@pytest.mark.parametrize("kind", ["chat", "completion"])
def test_indentation_of_first_lines_is_sent(kind: Literal["chat", "completion"]) -> None:
    made = built("    rules:\n      - one\n", talk("    if x:"), target(kind=kind))
    whole = made.request.prompt or "\n".join(turn.content for turn in made.request.messages)
    assert whole.startswith("    rules:\n      - one\n")
    assert "    if x:" in whole


def test_a_completion_model_just_goes_on() -> None:
    made = built("", talk("One?"), target(kind="completion"), partial="It is")
    assert made.request.prompt == "User: One?\nAssistant: It is"


# Properties
words = st.text(alphabet="ab c.\n\u200bé😀", max_size=40)
questions = st.text(min_size=1, max_size=60).filter(
    lambda text: any(char.isalnum() for char in text)
)
branches = st.lists(st.tuples(questions, words), max_size=8)


@settings(max_examples=200, deadline=None)
@given(
    past=branches,
    newest=questions,
    system=words,
    window=st.integers(60, 600),
    partial=words,
    count=st.sampled_from([EXACT, ESTIMATE]),
)
def test_what_is_sent_alternates_fits_and_holds_the_newest_question(
    past: list[tuple[str, str]],
    newest: str,
    system: str,
    window: int,
    partial: str,
    count: Counter,
) -> None:
    turns = talk(*(text for pair in past for text in pair), newest)
    alone = count.start + count.question(system, newest)
    if partial:
        alone = count.start + count.turn("user", newest) + count.turn("assistant", partial)
        alone += count.question(system, CONTINUE_INSTRUCTION)
    if alone > window - 20:
        with pytest.raises(ChatError, match="too long for this model"):
            built(system, turns, target(window, room=20), count, partial)
        return
    made = built(system, turns, target(window, room=20), count, partial)
    messages = sent(made)
    if messages[0][0] == "system":
        messages = messages[1:]
    roles = [role for role, _ in messages]
    assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]
    wish = messages.pop()[1] if messages[-1][1] == CONTINUE_INSTRUCTION else ""
    if wish:
        assert messages.pop() == ("assistant", partial)
    assert messages[-1][1].endswith(newest)
    assert made.prompt_tokens <= window - 20


@settings(max_examples=100, deadline=None)
@given(past=branches, newest=questions, window=st.integers(100, 600))
def test_a_wider_window_never_forgets_more(
    past: list[tuple[str, str]], newest: str, window: int
) -> None:
    turns = talk(*(text for pair in past for text in pair), newest)
    try:
        narrow = built("", turns, target(window, room=20))
    except ChatError:
        return
    assert built("", turns, target(window + 50, room=20)).kept >= narrow.kept


def test_a_continued_answer_is_marked_in_the_request() -> None:
    for partial in ("", "Half"):
        assembled = assemble("", talk("Why?"), target(), counter("estimate"), partial=partial)
        assert assembled.request.is_continuation is bool(partial)
