"""`make check`, `make test`, `make lint`, `make format` and `make lock`: run tools in turn."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from launcher.browser import chromium
from launcher.failure import StartError
from launcher.plan import ROOT
from launcher.postgres import Cluster

PYTHON = (sys.executable, "-m")
# import-linter has no __main__, and its script in .venv/bin breaks when a clone is moved.
IMPORTS = (sys.executable, "-c", "import importlinter.cli as c; c.lint_imports_command()")
LINT = (
    (*PYTHON, "ruff", "check", "."),
    (*PYTHON, "ruff", "format", "--check", "."),
    (*PYTHON, "mypy", "."),
    IMPORTS,
)
FORMAT = ((*PYTHON, "ruff", "check", "--fix", "."), (*PYTHON, "ruff", "format", "."))
COMPILE = (
    *(*PYTHON, "uv", "pip", "compile", "-q", "--universal", "--generate-hashes"),
    *("--no-emit-index-url", "--no-emit-find-links", "--python-version", "3.11"),
)
LOCK = (
    (*COMPILE, "requirements.txt", "-o", "requirements/lock.txt"),
    (*COMPILE, "requirements/local.in", "-o", "requirements/local.txt"),
    (*COMPILE, "requirements/dev.in", "-o", "requirements/dev.txt"),
)
MIGRATIONS = (sys.executable, "manage.py", "makemigrations", "--check", "--dry-run")
NOTHING: Mapping[str, str] = MappingProxyType({})
TEST_SETTINGS = "tests.settings"
# Tests wait for processes and timers most of the time, so more of them run than there are cores.
# The tests of a file stay together: they share a server or a browser.
WORKERS = (os.cpu_count() or 1) + 1
PARALLEL = (*PYTHON, "pytest", "-n", str(WORKERS), "--dist", "loadfile")
QUICK = ("tests/unit", "tests/db", "tests/fake_llm", *map(str, (ROOT / "tests").glob("test_*.py")))
NO_TESTS_CHOSEN = 5


def main() -> int:
    """Run the steps of a command until one fails; return its exit code."""
    os.chdir(ROOT)
    command, *arguments = sys.argv[1:]
    try:
        if command == "check":
            return steps([*LINT, (*PARALLEL, *QUICK, *arguments)])
        if command == "test":
            return test(arguments)
        return steps({"lint": LINT, "format": FORMAT, "lock": LOCK}[command])
    except StartError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def test(arguments: Sequence[str]) -> int:
    """Run linters, check for missing migrations, then run pytest with `arguments`.

    pytest comes last, so that its summary is at the end of the output.
    """
    os.environ["CHROMIUM_PATH"] = chromium()
    if code := steps(LINT):
        return code
    # `makemigrations --check` needs a database: it also checks the applied migrations.
    with Cluster(ROOT / "var" / "test-postgres", fast=True) as cluster:
        url = cluster.url("chat")
        settings = {"DJANGO_SETTINGS_MODULE": TEST_SETTINGS, "DATABASE_URL": url}
        if code := steps([MIGRATIONS], settings):
            return code
    return run_tests(arguments)


def run_tests(arguments: Sequence[str]) -> int:
    """Run the tests that need the machine to themselves, then all others in parallel.

    Returns the exit code of the first that failed, 0, or 5 as pytest does if none was chosen.
    """
    alone = steps([(*PYTHON, "pytest", "-m", "alone", *arguments)])
    parallel = steps([(*PARALLEL, "-m", "not alone", *arguments)])
    if alone == parallel == NO_TESTS_CHOSEN:
        return NO_TESTS_CHOSEN
    failures = [code for code in (alone, parallel) if code not in (0, NO_TESTS_CHOSEN)]
    if failures and parallel == 0:
        print("\nA test that runs alone failed; its report is above the parallel ones.")
    return failures[0] if failures else 0


def steps(commands: Sequence[Sequence[str]], settings: Mapping[str, str] = NOTHING) -> int:
    """Run commands until one fails; return its exit code, else 0."""
    for command in commands:
        print(f"\n$ {title(command)}", flush=True)
        code = subprocess.run(command, env=os.environ | dict(settings)).returncode
        if code != 0:
            return code
    return 0


def title(command: Sequence[str]) -> str:
    """Return the command as a person would type it."""
    if command == IMPORTS:
        return "lint-imports"
    return " ".join(word for word in command if word not in PYTHON)


if __name__ == "__main__":
    sys.exit(main())
