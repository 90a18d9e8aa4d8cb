"""The first step with the Pythons people have, in a copy of the project without its packages."""

import ast
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path

import pytest

from launcher import install
from launcher.plan import ROOT

PRETEND_OLD = """
import runpy, sys
sys.argv = [{script!r}, "run", "two words"]
sys.version_info = (3, 9, 2, "final", 0)
runpy.run_path({script!r}, run_name="__main__")
"""
WITHOUT_VENV = """
import runpy, sys
sys.modules["ensurepip"] = None
sys.argv = [{script!r}, "run"]
runpy.run_path({script!r}, run_name="__main__")
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What the first step reads, in a folder with a space in its name."""
    root = tmp_path / "my clone"
    (root / "launcher").mkdir(parents=True)
    for name in ("bootstrap.py", "install.py"):
        shutil.copy(ROOT / "launcher" / name, root / "launcher")
    shutil.copytree(ROOT / "requirements", root / "requirements")
    shutil.copy(ROOT / "Makefile", root)
    return root


def script(root: Path, name: str) -> str:
    return str(root / "launcher" / name)


def run_python(code: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )


def fake_python(folder: Path, name: str, body: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return folder


def make_install_offline(root: Path) -> subprocess.CompletedProcess[str]:
    """`make install` where pip finds nothing: port 9 of loopback refuses."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    kept |= {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull}
    return subprocess.run(
        ["make", "-s", "install"], cwd=root, env=kept, capture_output=True, text=True
    )


def test_an_old_python_alone_is_told_in_one_sentence(clone: Path, tmp_path: Path) -> None:
    broken = fake_python(tmp_path / "bin", "python3.12", "exit 127")
    code = PRETEND_OLD.format(script=script(clone, "bootstrap.py"))
    done = run_python(code, {"PATH": str(broken)})
    assert done.returncode == 1
    assert done.stderr == "Python 3.9 is too old: install Python 3.11 or newer and start again.\n"


def test_an_old_python_hands_over_to_a_newer_one(clone: Path, tmp_path: Path) -> None:
    body = 'if [ "$1" = -c ]; then exit 0; fi\nfor word in "$@"; do echo "[$word]"; done'
    newer = fake_python(tmp_path / "bin", "python3.12", body)
    code = PRETEND_OLD.format(script=script(clone, "bootstrap.py"))
    done = run_python(code, {"PATH": f"{newer}:{os.defpath}"})
    assert done.stdout.splitlines() == [
        f"[{script(clone, 'install.py')}]",
        "[run]",
        "[two words]",
    ]


def test_the_first_step_is_readable_by_old_pythons(clone: Path) -> None:
    tree = ast.parse(Path(script(clone, "bootstrap.py")).read_text(), feature_version=(3, 4))
    newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.AsyncFunctionDef, ast.Starred)
    assert not [node for node in ast.walk(tree) if isinstance(node, newer)]


def test_no_python_at_all(clone: Path) -> None:
    done = subprocess.run(
        ["make", "-s", "run", "PYTHON=python-none"], cwd=clone, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "There is no python-none: install Python 3.11 or newer" in done.stderr


def test_a_missing_venv_module_is_told_in_one_sentence(clone: Path) -> None:
    done = run_python(WITHOUT_VENV.format(script=script(clone, "install.py")), os.environ)
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert done.returncode == 1
    assert done.stderr == (
        f"Python {version} is missing its venv module: install it (on Debian and Ubuntu `apt "
        f"install python{version}-venv`) and start again.\n"
    )


def test_no_network_at_the_first_start_is_told(clone: Path) -> None:
    done = make_install_offline(clone)
    assert done.returncode != 0
    assert (
        "Could not install the app's packages: the package index cannot be reached" in done.stderr
    )


def test_no_network_is_needed_when_all_is_installed(clone: Path) -> None:
    venv.create(clone / ".venv", symlinks=True)
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    site = clone / ".venv" / "lib" / f"python{version}" / "site-packages"
    (site / "pip.py").touch()
    stamp = {
        path.stem: install.fingerprint(path.stem, version)
        for path in (clone / "requirements").glob("*.txt")
    }
    (clone / ".venv" / "installed.json").write_text(json.dumps(stamp))
    done = make_install_offline(clone)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "is full: free some space"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "does not match its hash in the lock"),
        ("OSError: [Errno 13] Permission denied: 'x'", "is not writable. Start as the user"),
        ("ERROR: No matching distribution found for x", "No matching distribution found for x"),
    ],
)
def test_what_pip_says_becomes_a_sentence(said: str, sentence: str) -> None:
    assert sentence in install.in_a_sentence(said, "install the app's packages")


@pytest.mark.parametrize(
    ("values", "locks"),
    [
        ({}, ["lock", "local", "weights"]),
        ({"HF_TOKEN": "hf_x"}, ["lock", "local"]),
        ({"INFERENCE_BASE_URL": "http://127.0.0.1:1/v1"}, ["lock", "local"]),
        ({"HF_TOKEN": "hf_x", "DATABASE_URL": "postgresql://db/chat"}, ["lock"]),
    ],
)
def test_only_what_a_start_needs_is_installed(
    values: Mapping[str, str], locks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_TOKEN", "INFERENCE_BASE_URL", "DATABASE_URL"):
        monkeypatch.setenv(name, values.get(name, ""))
    assert install.wanted("run") == locks
