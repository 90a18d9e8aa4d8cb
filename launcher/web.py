"""The web process: daphne with its parent's options for the socket, ended with its parent.

`python -m launcher.web --fd=3`. It loads the application, which takes most of a start, and
begins to serve at the end of its standard input: when the database has been brought up to date.
"""

import importlib
import sys

from core.command_line import explain_wrong_settings
from core.server import serve
from launcher.children import end_with_parent, raise_file_limit


def main() -> None:
    end_with_parent()
    raise_file_limit()
    serve.command_line()
    with explain_wrong_settings():
        importlib.import_module("config.asgi")  # after daphne, whose reactor it looks for
    sys.stdin.read()
    serve.main([*sys.argv[1:], "config.asgi:application"])


if __name__ == "__main__":
    main()
