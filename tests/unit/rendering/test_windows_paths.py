"""Windows paths keep all their backslashes, whole and streamed."""

from time import process_time

import pytest

from chat.rendering.markdown import windows_paths
from tests.unit.rendering.growing_page import page, shown
from tests.unit.rendering.test_reported_text import lines


@pytest.mark.parametrize(
    "text",
    [
        r"Open C:\Users\<username>\AppData\Local now.",
        r"Open C:\Users\<your name>\.ssh or C:\<drive>\_x.",
        r"Open C:\Users\[YourName]\Documents now.",
        r"C:\[x]\_y and D:\Program Files\[app]\.z are there.",
        r'In "C:\Program Files\" and "D:\" it is.',
        r"A folder (E:\c\) and C:\a\, and C:\b\; and C:\c\! End.",
        r"It is 'C:\x y\'.",
        r"Under \\wsl$\Ubuntu\home and \\wsl.localhost\Ubuntu\.x it is.",
        r"The pipe \\.\pipe\x and \\?\C:\_x here.",
        r"Run .\.venv\Scripts\activate now, or ..\.venv\_x.",
        r"In %USERPROFILE%\.ssh and %APPDATA%\_x and ~\.ssh it is.",
        r"In $env:USERPROFILE\.ssh and ${env:APPDATA}\.x and $env:TEMP\_a it is.",
        r"Under HKLM:\Software\_x, HKCU\Software\.y and HKEY_LOCAL_MACHINE\_z it is.",
        r"C:\_a\_b_\c and D:\~x\~y and E:\#a\!b\(c\)",
    ],
)
def test_paths_keep_their_backslashes(text: str) -> None:
    tree = shown(text)
    assert tree.text == text
    assert not any(tree.find(tag) for tag in ("em", "del", "math", "a"))


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Open C:\\dir\\\nand D:\\\nthen", ["Open C:\\dir\\", "and D:\\", "then"]),
        ("C:\\dir\\<br>D:\\dir2\\<br/>end", ["C:\\dir\\", "D:\\dir2\\", "end"]),
        ("a\\\nb", ["a", "b"]),
    ],
)
def test_a_backslash_at_the_end_of_a_line(text: str, right: list[str]) -> None:
    assert lines(shown(text).find("p")[0]) == right


@pytest.mark.parametrize(
    ("text", "tag", "words"),
    [
        (r"**C:\dir\** and *x*", "strong", ["C:\\dir\\"]),
        (r"[C:\dir\](https://e.com/x)", "a", ["C:\\dir\\"]),
        (r"`C:\dir\` and $x$", "code", ["C:\\dir\\"]),
        (r"C:\a\<kbd>x</kbd>", "kbd", ["x"]),
        (r"so \(f:\R\) and \[g:A\to B\] and \(x\)", "math", None),
        (r"so $f:\R\to\R$ and $g:\C\to\C$ and $x$", "math", None),
    ],
)
def test_syntax_beside_paths(text: str, tag: str, words: list[str] | None) -> None:
    elements = shown(text).find(tag)
    assert len(elements) == 3 if words is None else [e.text for e in elements] == words


def test_a_backslash_keeps_its_bar_in_a_cell() -> None:
    tree = shown("| a | b |\n|---|---|\n| C:\\x\\|y | \\\\a\\b\\ |")
    assert [cell.text for cell in tree.find("td")] == ["C:\\x|y", "\\\\a\\b\\"]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (r"1\. a\_b \*c\* \#e", "1. a_b *c* #e"),
        (r"So.\_x and 5 .\*y, x~\_y", "So._x and 5 .*y, x~_y"),
    ],
)
def test_escapes_outside_of_paths(text: str, right: str) -> None:
    assert shown(text).text == right


def test_a_path_shows_while_it_is_written() -> None:
    assert page([r"Open C:\Users\[You]\Doc"]).text == r"Open C:\Users\[You]\Doc"
    assert page([r"Open **C:\Users\(x)\Doc"]).text == r"Open C:\Users\(x)\Doc"


UNITS = [
    "C:\\", "C:\\a ", "C:\\a b\\", "\\\\", "\\\\a\\", ".\\", "%a", "HKEY_", "\\(", "\\[a", "<a",
    "C:\\a<", "C:\\<a b>", "C:\\a b c ", " ", "\\", "$env:", "[", "C:\\[a", "~\\a ", "\\(\\)",
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_long_lines_take_linear_time(unit: str) -> None:
    start = process_time()
    windows_paths.hide(unit * (200_000 // len(unit)))
    windows_paths.hide("C:\\a" + unit * (200_000 // len(unit)))
    assert process_time() - start < 2
