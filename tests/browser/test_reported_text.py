"""Texts that comparable products show wrong, in the browser: streamed, and after a reload.

The rows are those of tests/unit/rendering/test_reported_text.py and its neighbours.
"""

import pytest
from playwright.sync_api import Locator, expect

from tests.fake_llm import Gate, UpstreamThread, answer
from tests.support.person import Person
from tests.unit.rendering.test_code_blocks import PATCH

pytestmark = pytest.mark.browser

DIRECTIONS = """שלום לכולם

This paragraph is English (100%).

הפעל את `git add -A --all` עכשיו, 3-5 פעמים.

```py
x = 1  # הערה
```

- פריט ראשון
- an English item
- פריט שלישי

  English in the third item

> ציטוט בעברית

| שם | ערך |
|---|---|
| אחד | one |
| two | -2 |

Name | Value
---|--:
a | שלוש

## כותרת
"""
LINKS = ["https://example.com/docs", "http://localhost:8000/x_(1)", "http://[::1]:8000/"]
TEXT = f"""これは**「重要」**です。请看**注意：**这里。

Roses are red,
Violets are blue,
and __init__.

大约3~5天，价格100~200元。~~gone~~ in ~/notes

| Day | Plan |
|---|---|
| 1 | Museum<br>Lunch<br/>Park |
| 2 | <script>alert(1)</script> H<sub>2</sub>O <kbd>Ctrl</kbd> |

请访问 {LINKS[0]}（说明）。见「{LINKS[1]}」、{LINKS[2]} now
"""
COMPUTED = """(body) => [...body.querySelectorAll("h2, p, li, blockquote, table, td, code")]
  .map((element) => `${element.tagName} ${getComputedStyle(element).direction}`.toLowerCase())"""
EXPECTED = (
    """p rtl, p ltr, p rtl, code ltr, code ltr, li rtl, p rtl, li ltr, p ltr, li rtl, p rtl, p ltr,
blockquote rtl, p rtl, table rtl, td rtl, td ltr, td ltr, td ltr, table ltr, td ltr, td rtl, h2 rtl
""".replace("\n", " ")
    .strip()
    .split(", ")
)
# For each character of the element's text, its left edge.
EDGES = """(element) => {
  const node = element.firstChild, range = document.createRange();
  return [...node.data].map((_, index) => {
    range.setStart(node, index);
    range.setEnd(node, index + 1);
    return range.getBoundingClientRect().left;
  });
}"""
# The middle of each element, in pixels from the left.
MIDDLES = """(elements) => elements.map((element) => {
  const { left, right } = element.getBoundingClientRect();
  return (left + right) / 2;
})"""


def reads_left_to_right(element: Locator) -> bool:
    edges = element.evaluate(EDGES)
    return bool(edges == sorted(edges) and edges[0] < edges[-1])


def check_directions(body: Locator) -> None:
    assert body.evaluate(COMPUTED) == EXPECTED
    assert reads_left_to_right(body.locator("p code"))
    assert reads_left_to_right(body.locator("bdi"))
    first, second, third, fourth = body.locator("th").evaluate_all(MIDDLES)
    assert first > second
    assert third < fourth
    for cell, side in ((0, "right"), (1, "right"), (3, "right"), (4, "left"), (5, "right")):
        expect(body.locator("td").nth(cell)).to_have_css("text-align", side)
    expect(body.locator("li").nth(0)).to_have_css("margin-left", "0px")
    expect(body.locator("li").nth(1)).to_have_css("margin-right", "0px")
    expect(body.locator("blockquote")).to_have_css("border-right-width", "3px")


def test_f29_each_block_has_its_own_direction(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer(*DIRECTIONS, Gate()))
    person.ask("direction")
    person.sees("כותרת")
    body = person.body(person.answer)
    check_directions(body)
    upstream.release()
    person.sees_status("complete")
    check_directions(body)
    person.page.reload()
    check_directions(body)


def check_text(body: Locator) -> None:
    assert body.locator("strong").all_inner_texts() == ["「重要」", "注意："]
    assert (
        body.locator("p").nth(1).inner_text() == "Roses are red,\nViolets are blue,\nand __init__."
    )
    assert body.locator("del").all_inner_texts() == ["gone"]
    assert body.locator("p").nth(2).inner_text() == "大约3~5天，价格100~200元。gone in ~/notes"
    assert body.locator("td").all_inner_texts() == [
        "1", "Museum\nLunch\nPark", "2", "<script>alert(1)</script> H2O Ctrl"
    ]  # fmt: skip
    assert [body.locator(tag).inner_text() for tag in ("sub", "kbd")] == ["2", "Ctrl"]
    assert body.locator("a[href]").all_inner_texts() == LINKS


def test_f01_f02_f03_f04_f24_f25_text_is_shown_as_meant(
    person: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer(*TEXT, Gate()))
    person.ask(f"{LINKS[0]}（说明）。\n{LINKS[1]}，{LINKS[2]}.")
    person.sees("now")
    body = person.body(person.answer)
    check_text(body)
    upstream.release()
    person.sees_status("complete")
    check_text(body)
    streamed = body.inner_html()
    person.page.reload()
    assert body.inner_html() == streamed
    question = person.body(person.questions)
    assert question.locator("a[href]").all_inner_texts() == LINKS


def test_wide_tables_are_printed_whole(person: Person, upstream: UpstreamThread) -> None:
    head = "|" + "|".join(f"Column number {number}" for number in range(14)) + "|\n"
    row = "|" + "|".join("https://example.com/a/long/address" for _ in range(14)) + "|\n"
    upstream.script(answer(head + "|-" * 14 + "|\n" + row * 3 + "\n```\n" + "x" * 300 + "\n```\n"))
    person.ask("wide")
    person.sees_status("complete")
    body = person.body(person.answer)
    assert body.locator(".table-wrap").evaluate("(box) => box.scrollWidth > box.clientWidth")
    person.page.emulate_media(media="print")
    person.page.set_viewport_size({"width": 720, "height": 1000})  # A4 within its margins
    for name in (".table-wrap", "pre"):
        assert body.locator(name).evaluate("(box) => box.scrollWidth <= box.clientWidth"), name


def test_the_copy_of_a_diff_is_a_patch(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer(*f"Apply:\n\n```diff\n{PATCH}```\n"))
    person.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    person.ask("patch")
    person.sees_status("complete")
    for _ in range(2):
        person.body(person.answer).get_by_role("button", name="Copy").click()
        person.page.wait_for_function(
            "async (text) => await navigator.clipboard.readText() === text", arg=PATCH
        )
        person.page.evaluate("navigator.clipboard.writeText('')")
        person.page.reload()
