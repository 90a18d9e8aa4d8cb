"""Code in answers: nested fences, odd info strings, tabs, patches, lists around it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from chat.rendering.markdown import render
from tests.support.dom import Element, parse
from tests.unit.rendering.growing_page import shown

PATCH = (
    "--- a/file.txt\n+++ b/file.txt\n@@ -1,5 +1,5 @@\n first\n \n-\tsecond <b>\n"
    '+\tsecond & "third"\n \n --- last\n'
)


def codes(text: str) -> list[str]:
    return [element.find("code")[0].text for element in shown(text).find("pre")]


def outline(text: str) -> list[str]:
    """Return the tags of the blocks on the page, with the first line of their text."""
    blocks = [child for child in shown(text).children if isinstance(child, Element)]
    return [f"{block.tag} {block.text.splitlines()[0]}".strip() for block in blocks]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("````md\n```py\nx\n```\n````\nend", ["```py\nx\n```\n"]),
        ("~~~md\n```py\nx\n```\n~~~", ["```py\nx\n```\n"]),
        ("```md\n# T\n```py\nx\n```\nmore\n```\nend", ["# T\n```py\nx\n```\nmore\n"]),
        ("```markdown\n```a\n1\n```\n```b\n2\n```\n```\n", ["```a\n1\n```\n```b\n2\n```\n"]),
        ("```MD\n  ```sh\n  x\n  ```\n```", ["  ```sh\n  x\n  ```\n"]),
        ("- in an item:\n  ```md\n  ```py\n  x\n  ```\n  y\n  ```\n- b", ["```py\nx\n```\ny\n"]),
        ("~~~markdown\n~~~js\nx\n~~~\n~~~", ["~~~js\nx\n~~~\n"]),
        ("```py\n```js\nx\n```", ["```js\nx\n"]),
        ("```\n```js\nx\n```", ["```js\nx\n"]),
        ("````\n```\nx\n```\n````", ["```\nx\n```\n"]),
        ("```md\nno inner\n```\n\n```py\nx\n```", ["no inner\n", "x\n"]),
    ],
)
def test_nested_fences(text: str, right: list[str]) -> None:
    assert codes(text) == right


def test_an_inner_fence_whose_outer_one_never_ends_is_no_inner_fence() -> None:
    tree = parse(render("```md\n```py\nx\n```\n\nProse.", "ab12"))
    assert [element.text for element in tree.find("code")] == ["```py\nx\n"]
    assert tree.find("p")[0].text == "Prose."


@pytest.mark.parametrize(
    ("info", "label"),
    [
        ('python title="x.py" {1,3}', "python"),
        ("js:app.js", "js"),
        ("c++", "c++"),
        (" C# ", "C#"),
        ("{python}", "python"),
        ("{r, echo=FALSE}", "r"),
        ("{.python .numberLines}", "python"),
        ("language-rust", "rust"),
        ("{1,3}", ""),
        ("objective-c", "objective-c"),
        ("Dockerfile.dev", "Dockerfile.dev"),
        ('"><b>', ""),
        ("中文", ""),
        ("diff python", "diff"),
    ],
)
def test_odd_info_strings(info: str, label: str) -> None:
    """The code is whole whatever its fence says, and is labelled if the fence names a language."""
    for text in (f"```{info}\nx < 1\n```", f"- a\n\n  ~~~{info}\n  x < 1\n  ~~~\n"):
        tree = shown(text)
        assert [element.text for element in tree.find("code")] == ["x < 1\n"]
        assert [span.text for span in tree.find("span")][:1] == [label]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("```make\nall:\n\techo a\n\t\tb\n```", "all:\n\techo a\n\t\tb\n"),
        ("```\n\tfirst\n```", "\tfirst\n"),
        ("1. x\n   ```make\n   all:\n   \techo\n   \t\tb\n   ```", "all:\n\techo\n\t\tb\n"),
        ("1. x\n\n\t```make\n\tall:\n\t\techo\n\t```\n", "all:\n\techo\n"),
        ("- x\n\t```go\n\tif a {\n\t\tb\n\t}\n\t```\n- y", "if a {\n\tb\n}\n"),
        ("  ```\n\tx\n  \ty\n\t\tz\n  ```", "  x\n\ty\n  \tz\n"),
        ("\tindented\n\t\ttwo", "indented\n\ttwo"),
        ("```\n  two\n \tmixed  \n```", "  two\n \tmixed  \n"),
        ("> ```\n> \ttab\n> ```", "\ttab\n"),
        ("```\n\n\n  x\n\n```", "\n\n  x\n\n"),
    ],
)
def test_indentation_of_code_is_kept(text: str, right: str) -> None:
    assert codes(text) == [right] or codes(text) == [right + "\n"]


@pytest.mark.parametrize("before", ["", "- Apply:\n  ", "1. Apply:\n   "])
def test_a_patch_can_be_applied(before: str, tmp_path: Path) -> None:
    """The text of the code element is what the copy button copies."""
    indent = " " * len(before.rpartition("\n")[2])
    text = before + "```diff\n" + "".join(indent + line for line in PATCH.splitlines(True))
    patch = codes(text + indent + "```\n")[0]
    assert patch == PATCH
    git = shutil.which("git")
    assert git
    (tmp_path / "file.txt").write_text("first\n\n\tsecond <b>\n\n--- last\n")
    subprocess.run([git, "apply", "-"], cwd=tmp_path, input=patch.encode(), check=True)
    assert (tmp_path / "file.txt").read_text() == 'first\n\n\tsecond & "third"\n\n--- last\n'


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (
            "1. one\n```\nx\n```\n2. two\n```\ny\n```\n3. three",
            ["ol one", "div Copyx", "ol two", "div Copyy", "ol three"],
        ),
        ("1. one\n\n   ```\n   x\n   ```\n\n2. two", ["ol oneCopyx"]),
        ("1. one\n   ```\n   x\n   ```\n1. two", ["ol oneCopyx"]),
        ("Text:\n```\nx\n```\nafter", ["p Text:", "div Copyx", "p after"]),
        ("Text:\n| a | b |\n|---|---|\n| 1 | 2 |\n\nafter", ["p Text:", "div ab12", "p after"]),
        ("|a|b|\n|-|-|\n|1|2|", ["div ab12"]),
        ("a|b\n-|-\n1|2", ["div ab12"]),
        ("**T**\n|a|\n|-|\n|1|", ["p T", "div a1"]),
    ],
)
def test_blocks_without_blank_lines_between_them(text: str, right: list[str]) -> None:
    assert outline(text) == right


def test_numbers_go_on_after_code() -> None:
    text = "1. one\n```\nx\n```\n2. two\n\n```\ny\n```\n\n3. three\n4. four"
    lists = shown(text).find("ol")
    assert [element.attributes.get("start", "1") for element in lists] == ["1", "2", "3"]
    assert [len(element.find("li")) for element in lists] == [1, 1, 2]
