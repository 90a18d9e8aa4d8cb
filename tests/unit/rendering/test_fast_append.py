"""Words that are put behind a block without the parser are where the parser would have put them."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.rendering.samples import cuts, stream

PLAIN = ["word", "a", "it's", '"so"', "(or)", "2", "10", "www", ".", ",", "?", "-", "é", "漢字"]
LINKS = ["www.x.com", "me@x.org", "https://e.org/a", ":", "/", "@", "[", "]("]
SIGNS = ["!", "*em*", "*", "**", "**b**", "_", "a_b", "`c`", "`", "~", "$", "$x$", "\\", "|", "🎉"]
ESCAPED = ["&", "&am", "p;", "<", "<b", ">"]
MARKS = LINKS + SIGNS + ESCAPED
LINES = ["\n" + begin for begin in ("", "\n", "- ", "1. ", "# ", "> ", "===", "---", "    ")]
NOTES = ["\n[r]: http://e.com\n", "[r]", "\n[^1]: n", "[^1]", "\n| a |\n|---|\n|"]


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.sampled_from(PLAIN + MARKS + LINES + NOTES), min_size=1, max_size=6),
    st.lists(st.sampled_from(PLAIN + MARKS), min_size=1, max_size=3),
    st.sampled_from(["", " "]),
)
def test_words_stand_where_the_parser_puts_them(
    before: list[str], more: list[str], space: str
) -> None:
    """A block that is new to a stream is always parsed."""
    start, end = " ".join(before), space + " ".join(more)
    for cut in range(1, len(end) + 1):
        made = stream(start, end[:cut])
        if made.parsed == stream(start).parsed:
            assert made.html == stream(start + end[:cut]).html


@pytest.mark.parametrize("lead", ["", "- ", "1. ", "> ", "## ", "*em* and ", "- **b**: "])
def test_prose_is_parsed_seldom(lead: str) -> None:
    begin = lead + "The answer"
    made = stream(begin, *cuts(" goes on, and says a little more; so it is.", random.Random(1)))
    assert made.parsed == stream(begin).parsed
    assert "a little more; so it is.</" in made.tail
