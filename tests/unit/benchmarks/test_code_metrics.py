"""The measurements of code, on a small checkout."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.code_metrics import Function, count_comments, foreign_private_names, local_names
from tests.support.site import ROOT

HIGH = '''"""High."""

from core.low import read


def load(found: int) -> int:
    """Load."""
    said = read()  # a reason
    return found + said
'''
LOW = '''"""Low."""

from chat.high import load


def read() -> int:
    return load(1)
'''


def function(source: str) -> Function:
    (node,) = ast.parse(source).body
    assert isinstance(node, Function)
    return node


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name, source in (("chat/high.py", HIGH), ("core/low.py", LOW)):
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text(source)
        (path.parent / "__init__.py").touch()
    (tmp_path / "pyproject.toml").write_text("[tool.importlinter]\ncontracts = []\n")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text("<p>\n" + "x" * 121 + "\n")
    return tmp_path


def test_another_checkout_is_measured_by_its_path(checkout: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.code_metrics", str(checkout), "--details"]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "| modules | 2 |" in output
    assert "| lines | 16 |" in output
    assert "| functions with a vague local | 1 (" in output
    assert "| comments per 100 lines | 6.2 |" in output
    assert "| docstring lines per 100 lines | 18.8 |" in output
    assert "| template lines over 120 characters | 1 |" in output
    assert "core.low -> chat.high" in output
    assert "chat.high -> core.low" not in output


def test_this_checkout_has_no_import_that_points_upward() -> None:
    command = [sys.executable, "-m", "benchmarks.code_metrics"]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "| imports that point upward | 0 |" in output


def test_locals_are_parameters_and_assigned_names() -> None:
    node = function("def f(a, *, b):\n    c, d = a\n    for e in b:\n        x.g = e\n")
    assert local_names(node) == {"a", "b", "c", "d", "e"}


def test_locals_of_nested_functions_are_not_counted_twice() -> None:
    assert local_names(function("def f():\n    def g(found): pass\n")) == set()


def test_instructions_to_tools_are_no_comments() -> None:
    assert count_comments("a = 1  # noqa: S105\n# A reason.\nb = '# no'\n") == 1


def test_private_names_of_other_packages_are_found() -> None:
    own = ast.parse("class A:\n    def _mine(self): return self._mine()\n")
    foreign = ast.parse("from a.internal import b\nfrom a import c\nc._theirs()\nc._meta\n")
    assert foreign_private_names([own, foreign]) == ["_theirs", "a.internal: b"]
