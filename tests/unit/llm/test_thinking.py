"""Thoughts are told apart from the answer, however a server sends them."""

import json
from dataclasses import replace
from itertools import pairwise
from random import Random
from time import process_time

import pytest

from chat.llm.providers import Limits
from chat.llm.providers.think_tags import ThinkSplitter
from tests.fake_llm import Upstream, answer
from tests.fake_llm.script import (
    Cut,
    Delta,
    Done,
    Finish,
    Frame,
    Repeat,
    Respond,
    Script,
    Usage,
    script,
)
from tests.unit.llm.tools import Outcome, ask, chat_request, openai

# What a model writes, its thoughts, and the text that is shown.
TAGGED = {
    "tags": ("<think>\nplan: 6*7\n</think>\n\nAnswer 42", "plan: 6*7\n", "Answer 42"),
    "blank first": ("\n<think>a</think>b", "a", "b"),
    "no opening tag": ("plan: 6*7\n</think>\n\nAnswer 42", "plan: 6*7", "Answer 42"),
    "no opening tag, blanks": ("plan\n\n</think>  \n  x", "plan\n", "  x"),
    "closing tag first": ("</think>\n\nAnswer", "", "Answer"),
    "no opening tag, text follows": ("plan: 6*7\n</think>Answer 42", "plan: 6*7\n", "Answer 42"),
    "no opening tag, at the end of a line": ("plan.</think>\n\nAnswer", "plan.", "Answer"),
    "no opening tag, long": ("plan\n</thinking>\n\nAnswer", "plan\n", "Answer"),
    "brackets": ("[THINK]hm[/THINK]Yes", "hm", "Yes"),
    "long tag": ("<thinking>hm</thinking>\nYes", "hm", "Yes"),
    "indented code follows": ("<think>a</think>\n\n    x = 1", "a", "    x = 1"),
    "a tag in the thoughts": ("<think>a </thin b < c </think>d", "a </thin b < c ", "d"),
    "empty": ("<think>\n\n</think>\n\nHello", "", "Hello"),
    "two": ("<think>a</think>b <think>c</think>", "a", "b <think>c</think>"),
    "at the end, alone": ("plan\n</think>", "plan", ""),
}
# Answers about such tags.
PLAIN = [
    "Use `<think>` in XML.",
    "`<think>` opens, `</think>` closes.",
    "The tag </think> ends it.\nNext line.",
    "```xml\n<think>\nplan\n</think>\n```\nDone.",
    "```\n</think>\n```\n\nDone.",
    "Write <think> first, then\n</think>\nat the end.",
    "<thin> is no tag",
    "< think>",
    "[THIN] no",
    "  indented",
    "a\n</thinker>\nb",
    "a `</think>`\nb",
    "a **</think>**\nb",
    "plan</think>Answer",
    "a\n</think> b\n",
    "a\n </think>\nb",
    "",
    "\n\n",
    "</thi",
    "a\n</thin",
]


def split(text: str, cuts: list[int]) -> tuple[str, str]:
    splitter = ThinkSplitter(watch=True)
    thoughts = shown = ""
    places = [0, *cuts, len(text)]
    parts = [splitter.feed(text[start:end]) for start, end in pairwise(places)]
    for part in [*parts, splitter.flush()]:
        if part.is_retracted:
            thoughts, shown = thoughts + shown, ""
        thoughts += part.thoughts
        shown += part.text
    return thoughts, shown


def all_cuts(text: str) -> list[list[int]]:
    """None, each single one, every character, and some at random."""
    random = Random(text)
    inner = range(1, len(text))
    some = [sorted(random.sample(inner, min(3, len(inner)))) for _ in range(50)]
    return [[], list(inner), *[[cut] for cut in inner], *some]


@pytest.mark.parametrize("name", TAGGED)
def test_thoughts_between_tags(name: str) -> None:
    text, thoughts, shown = TAGGED[name]
    for cuts in all_cuts(text):
        found = split(text, cuts)
        assert (found[0].strip("\n"), found[1]) == (thoughts.strip("\n"), shown), cuts


@pytest.mark.parametrize("text", PLAIN)
def test_an_answer_about_tags_keeps_them(text: str) -> None:
    for cuts in all_cuts(text):
        assert split(text, cuts) == ("", text), cuts


def test_a_continued_answer_keeps_a_closing_tag() -> None:
    splitter = ThinkSplitter(watch=False)
    assert splitter.feed("a\n</think>\nb").text == "a\n</think>\nb"


def test_many_tags_cost_no_more_than_the_text() -> None:
    splitter = ThinkSplitter(watch=True)
    splitter.feed("```\n")
    for _ in range(100_000):
        splitter.feed("</think>\n<")
    assert splitter.feed("x").text == "x"


@pytest.mark.parametrize("start", ["", "<think>a</think>", "a\n</think>"])
def test_blanks_one_by_one_cost_no_more_than_text(start: str) -> None:
    splitter = ThinkSplitter(watch=True)
    splitter.feed(start)
    started = process_time()
    for _ in range(100_000):
        splitter.feed(" ")
    assert process_time() - started < 2


# Servers
def delta(**values: object) -> Frame:
    return Frame({"choices": [{"index": 0, "delta": values, "finish_reason": None}]})


def thinking_parts(text: str) -> list[object]:
    return [{"type": "thinking", "thinking": [{"type": "text", "text": text}]}]


DIALECTS: dict[str, tuple[Delta | Frame, ...]] = {
    "reasoning_content": (delta(reasoning_content="plan: "), delta(reasoning_content="6*7")),
    "reasoning": (delta(reasoning="plan: "), delta(reasoning="6*7", content="")),
    "both": (delta(reasoning="plan: 6*7", reasoning_content="plan: 6*7"),),
    "parts": (delta(content=thinking_parts("plan: ")), delta(content=thinking_parts("6*7"))),
    "tags": (Delta("<th"), Delta("ink>plan: 6*7</th"), Delta("ink>")),
    "lone tag": (Delta("plan: "), Delta("6*7\n</thi"), Delta("nk>\n")),
    "blank content first": (delta(content="\n"), delta(reasoning_content="plan: 6*7")),
}


async def ask_once(up: Upstream, steps: Script) -> Outcome:
    up.script(steps)
    return await ask(openai(up.base_url))


@pytest.mark.parametrize("name", DIALECTS)
async def test_each_dialect(up: Upstream, name: str) -> None:
    outcome = await ask_once(
        up, script(*DIALECTS[name], Delta("\n\nAnswer "), Delta("42"), Finish(), Usage(), Done())
    )
    assert (outcome.thoughts.strip(), outcome.text) == ("plan: 6*7", "Answer 42")
    assert outcome.reason == "stop"


async def test_the_server_tells_what_thinking_cost(up: Upstream) -> None:
    usage = {
        "prompt_tokens": 3,
        "completion_tokens": 9,
        "completion_tokens_details": {"reasoning_tokens": 7},
    }
    steps = (delta(reasoning="hm"), Delta("Yes"), Finish(), Frame({"choices": [], "usage": usage}))
    outcome = await ask_once(up, script(*steps, Done()))
    assert outcome.finish is not None
    assert (outcome.finish.answer_tokens, outcome.finish.thinking_tokens) == (9, 7)


@pytest.mark.parametrize(
    ("reason", "code"), [("length", "thinking_limit"), ("stop", "only_thoughts")]
)
async def test_thoughts_alone_are_no_answer(up: Upstream, reason: str, code: str) -> None:
    outcome = await ask_once(
        up, script(Repeat((delta(reasoning_content="hm "),), times=20), Finish(reason), Done())
    )
    assert outcome.code == code
    assert outcome.thoughts == "hm " * 20


async def test_a_connection_that_breaks_keeps_the_thoughts(up: Upstream) -> None:
    outcome = await ask_once(up, script(delta(reasoning="half a thou"), Cut()))
    assert outcome.code == "cut"
    assert outcome.thoughts == "half a thou"


async def test_thoughts_are_as_clean_as_text(up: Upstream) -> None:
    thought = delta(reasoning="a\x00b\r"), delta(reasoning="\nc\ud83d"), delta(reasoning="\ude00")
    outcome = await ask_once(up, script(*thought, Delta("Yes"), Finish(), Done()))
    assert outcome.thoughts == "ab\nc😀"


async def test_odd_thoughts_are_left_out(up: Upstream) -> None:
    odd = (delta(reasoning={"a": 1}), delta(reasoning_content=[1]), delta(reasoning=7))
    outcome = await ask_once(up, script(*odd, Delta("Yes"), Finish(), Done()))
    assert (outcome.thoughts, outcome.text) == ("", "Yes")


async def test_thoughts_that_never_end_reach_the_limit(up: Upstream) -> None:
    up.script(script(Repeat((delta(reasoning="0123456789"),))))
    outcome = await ask(openai(up.base_url), caps=Limits(answer_chars=10_000))
    assert outcome.code == "thinking_limit"
    assert len(outcome.thoughts) == 10_000


async def test_an_end_marker_after_thoughts_is_dropped(up: Upstream) -> None:
    """One among the thoughts stays there."""
    for before, thoughts in (("<think>hm</think>", "hm"), ("hm</s>\n</think>\n", "hm</s>\n")):
        outcome = await ask_once(
            up, script(Delta(before), Delta("Yes.<|im_"), Delta("end|>"), Finish(), Done())
        )
        assert (outcome.thoughts, outcome.text) == (thoughts, "Yes.")


async def test_the_thoughts_of_a_whole_answer(up: Upstream) -> None:
    message = {"role": "assistant", "content": "42", "reasoning_content": "plan: 6*7"}
    body = {"object": "chat.completion", "choices": [{"index": 0, "message": message}]}
    outcome = await ask_once(up, script(Respond(body=json.dumps(body).encode())))
    assert (outcome.thoughts, outcome.text) == ("plan: 6*7", "42")


async def test_a_message_that_repeats_the_deltas_adds_nothing(up: Upstream) -> None:
    message = {"content": "42", "reasoning": "plan"}
    last = Frame({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
    outcome = await ask_once(up, script(delta(reasoning="plan"), Delta("42"), last, Done()))
    assert (outcome.thoughts, outcome.text) == ("plan", "42")


async def test_what_was_written_before_a_continuation_is_no_thought(up: Upstream) -> None:
    up.script(answer("more\n</think>\nrest"))
    request = replace(chat_request(), is_continuation=True)
    outcome = await ask(openai(up.base_url), request)
    assert (outcome.thoughts, outcome.text) == ("", "more\n</think>\nrest")
