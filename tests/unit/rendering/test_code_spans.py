"""Code spans: where they end, and that the text after them is read as usual."""

import pytest

from tests.support.dom import Element
from tests.unit.rendering.growing_page import shown


def formulas(tree: Element) -> list[str]:
    return [formula.attributes["alttext"] or "" for formula in tree.find("math")]


@pytest.mark.parametrize(
    ("text", "code", "right"),
    [
        (r"Put `C:\dir\` where $x^2$ is, then `y` and $z$.", ["C:\\dir\\", "y"], ["x^2", "z"]),
        (r"The sign `\` begins $\alpha$ and `$b$`.", ["\\", "$b$"], ["\\alpha"]),
        (r"``a`\`` and $x^2$, not `$y$`", ["a`\\", "$y$"], ["x^2"]),
        (r"`a\\` $b$ `\\\` $c$ `d`", ["a\\\\", "\\\\\\", "d"], ["b", "c"]),
        (r"A \` is no code, $x^2$ `y` $z$", ["y"], ["x^2", "z"]),
        (r"A \`` a $x$ ` $z$", [" a $x$ "], ["z"]),
    ],
)
def test_a_backslash_before_the_end_is_code(text: str, code: list[str], right: list[str]) -> None:
    tree = shown(text)
    assert [element.text.strip() for element in tree.find("code")] == [c.strip() for c in code]
    assert formulas(tree) == right


@pytest.mark.parametrize(
    ("text", "paragraphs"),
    [
        ("Run this:\n```npm install```\nThen go.", 1),
        ("Run this:\n```npm install``` or\n```make``` now", 1),
        ("> Run this:\n> ```npm install```\n> Then go.", 1),
        ("- Run this:\n  ```npm install```\n- Then go.", 0),
        ("Run this:\n```npm install\n```\nThen go.", 2),
    ],
)
def test_three_backticks_around_code_on_a_line(text: str, paragraphs: int) -> None:
    tree = shown(text)
    assert len(tree.find("p")) == paragraphs
    assert len(tree.find("pre")) == (paragraphs == 2)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("It's 5` long, $x$\n> and 6` or *y* $z$", ["x", "z"]),
        ("It's 5` long\n> and $x$ 6` or *y* $z$", ["x", "z"]),
        ("> a ` $x$\n> > c ` *d*", ["x"]),
        ("- a ` $x$\n  > c $y$ ` *d*", ["x", "y"]),
        ("a ` b\n> c ` d *e* $x$ f", ["x"]),
        ("> a ` b\n> > c ` $d$ *e*", ["d"]),
        ("- a ` b\n  > c ` $d$ *e*", ["d"]),
        ("- > a `b\n  > c` $d$ *e*", ["d"]),
        ("a $x\n> y$ z $a$ and *b*", ["a"]),
    ],
)
def test_no_syntax_crosses_into_a_quote(text: str, right: list[str]) -> None:
    tree = shown(text)
    assert formulas(tree) == right
    assert len(tree.find("em")) == ("*" in text)


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        (r"| `\` | `x|y` |", ["\\", "x|y"]),
        (r"| `C:\` | `a|b` | `c` |", ["C:\\", "a|b | c"]),
        (r"| $|x|$ `\` | ``\`` `p|q` |", ["|x| \\", "\\ p|q"]),
    ],
)
def test_a_backslash_before_the_end_in_a_table(row: str, cells: list[str]) -> None:
    tree = shown(f"| a | b |\n|---|---|\n{row}")
    assert [cell.text for cell in tree.find("td")] == cells
