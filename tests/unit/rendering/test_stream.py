import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.rendering.markdown import Stream, render
from chat.rendering.markdown.source import normalize
from tests.support.dom import parse
from tests.unit.rendering.samples import BEHAVED, PIECES, cuts, stream


@pytest.mark.parametrize("seed", range(8))
def test_a_usual_answer_ends_as_it_is_rendered_whole(seed: int) -> None:
    made = stream(*cuts(BEHAVED, random.Random(seed)))
    assert made.html == render(BEHAVED, "ab12")
    assert made.text == BEHAVED


@settings(max_examples=80, deadline=None)
@given(st.randoms(use_true_random=False))
def test_blocks_in_any_order_end_as_they_are_rendered_whole(chance: random.Random) -> None:
    blocks = [block for block in BEHAVED.split("\n\n") if not block.startswith((" ", "def"))]
    text = "\n\n".join(chance.sample(blocks, 8)) + "\n\nend"
    assert stream(*cuts(text, chance)).html == render(text, "ab12")


NASTY = st.lists(
    st.sampled_from(
        [*PIECES, "\r\n", "\r\r\n", "\x00", "\u2028", "\ufdd0", "👩\u200d💻", "\ud83d", "e\u0301"]
    )
    | st.text(alphabet="ab*_`[]()#-|>\n\r $\\~!<&1.:^=😀", max_size=12),
    max_size=20,
).map("".join)


def deltas(text: str, chance: random.Random) -> list[str]:
    """The text in pieces, with empty ones among them, cut between any two UTF-16 units: some
    servers send each half of a surrogate pair by itself."""
    units = text.encode("utf-16-le", "surrogatepass")
    halves = "".join(chr(units[at] | units[at + 1] << 8) for at in range(0, len(units), 2))
    return [piece for cut in cuts(halves, chance) for piece in (cut, "")[: chance.randint(1, 2)]]


@settings(max_examples=300, deadline=None)
@given(NASTY, st.randoms(use_true_random=False))
def test_any_cut_of_any_text_closes_with_the_same_html(text: str, chance: random.Random) -> None:
    """What is stored at the close and shown by a page load, whatever the frames before it were."""
    text += "."
    made, other = stream(*deltas(text, chance)), stream(*deltas(text, chance))
    assert made.text == other.text == normalize(text)
    assert render(made.text, "ab12") == render(text, "ab12")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a **bol", "<p>a <strong>bol</strong></p>"),
        ("a **bol *it", "<p>a <strong>bol <em>it</em></strong></p>"),
        ("a **bold*", "<p>a <strong>bold</strong></p>"),
        ("a **", "<p>a</p>"),
        ("a `co", "<p>a <code>co</code></p>"),
        ("a ~~st", "<p>a <del>st</del></p>"),
        ("a [te", '<p>a <a rel="nofollow noopener noreferrer">te</a></p>'),
        ("a [te](http://exa", '<p>a <a rel="nofollow noopener noreferrer">te</a></p>'),
        ("a ![al](http://exa", '<p>a <a rel="nofollow noopener noreferrer">al</a></p>'),
        ("a\n#", "<p>a</p>"),
        ("a\n-", "<p>a</p>"),
        ("a\n--", "<p>a</p>"),
        ("a\n=", "<p>a</p>"),
        ("a\n\n*", "<p>a</p>"),
        ("a\n\n1", "<p>a</p>"),
        ("a\n\n1.", "<p>a</p>"),
        ("a\n\n|", "<p>a</p>"),
        ("a\n\n| b | c |\n", "<p>a</p>"),
        ("a\n\n``", "<p>a</p>"),
        ("- a\n- [", "<ul><li>a</li></ul>"),
        ("- a\n- ", "<ul><li>a</li></ul>"),
        ("> [!NO", ""),
        ("a $x + ", "<p>a</p>"),
        ("a \\(x + ", "<p>a</p>"),
        ("a\n\n$$\nx", "<p>a</p>"),
        ("a\n\n\\[\nx\n", "<p>a</p>"),
        ("a costs $5 and", "<p>a costs $5 and</p>"),
        ("a & b &am", "<p>a &amp; b</p>"),
        ("a <scr", "<p>a</p>"),
        ("2 * 3 * 4 snake_case", "<p>2 * 3 * 4 snake_case</p>"),
        ("- a\n  - **b", "<ul><li>a<ul><li><strong>b</strong></li></ul></li></ul>"),
        ("# a *b", "<h1>a <em>b</em></h1>"),
        ("> a `b", "<blockquote><p>a <code>b</code></p></blockquote>"),
    ],
)
def test_open_ends_show_no_raw_signs(text: str, html: str) -> None:
    for made in (stream(text), stream(*text)):
        assert made.html.replace(' dir="auto"', "") == html


@pytest.mark.parametrize("text", ["```", "````", "```py", "~~~", "a\n\n```py"])
def test_a_fence_is_code_at_once(text: str) -> None:
    made = stream(text)
    assert made.tail.startswith('<div class="code-block">')
    assert parse(made.tail).find("code")[0].text == ""


def test_an_open_fence_is_plain_and_a_closed_one_highlighted() -> None:
    made = stream("```python\nreturn 1", "\n``")
    assert made.tail.endswith('<code class="language-python">return 1\n</code></pre></div>')
    made.feed("`")
    made.render()
    assert '<span class="k">return </span>' in made.tail
    made.feed("x")
    made.render()
    assert made.tail.endswith(">return 1\n```x</code></pre></div>")


def test_a_table_is_one_once_its_ruler_begins() -> None:
    tree = parse(stream("| a | **b** |\n|-").tail)
    assert [cell.text for cell in tree.find("th")] == ["a", "b"]


def test_an_open_row_has_the_cells_that_were_written() -> None:
    tree = parse(stream("| a | b | c |\n|-|-|-|\n| 1 | **2").tail)
    assert [cell.text for cell in tree.find("td")] == ["1", "2"]


def test_finished_blocks_never_change() -> None:
    made = Stream("ab12")
    seen: list[str] = []
    for piece in cuts(BEHAVED, random.Random(3)):
        made.feed(piece)
        made.render()
        assert made.blocks[: len(seen)] == seen
        seen = list(made.blocks)


def test_definitions_of_links_hold_for_later_blocks() -> None:
    made = stream("[one]: https://x.y/\n\n", "Text.\n\n", "See [one] and [two][one].\n\nEnd.")
    assert made.html == render(made.text, "ab12")


def test_a_late_definition_is_put_right_by_the_whole() -> None:
    text = "See [one].\n\nText.\n\n[one]: https://x.y/"
    assert "href" not in stream(*text).html
    assert "href" in render(text, "ab12")


def test_footnote_marks_are_numbered_before_their_notes_come() -> None:
    made = stream("a[^x] b[^y]\n\n", "c[^x]\n\n", "end")
    marks = [mark.text for block in made.blocks for mark in parse(block).find("sup")]
    assert marks == ["1", "2", "1"]


def test_a_list_that_turns_loose_is_loose_all_through() -> None:
    text = "- a\n- b\n- c\n\n- d\n- e"
    assert stream(*text).html == render(text, "ab12")


def test_a_long_paragraph_keeps_its_signs_across_cuts() -> None:
    text = "Some *words* and `more` of [them](https://x.y/z), again. " * 60 + "End."
    assert stream(*cuts(text, random.Random(1))).html == render(text, "ab12")


def test_a_long_paragraph_can_still_become_a_heading() -> None:
    text = "word " * 200 + "\n===\n\nend"
    assert stream(*text).html == render(text, "ab12")


def test_split_pairs_and_line_ends_are_joined() -> None:
    made = stream("a\r", "\nb \ud83d", "\ude00")
    assert made.text == "a\nb 😀"
    assert made.html == '<p dir="auto">a<br>b 😀</p>'


def test_feeding_alone_renders_nothing() -> None:
    made = Stream("ab12")
    made.feed("a")
    assert made.html == ""
    assert made.text == "a"


def test_a_note_fed_with_the_blocks_before_it_hides_nothing() -> None:
    """The stream defined the note a second time, and the parser moved every block into it."""
    stream = Stream("0" * 32)
    stream.feed("A[^1]\n\nB\n\n[^1]: x\n\nmore")
    stream.render()
    assert [block[:4] for block in stream.blocks] == ["<p d", "<p d"]
    assert stream.tail == '<p dir="auto">more</p>'
