"""Scripts of the page: every file is delivered, and every handler has a name."""

import re
from pathlib import Path

import pytest

from core.web.bundles import BUNDLES, join_sources, read_source
from tests.support.site import ROOT

FILES = sorted((ROOT / "static" / "js").glob("*.js"))
LONGEST_LINE = 110
NAMELESS_HANDLER = re.compile(
    r"(?:addEventListener\([^,]+,|(?:Mutation|Resize)Observer\(|setInterval\()"
    r"\s*(?:async\s*)?(?:function\b|\w+\s*=>|\([^()]*\)\s*=>)"
)


def test_every_script_is_in_the_bundle() -> None:
    """The page that is printed and the settings page have one of their own."""
    own = {"js/print.js", "js/settings.js"}
    assert {f"js/{file.name}" for file in FILES} - own <= set(BUNDLES["page.js"])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_script_can_be_read(file: Path) -> None:
    source = file.read_text()
    assert NAMELESS_HANDLER.findall(source) == []
    assert [line for line in source.splitlines() if len(line) > LONGEST_LINE] == []


def test_the_bundle_has_no_comment_lines_of_ours() -> None:
    vendor = b"".join(file.read_bytes() for file in (ROOT / "static" / "vendor").rglob("*.js"))
    lines = set(join_sources("page.js").splitlines()) - set(vendor.splitlines())
    assert [line for line in lines if line.strip().startswith(b"//")] == []
    assert [line for line in lines if re.search(rb"[;{] +// [a-z ]+$", line)] == []
    assert b"window.chat = {" in join_sources("page.js")


def test_the_styles_are_delivered_whole_but_for_comments() -> None:
    sources = [(ROOT / "static" / path).read_text() for path in BUNDLES["page.css"]]
    bundle = join_sources("page.css").decode()
    assert "/*" not in bundle
    assert [line for line in bundle.splitlines() if line != line.lstrip()] == []
    for mark in ("{", "}", ";"):
        code = [re.sub(r"/\*.*?\*/", "", source, flags=re.S) for source in sources]
        assert bundle.count(mark) == sum(text.count(mark) for text in code)


@pytest.mark.parametrize("file", sorted((ROOT / "static" / "css").glob("*.css")), ids=str)
def test_no_text_of_a_style_looks_like_a_comment(file: Path) -> None:
    strings = re.findall(r'"[^"\n]*"', re.sub(r"/\*.*?\*/", "", file.read_text(), flags=re.S))
    assert [text for text in strings if "/*" in text] == []
    # Blanks behind these signs are left out of the bundle, and before a brace.
    assert [text for text in strings if re.search(r"[:;{,]\s| {", text)] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_text_of_a_script_spans_lines(file: Path) -> None:
    """A line of it could look like a comment, and would be missing from the bundle."""
    code = [line for line in file.read_text().splitlines() if not line.strip().startswith("//")]
    assert [line for line in code if line.count("`") % 2] == []
    assert "/*" not in file.read_text()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_bundle_has_all_code_of_a_script(file: Path) -> None:
    """What is left out of a line is nothing or a comment, which has the words of one."""
    if "vendor" in file.parts:
        return
    lines = [line.strip() for line in file.read_text().splitlines()]
    code = [line for line in lines if line and not line.startswith("//")]
    for line, left in zip(code, read_source(file).decode().splitlines(), strict=True):
        rest = line.removeprefix(left).strip()
        assert line.startswith(left)
        assert rest == "" or re.fullmatch(r"// [\w ,;.()<>`#/*&=:-]+", rest), rest
