"""Fences that end with their quote or list item: what follows them is read as usual."""

import re
from time import process_time

import pytest

from chat.rendering.markdown.code_lines import code_lines, open_fence
from chat.rendering.markdown.convert import to_html
from tests.unit.rendering.growing_page import shown

BEFORE = [
    "> ```\n> x",
    ">```\n> x\n> > y",
    "> > ```\n> > x\n> after",
    "- ```\n  x",
    "- ```\n  x\nafter",
    "> - ```\n>   x\n> after",
    "1. Run:\n   ```sh\n   ls\n2. Then",
    "10. Run:\n\n    ```sh\n    ls\n\n11. Then",
    "-\tone\n\n\t```\n\tx",
    "- a\n  - b\n\n    ~~~\n    x\n- c",
    "    ```",
    "- a\n\n      ```",
    "text\n      ```\nmore",
    "> text\n>      ```\n> more",
    "* * *\n\n      ```",
    "> quote\nlazy\n> ```\n> x",
]


@pytest.mark.parametrize("before", BEFORE)
def test_a_table_after_a_fence_that_its_container_ends(before: str) -> None:
    tree = shown(f"{before}\n\n# T\n\n| a |\n|---|\n| 1 | two |")
    assert [cell.text for cell in tree.find("td")] == ["1 | two"]


@pytest.mark.parametrize("before", BEFORE)
def test_a_formula_after_a_fence_that_its_container_ends(before: str) -> None:
    tree = shown(f"{before}\n\n# T\n\nIt costs $5, and $x^2$ is a formula for $y$.")
    assert [math.attributes["alttext"] for math in tree.find("math")] == ["x^2", "y"]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("```\nx\n```\ny", "1110"),
        ("```\n\nx\n~~~\n    ```\n````\ny", "1111110"),
        ("~~~ a`b\nx\n```\n~~~", "1111"),
        ("``` a`b\nx", "00"),
        ("- ```\n\n  x\n  ```\n  y", "11110"),
        ("- a\n\n  ```\n  x\n ```\n y", "001111"),
        ("1. a\n\n      ```\n   x\n      y\n   ```\nz", "0011110"),
        ("- - ```\n    x\n  y", "110"),
        ("> ```\n> x\n>\n> y\n> ```\n> z", "111110"),
        ("-     ```\n  x", "00"),
        ("- \n  ```\n  x", "011"),
        ("a[^1]\n\n[^1]: b\n\n    ```\n    x\nc", "0000110"),
        ("```\n> ```\n- ```\n```\nx", "11110"),
    ],
)
def test_code_lines_are_those_of_the_parser(text: str, right: str) -> None:
    lines = text.split("\n")
    assert "".join(str(int(is_code)) for is_code in code_lines(lines)) == right
    shown_code = "".join(re.findall(r"<code[^>]*>([^<]*)</code>", to_html(text)))
    inside = [line for line, code in zip(lines, right, strict=True) if code == "1"]
    assert all(
        line.strip(" >-1.") in shown_code or "```" in line or "~~~" in line for line in inside
    )


@pytest.mark.parametrize(
    ("text", "right"),
    [("```", True), ("```\nx\n```", False), ("- ```\n  x", True), ("- ```\n  x\ny", False)],
)
def test_an_open_fence(text: str, right: bool) -> None:
    assert open_fence(text.split("\n")) == right


@pytest.mark.parametrize("unit", ["> ", ">", "- ", "* ", "1. ", " ", "\t", "`", "~", "[^", "-\t"])
@pytest.mark.parametrize("end", ["", "x", "\n```"])
def test_long_lines_take_linear_time(unit: str, end: str) -> None:
    start = process_time()
    code_lines([*(unit * 100_000 + end).split("\n"), unit * 100_000])
    assert process_time() - start < 1
