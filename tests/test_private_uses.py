"""docs/upgrading.md lists every use of a private part of another package, and nothing else."""

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support.private_uses import Use, Visitor
from tests.support.site import ROOT

UPGRADING = (ROOT / "docs" / "upgrading.md").read_text()
REQUIREMENTS = (ROOT / "requirements.txt").read_text()


def listed() -> Iterator[tuple[str, str, str, str]]:
    """Yield package, file, name and test of each row of the tables in docs/upgrading.md."""
    for section in re.split(r"^## ", UPGRADING, flags=re.M)[1:]:
        package = re.match(r"`([\w-]+)`", section)
        for line in section.splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if package and line.startswith("| `") and len(cells) == 5:
                for path in re.findall(r"`([\w/]+\.py)`", cells[0]):
                    for name in re.findall(r"`([\w.]+)`", cells[1]):
                        yield package[1], path, name, cells[3]


def found() -> set[tuple[str, str]]:
    """Return file and name of each use that `tests.support.private_uses` prints.

    A process of its own imports the modules: some of them install Twisted's reactor.
    """
    command = [sys.executable, "-m", "tests.support.private_uses"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return {
        (match[1], match[2].rpartition(".")[2])
        for match in re.finditer(r"^(.+?):\d+: (.+)$", done.stdout, re.M)
    }


SAMPLE = """
from allauth.account.internal import userkit
from functools import _lru_cache_wrapper, lru_cache
import twisted._threads

class Own:
    def _method(self):
        return self._value, self._foreign

def use(request, own):
    own._method()
    request._cached_user
    getattr(request, "_messages", None)
    request.model._meta
    connection.TLS
"""


def test_the_inventory_finds_private_names_of_others_only() -> None:
    visitor = Visitor("sample.py", SAMPLE)
    visitor.visit(visitor.tree)
    names = [name for _, _, name in sorted(set(visitor.uses))]
    assert names == [
        "allauth.account.internal.userkit",
        "functools._lru_cache_wrapper",
        "twisted._threads",
        "_foreign",
        "_value",
        "_cached_user",
        "_messages",
        "TLS",
    ]
    assert Use("sample.py", 13, "_messages") in visitor.uses


def test_every_private_use_is_listed_and_every_listed_one_is_used() -> None:
    rows = {(path, name.rpartition(".")[2]) for _, path, name, _ in listed()}
    assert rows
    assert found() == rows


def test_every_row_names_a_test() -> None:
    for _, path, name, tests in listed():
        files = re.findall(r"`(tests/[\w/]+\.py)`", tests)
        assert files, f"{path}: {name} has no test"
        assert [file for file in files if not (ROOT / file).exists()] == []


@pytest.mark.parametrize("package", sorted({row[0] for row in listed()}))
def test_the_package_has_an_upper_bound(package: str) -> None:
    line = re.search(rf"^{package}(?:\[[\w,]+\])?(\S+)", REQUIREMENTS, re.M | re.I)
    assert line is not None, package
    assert "<" in line[1]
