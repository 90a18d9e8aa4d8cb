"""The locks are installed as they are, whatever the index has meanwhile, and refused if wrong."""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher import install
from launcher.plan import ROOT
from tests.live.launcher.package_index import PackageIndex

SITE_PACKAGES = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
INSTALLED = "from importlib.metadata import version as v; print(v('app'), v('widget'), v('speed'))"
Install = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What installs, for an app that needs `app`, in a folder with a space in its name."""
    root = tmp_path / "my clone"
    shutil.copytree(ROOT / "launcher", root / "launcher")
    (root / "requirements").mkdir()
    (root / "requirements.txt").write_text("app>=1\n")
    return root


@pytest.fixture
def index(tmp_path: Path) -> Iterator[PackageIndex]:
    """An index on which `widget`, which `app` needs with an extra, has had a newer release."""
    index = PackageIndex(tmp_path / "index")
    with index.serve():
        yield index


@pytest.fixture
def pins(index: PackageIndex) -> dict[str, str]:
    """What the lock pinned before that release."""
    pins = {
        "app": index.add("app", "1.0", "widget[fast]>=1.0"),
        "widget": index.add("widget", "1.0", 'speed; extra == "fast"', extras="fast"),
        "speed": index.add("speed", "1.0"),
    }
    index.add("widget", "1.1", 'speed; extra == "fast"', extras="fast")
    return pins


@pytest.fixture
def run_install(clone: Path, index: PackageIndex) -> Install:
    """Write the lines of the lock and install it, as a start with its own database would."""

    def run(*lines: str, command: str = "install") -> subprocess.CompletedProcess[str]:
        (clone / "requirements" / "lock.txt").write_text("".join(f"{line}\n" for line in lines))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        kept |= {"PIP_INDEX_URL": index.url, "PIP_CONFIG_FILE": os.devnull, "HF_TOKEN": "hf_x"}
        kept |= {"DATABASE_URL": "postgresql://127.0.0.1/chat"}
        return subprocess.run(
            [sys.executable, clone / "launcher" / "install.py", command],
            env=kept,
            capture_output=True,
            text=True,
        )

    return run


def make_venv_with_oldest_pip(clone: Path) -> None:
    """Make `.venv` with the pip that `make test` unpacked from requirements/oldest-pip.txt."""
    assert install.OLDEST_PIP.is_dir(), "run `make test ARGS=...` once: it installs the oldest pip"
    venv.create(clone / ".venv", symlinks=True)
    shutil.copytree(install.OLDEST_PIP, clone / ".venv" / SITE_PACKAGES, dirs_exist_ok=True)


def installed(clone: Path) -> str:
    done = subprocess.run(
        [clone / ".venv" / "bin" / "python", "-c", INSTALLED], capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize("pip", ["the oldest", "this Python's own"])
def test_a_new_release_of_a_locked_package_changes_nothing(
    pip: str, clone: Path, pins: dict[str, str], run_install: Install
) -> None:
    if pip == "the oldest":
        make_venv_with_oldest_pip(clone)
    done = run_install(*pins.values())
    assert done.returncode == 0, done.stderr
    assert installed(clone) == "1.0 1.0 1.0"
    again = run_install(*pins.values())
    assert (again.returncode, again.stdout) == (0, "")


def test_a_lock_that_lacks_what_an_extra_needs_is_refused(
    clone: Path, pins: dict[str, str], run_install: Install
) -> None:
    make_venv_with_oldest_pip(clone)
    for _ in range(2):  # it does not count as installed
        done = run_install(pins["app"], pins["widget"])
        assert done.returncode == 1
        assert (
            "requirements/lock.txt is not valid: speed is missing (required by widget[fast])"
            in (done.stderr)
        )
        assert "Restore the file" in done.stderr
    assert run_install(*pins.values()).returncode == 0


def test_a_lock_with_a_version_that_does_not_fit_is_refused(
    clone: Path, index: PackageIndex, pins: dict[str, str], run_install: Install
) -> None:
    make_venv_with_oldest_pip(clone)
    newer = index.add("app", "2.0", "widget[fast]>=1.1")
    done = run_install(newer, pins["widget"], pins["speed"])
    assert done.returncode == 1
    assert "lock.txt is not valid: widget[fast]>=1.1 is missing (required by app)" in done.stderr


def test_a_lock_that_is_refused_can_be_written_anew(
    clone: Path, pins: dict[str, str], run_install: Install
) -> None:
    """`make lock` gets past the check; here it finds no tools to go on with."""
    make_venv_with_oldest_pip(clone)
    for name in set(install.LOCKS) - {"lock"}:
        (clone / "requirements" / f"{name}.txt").touch()
    done = run_install(pins["app"], pins["widget"], command="lock")
    assert "is not valid" not in done.stderr
    assert "No module named 'environ'" in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "speed",
        "speed==1.0",
        "speed>=1.0 --hash=sha256:{hash}",
        "speed==1.* --hash=sha256:{hash}",
        "speed==1.0 --hash=md5:d41d8cd98f00b204e9800998ecf8427e",
        "speed @ https://127.0.0.1/speed.whl --hash=sha256:{hash}",
        "--index-url https://127.0.0.1/simple",
        "-e .",
        "-r other.txt",
    ],
)
def test_a_line_that_is_no_pin_is_refused_before_anything_is_installed(
    line: str, clone: Path, pins: dict[str, str], run_install: Install
) -> None:
    venv.create(clone / ".venv", symlinks=True)
    (clone / ".venv" / SITE_PACKAGES / "pip.py").write_text("raise SystemExit('pip was asked')\n")
    done = run_install(pins["app"], line.format(hash="0" * 64))
    assert done.returncode == 1
    assert "requirements/lock.txt is not valid: '" in done.stderr
    assert "is not pinned with == and a SHA-256 hash" in done.stderr
    assert "pip was asked" not in done.stderr


@pytest.mark.parametrize("name", list(install.LOCKS))
def test_every_lock_of_this_version_is_pinned(name: str) -> None:
    install.check_pins(name)


def test_every_lock_that_has_a_source_is_checked_against_it() -> None:
    assert [name for name in install.LOCKS if name not in install.SOURCES] == [
        "weights",
        "oldest-pip",
    ]
    assert all((ROOT / source).is_file() for source in install.SOURCES.values())


def test_ci_installs_into_a_fresh_environment(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("make", "chromium", "apt-get"):
        (programs / name).write_text(f'#!/bin/sh\necho "{name} $*: $(ls -A "$PWD")"\n')
        (programs / name).chmod(0o755)
    root = tmp_path / "my clone"
    shutil.copytree(ROOT / ".ci", root / ".ci")
    (root / ".venv" / "bin").mkdir(parents=True)
    done = subprocess.run(
        [root / ".ci" / "run"],
        env=os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("make test: .ci\n", "")
