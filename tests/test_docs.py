"""What the docs say is what the code does: names, defaults, commands, links, numbers.

`tests/live/core/test_environment.py` holds that every setting stands in the README.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from chat.errors import FAULTS
from chat.urls import urlpatterns, websocket_urlpatterns
from tests.support.site import ROOT

DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), ROOT / "static" / "vendor" / "README.md"])
README = (ROOT / "README.md").read_text()
PROTOCOL = (DOCS / "protocol.md").read_text()
REQUIREMENTS = ("requirements.txt", *(f"requirements/{name}" for name in ("local.in", "dev.in")))
FENCE = re.compile(r"^```.*?^```$", re.M | re.S)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def rows(text: str) -> Iterator[list[str]]:
    """The cells of every line of a table, code marks left in."""
    for line in text.splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def section(text: str, heading: str) -> str:
    """The text below a heading up to the next one of any level."""
    return re.split(r"^#+ ", text.split(f" {heading}\n", 1)[1], maxsplit=1, flags=re.M)[0]


def settings_read() -> dict[str, str | None]:
    """Name -> the default as the README writes it; None where it is worked out."""
    found: dict[str, str | None] = {}
    for node in ast.walk(ast.parse((ROOT / "config" / "settings.py").read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "env"):
            continue
        if node.args and isinstance(node.args[0], ast.Constant):
            values = [word.value for word in node.keywords if word.arg == "default"]
            found[str(node.args[0].value)] = written(values[0]) if values else None
    return found


def written(value: ast.expr) -> str | None:
    if not isinstance(value, ast.Constant):
        return None
    if isinstance(value.value, bool):
        return "on" if value.value else "off"
    return str(value.value) or None


SETTINGS = settings_read()
OFFERED = {
    cells[0].strip("`"): cells
    for cells in rows(README)
    if len(cells) == 3 and re.fullmatch(r"`[A-Z][A-Z0-9_]+`", cells[0])
}


def test_the_readme_names_no_setting_that_is_not_read() -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    unknown = {name for name in OFFERED if name not in SETTINGS and f"${{{name}" not in compose}
    assert unknown == set()


@pytest.mark.parametrize("name", sorted(name for name, default in SETTINGS.items() if default))
def test_the_readme_has_the_default(name: str) -> None:
    if name in OFFERED:  # whether it has to be there is for test_environment
        assert OFFERED[name][1].startswith(f"`{SETTINGS[name]}`")


def test_every_target_of_make_is_described() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z]+):", makefile, re.M)
    words = README + (ROOT / "CONTRIBUTING.md").read_text()
    assert {"run", "test"} <= set(targets)
    assert [target for target in targets if f"make {target}" not in words] == []


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in LINK.findall(FENCE.sub("", page.read_text())):
        if "://" in link or link.startswith("mailto:"):
            continue
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


NAMED_FILE = re.compile(
    r"`((?:accounts|chat|config|core|launcher|tests|static|templates|benchmarks|docs)/[\w./-]+)`"
)
BARE_FILE = re.compile(r"`(\w[\w-]*\.(?:py|js|css|html))`")
# Made by `collectstatic`.
BUNDLES = {"page.js", "page.css"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_is_named_exists(page: Path) -> None:
    text = page.read_text()
    missing = [name for name in NAMED_FILE.findall(text) if not any(ROOT.glob(f"{name}*"))]
    bare = set(BARE_FILE.findall(text)) - BUNDLES
    folders = ("accounts", "chat", "core", "config", "launcher", "static", "templates", "tests")
    missing += [
        name
        for name in sorted(bare)
        if not any(any((ROOT / folder).rglob(name)) for folder in folders)
        and not (ROOT / name).exists()
    ]
    assert missing == []


def test_every_folder_of_tests_is_described() -> None:
    words = (DOCS / "testing.md").read_text()
    folders = [path for path in (ROOT / "tests").iterdir() if any(path.glob("*.py"))]
    assert [path.name for path in folders if f"`tests/{path.name}" not in words] == []


def test_every_page_of_the_docs_is_in_the_index() -> None:
    linked = set(LINK.findall((DOCS / "index.md").read_text()))
    assert {page.name for page in DOCS.glob("*.md")} - linked == {"index.md"}


def required(file: str) -> Iterator[tuple[str, str]]:
    """Name and range of each requirement."""
    for line in (ROOT / file).read_text().splitlines():
        found = re.match(r"([A-Za-z][\w.-]*)(?:\[[^\]]*\])?([^#\\]*)", line)
        if found:
            yield found[1], found[2].strip()


@pytest.mark.parametrize("file", [*REQUIREMENTS, "requirements/weights.txt"])
def test_every_requirement_is_explained(file: str) -> None:
    known = {cells[0]: cells[1] for cells in rows((DOCS / "dependencies.md").read_text())}
    told = {name: known.get(f"`{name}`", "nothing").strip("`") for name, _ in required(file)}
    assert told == dict(required(file))


def test_no_dependency_is_explained_that_is_not_required() -> None:
    files = [*REQUIREMENTS, "requirements/weights.txt"]
    asked = {name for file in files for name, _ in required(file)}
    told = {
        cells[0].strip("`")
        for cells in rows((DOCS / "dependencies.md").read_text())
        if re.fullmatch(r"`[\w-]+`", cells[0]) and len(cells) == 5
    }
    assert told - asked == set()


def close_codes() -> dict[str, str]:
    """What the page does after each close code, by `docs/protocol.md`."""
    return {
        code: cells[2]
        for cells in rows(section(PROTOCOL, "Close codes"))
        for code in re.findall(r"\d{4}", cells[0])
    }


def test_close_codes_are_those_of_the_code() -> None:
    sources = [*(ROOT / "chat" / "realtime").glob("*.py"), ROOT / "chat" / "lifecycle.py"]
    used = {code for file in sources for code in re.findall(r"\b4\d{3}\b", file.read_text())}
    told = close_codes()
    assert used <= told.keys()
    script = (ROOT / "static" / "js" / "connection.js").read_text()
    table = re.search(r"const FINAL = \{(.+?)\};", script, re.DOTALL)
    assert table is not None
    final = set(re.findall(r"\b\d{4}\b", table[1]))
    assert final == {code for code in told if not told[code].startswith("connects again")}


def test_every_address_is_described() -> None:
    paths = [str(item.pattern) for item in (*urlpatterns, *websocket_urlpatterns)]
    plain = ["/" + re.sub(r"<\w+:(\w+)>", r"<\1>", path) for path in paths]
    assert [path for path in plain if f"`{path}`" not in PROTOCOL] == []


def test_refusals_have_the_status_that_is_described() -> None:
    told = {
        code: int(cells[0])
        for cells in rows(section(PROTOCOL, "Refusals"))
        if cells[0].isdecimal()
        for code in re.findall(r"`(\w+)`", cells[1])
    }
    assert told == {code: FAULTS[code].status for code in told if code in FAULTS}


def test_every_error_code_is_described() -> None:
    words = PROTOCOL + (DOCS / "providers.md").read_text()
    assert [code for code in FAULTS if f"`{code}`" not in words] == []


def test_clocks_run_as_described() -> None:
    clocks = section((DOCS / "architecture.md").read_text(), "Clocks")
    found = [cells for cells in rows(clocks) if cells[0].startswith("`")]
    assert found
    for name, seconds, file, _ in found:
        source = (ROOT / file.strip("`")).read_text()
        line = re.search(rf"^{name.strip('`')}\b.* = (.+)$", source, re.M)
        assert line is not None, name
        assert re.search(rf"(?<![\d.]){re.escape(seconds)}(?![\d.])", line[1]), name


def test_the_picture_is_light() -> None:
    assert (DOCS / "images" / "chat.png").stat().st_size < 150_000
