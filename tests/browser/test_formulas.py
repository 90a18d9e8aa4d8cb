"""Formulas in a browser: what is drawn, measured, and what a copy of it says (F-06 to F-15)."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.fake_llm import Gate, UpstreamThread, answer
from tests.support.person import Person

pytestmark = pytest.mark.browser

MATHML = r"""$$\boxed{42}$$

$$\frac{\cancel{x}\,y}{\cancel{x}}$$

$$\begin{aligned} a &= b+c \\ x+y+z &= w \end{aligned}$$

$$f(n)=\begin{cases} n/2 & \text{if even} \\ 3n+1 & \text{otherwise, long} \end{cases}$$
"""
TABLES = r"""$$\begin{array}{|c|c|} \hline P & Q \\ \hline T & F \\ \hline \end{array}$$

$$\left[\begin{array}{cc|c} 1 & 2 & 3 \\ 4 & 5 & 6 \end{array}\right]$$

$\color{red}{x}$ and $y$
"""
MIXED = r"""Costs ($) and $5 to $10; $ x^2 $ is a formula, \(y\) too.

| name | formula |
|---|---|
| abs | $|x|$ |
| chem | $\ce{H2O}$ |

$$
a

+ b
$$

- item $z_1$
- $HOME and $PATH

end
"""
# The box of what is in an element, as it is painted.
BOX = """(element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    return { left, right, top, bottom };
}"""


def ask(person: Person, upstream: UpstreamThread, text: str) -> Locator:
    upstream.script(answer(*[text[at : at + 4] for at in range(0, len(text), 4)]))
    person.ask("Show it")
    person.sees_status("complete")
    return person.body(person.answer)


def boxes(elements: Locator) -> list[dict[str, float]]:
    return [element.evaluate(BOX) for element in elements.all()]


def style(element: Locator, name: str) -> Any:
    return element.evaluate("(element, name) => getComputedStyle(element)[name]", name)


def test_boxes_strokes_and_columns_are_drawn(person: Person, upstream: UpstreamThread) -> None:
    body = ask(person, upstream, MATHML)
    box = body.locator(".math-box")
    assert style(box, "borderTopWidth") == "1px"
    assert style(box, "borderTopStyle") == "solid"
    (outer,), (number,) = boxes(box), boxes(box.locator("mn"))
    assert outer["left"] < number["left"] < number["right"] < outer["right"]
    assert outer["top"] < number["top"] < number["bottom"] < outer["bottom"]
    for stroke in body.locator(".math-cancel").all():
        assert "linear-gradient" in style(stroke, "backgroundImage")
        (drawn,), (letter,) = boxes(stroke), boxes(stroke.locator("mi"))
        assert drawn["left"] <= letter["left"] < letter["right"] <= drawn["right"]
        assert drawn["bottom"] - drawn["top"] > 5
    first, second = boxes(body.locator(".math-rows mo", has_text="="))
    assert abs(first["left"] - second["left"]) < 1
    left_sides = boxes(body.locator(".math-rows .math-right > :last-child"))
    assert abs(left_sides[0]["right"] - left_sides[1]["right"]) < 1
    cases = body.locator("mtable").nth(1)
    for column in (1, 2):
        cells = boxes(cases.locator(f"mtd:nth-child({column}) > :first-child"))
        assert abs(cells[0]["left"] - cells[1]["left"]) < 1


def test_lines_of_tables_and_colours_are_drawn(person: Person, upstream: UpstreamThread) -> None:
    body = ask(person, upstream, TABLES)
    first, last = body.locator("mtable").first.locator("mtd").all()[::3]
    for side in ("Left", "Top"):
        assert style(first, f"border{side}Width") == "1px"
    for side in ("Left", "Top", "Right", "Bottom"):
        assert style(last, f"border{side}Width") == "1px"
    borders = [
        style(cell, "borderLeftWidth")
        for cell in body.locator("mtable").nth(1).locator("mtd").all()
    ]
    assert borders == ["0px", "0px", "1px"] * 2
    assert style(body.locator(".math-red"), "color") != style(body, "color")


def test_a_stream_ends_as_a_reload(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer(*[MIXED[at : at + 4] for at in range(0, len(MIXED), 4)], Gate()))
    person.ask("Show it")
    person.sees("end")
    body = person.body(person.answer)
    expect(body.locator("math")).to_have_count(5)
    streamed = body.inner_html()
    upstream.release()
    person.sees_status("complete")
    assert body.inner_html() == streamed
    person.page.reload()
    assert person.body(person.answer).inner_html() == streamed
    expect(body.locator("td .math-source")).to_have_text("\\ce{H2O}")
    expect(body).to_contain_text("$HOME and $PATH")


SELECT = """([first, last]) => {
    const range = document.createRange();
    const body = document.querySelector("article[data-role=assistant] .message-body");
    range.setStart(body.querySelector(first).firstChild, 0);
    const end = body.querySelector(last);
    range.setEnd(end, end.childNodes.length);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
}"""
READ = """async (type) => {
    const [item] = await navigator.clipboard.read();
    return (await item.getType(type)).text();
}"""


def copy_selection(person: Person, first: str, last: str) -> str:
    person.page.evaluate(SELECT, [first, last])
    person.page.keyboard.press("ControlOrMeta+c")
    return str(person.page.evaluate("navigator.clipboard.readText()"))


def test_a_copy_has_the_source_of_a_formula_once(
    new_person: Callable[..., Person], upstream: UpstreamThread
) -> None:
    person = new_person(permissions=["clipboard-read", "clipboard-write"])
    text = "So $\\frac{a}{b}$ and\n\n$$\\sqrt{x}$$\n\n*end*"
    ask(person, upstream, text)
    copied = copy_selection(person, "p", "em")
    assert copied.split() == ["So", "$\\frac{a}{b}$", "and", "$$\\sqrt{x}$$", "end"]
    html = person.page.evaluate(READ, "text/html")
    assert html.count("<mfrac>") == html.count("<msqrt>") == 1
    assert copy_selection(person, "mfrac mi", "mfrac mi").strip() == "$\\frac{a}{b}$"
    assert copy_selection(person, "em", "em").strip() == "end"
    person.answer.locator("summary", has=person.page.locator("svg")).last.click()
    person.answer.get_by_role("button", name="Copy formatted text").click()
    expect(person.page.locator("#live-region")).to_contain_text("Copied.")
    assert person.page.evaluate("navigator.clipboard.readText()").split() == copied.split()
    html = person.page.evaluate(READ, "text/html")
    assert html.count("<mfrac>") == 1
    assert html.count("\\frac{a}{b}") == 1


def test_the_source_of_a_formula_is_copied_with_the_answer(
    new_person: Callable[..., Person], upstream: UpstreamThread
) -> None:
    person = new_person(permissions=["clipboard-read", "clipboard-write"])
    ask(person, upstream, MIXED)
    person.answer.locator("[data-copy-message]").click()
    expect(person.page.locator("#live-region")).to_contain_text("Copied.")
    assert person.page.evaluate("navigator.clipboard.readText()").strip() == MIXED.strip()
