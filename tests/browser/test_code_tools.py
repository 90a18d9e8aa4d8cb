"""Long code and wide tables: the head that stays, wrapping, saving as a file, edges that fade."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, expect

from tests.fake_llm import Gate, UpstreamThread, answer
from tests.support.person import Person

pytestmark = pytest.mark.browser

CODE = "".join(f"def step_{n}():\n    return {n}\n" for n in range(60))
WIDE = "print('a line that is too long for its block'" + ", 'and longer'" * 20 + ")\n"
HEAD = "| " + " | ".join(f"column {n}" for n in range(20)) + " |\n|" + "---|" * 20 + "\n"
TABLE = HEAD + "| " + " | ".join(f"value{n}" for n in range(20)) + " |\n"
RTL_TABLE = TABLE.replace("column", "עמודה").replace("value", "ערך")
SCROLL = "(box, top) => { box.scrollTop = top; }"
# The colour of each edge's mask: `transparent` at an edge with a length of 0 is not seen.
FADES = """(box) => {
  const style = getComputedStyle(box);
  if (style.maskImage === "none") return null;
  const pixels = (name) => Math.round(parseFloat(style.getPropertyValue(name)));
  const side = style.maskImage.includes("to left") ? "rtl" : "ltr";
  return [side, pixels("--fade-start") > 0, pixels("--fade-end") > 0];
}"""
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def talk(person: Person, upstream: UpstreamThread, text: str) -> None:
    upstream.script(answer(text))
    person.ask("Go")
    person.sees_status("complete")


def top(place: Locator) -> float:
    box = place.bounding_box()
    assert box is not None
    return box["y"]


def test_the_head_of_long_code_stays_in_view(person: Person, upstream: UpstreamThread) -> None:
    talk(person, upstream, f"Code:\n\n```python\n{CODE}```\n\nEnd.\n")
    scroller, head = person.page.locator("[data-scroller]"), person.answer.locator(".code-head")
    block = person.answer.locator(".code-block")
    for beyond in (200, 900):
        start = block.evaluate("(block) => block.offsetTop + block.offsetParent.offsetTop")
        scroller.evaluate(SCROLL, start + beyond)
        assert top(block) < top(scroller)
        assert abs(top(head) - top(scroller)) < 40
        person.page.mouse.move(0, 0)
        expect(person.answer.get_by_role("button", name="Copy").first).to_be_in_viewport()


def test_only_lines_that_are_too_long_can_wrap(person: Person, upstream: UpstreamThread) -> None:
    talk(person, upstream, f"```python\nshort()\n```\n\n```python\n{WIDE}```\n")
    wrap = person.answer.get_by_role("button", name="Wrap lines")
    expect(wrap).to_have_count(1)
    expect(wrap).to_have_attribute("aria-pressed", "false")
    pre = person.answer.locator("pre").last
    is_wide = "(pre) => pre.scrollWidth > pre.clientWidth"
    assert pre.evaluate(is_wide)
    wrap.click()
    expect(wrap).to_have_attribute("aria-pressed", "true")
    assert not pre.evaluate(is_wide)
    wrap.press("Enter")
    expect(wrap).to_have_attribute("aria-pressed", "false")
    assert pre.evaluate(is_wide)


@pytest.mark.parametrize(
    ("info", "name"),
    [
        ("python", "code.py"),
        ("C++", "code.cpp"),
        ("ts", "code.ts"),
        ("dockerfile", "Dockerfile"),
        ("", "code.txt"),
        ("toString", "code.txt"),
        ("../../etc", "code.txt"),
    ],
)
def test_code_is_saved_as_a_file_of_its_language(
    person: Person, upstream: UpstreamThread, tmp_path: Path, info: str, name: str
) -> None:
    code = "a < b && 'ä€😀'\n\n  indented\n"
    talk(person, upstream, f"```{info}\n{code}```\n")
    with person.page.expect_download() as download:
        person.answer.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == name
    download.value.save_as(tmp_path / "file")
    assert (tmp_path / "file").read_text() == code
    assert person.complaints == []


def test_the_tools_are_there_while_code_streams(person: Person, upstream: UpstreamThread) -> None:
    gate = uuid4().hex
    upstream.script(answer(f"```python\n{WIDE}", Gate(gate), "done()\n```\n\nEnd.\n"))
    person.ask("Go")
    person.sees("and longer")
    wrap = person.answer.get_by_role("button", name="Wrap lines")
    wrap.click()
    upstream.release(gate)
    person.sees_status("complete")
    expect(wrap).to_have_attribute("aria-pressed", "true")
    person.page.reload()
    expect(wrap).to_have_attribute("aria-pressed", "false")
    expect(person.answer.get_by_role("button", name="Download")).to_have_count(1)


@pytest.mark.parametrize(("table", "side", "sign"), [(TABLE, "ltr", 1), (RTL_TABLE, "rtl", -1)])
def test_the_edges_of_a_wide_table_fade_where_there_is_more(
    new_person: Callable[..., Person], upstream: UpstreamThread, table: str, side: str, sign: int
) -> None:
    person = new_person(viewport={"width": 500, "height": 800})
    talk(person, upstream, f"{table}\n\nText\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    wide, narrow = person.answer.locator(".table-wrap").all()
    assert narrow.evaluate(FADES) is None
    for share, fades in ((0, [False, True]), (0.5, [True, True]), (1, [True, False])):
        wide.evaluate(
            "(box, share) => { box.scrollLeft = share * (box.scrollWidth - box.clientWidth); }",
            share * sign,
        )
        person.page.evaluate(SETTLED)
        assert wide.evaluate(FADES) == [side, *fades]


SELECT = """(code) => {
  const text = document.createTreeWalker(code, NodeFilter.SHOW_TEXT).nextNode();
  getSelection().setBaseAndExtent(text, 4, text, 15);
}"""
SELECTED = "getSelection().toString()"


def test_a_selection_stays_when_its_code_closes(person: Person, upstream: UpstreamThread) -> None:
    by_socket, gate = uuid4().hex, uuid4().hex
    head, tail = "def first(value):\n", "    pass\n```\n\nThe end.\n"
    upstream.script(answer("Here:\n\n```python\n", Gate(by_socket), head, Gate(gate), tail))
    person.ask("Go")
    person.sees("Here:")
    # What came with the page may be exchanged once; this shows that the socket has done so.
    upstream.release(by_socket)
    person.sees("def first(value):")
    person.answer.locator("code").evaluate(SELECT)
    selected = person.page.evaluate(SELECTED)
    assert selected == "first(value"
    upstream.release(gate)
    person.sees_status("complete")
    expect(person.answer.locator("code .k").first).to_be_visible()
    assert person.page.evaluate(SELECTED) == selected
