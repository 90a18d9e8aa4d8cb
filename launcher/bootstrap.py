"""The first step of `make run`, run by any `python3` that is installed.

This file has to be valid in every Python 3: no f-strings, no unpacking in lists. It finds a Python
that is new enough and runs install.py in the same folder with it.
"""

import os
import subprocess
import sys

OLDEST = (3, 11)
NEWER = ["python3.14", "python3.13", "python3.12", "python3.11"]


def works(command: str) -> bool:
    """Return whether the command runs and is new enough (pyenv's shims exist even if they fail)."""
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    try:
        with open(os.devnull, "w") as nowhere:
            return subprocess.call([command, "-c", check], stdout=nowhere, stderr=nowhere) == 0
    except OSError:
        return False


def main() -> None:
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "install.py")
    arguments = [script] + sys.argv[1:]  # noqa: RUF005
    if sys.version_info >= OLDEST:
        os.execv(sys.executable, [sys.executable] + arguments)  # noqa: RUF005, S606
    for command in NEWER:
        if works(command):
            os.execvp(command, [command] + arguments)  # noqa: RUF005, S606
    version = ".".join(str(number) for number in sys.version_info[:2])
    sys.exit("Python " + version + " is too old: install Python 3.11 or newer and start again.")


if __name__ == "__main__":
    main()
