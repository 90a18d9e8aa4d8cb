"""The web process: daphne with its parent's options for the socket, ended with its parent.

`python -m config.local.web --fd=3`. It loads the application, which takes most of a start, and
begins to serve at the end of its standard input: when the database has been brought up to date.
"""

import importlib
import sys

from daphne.cli import CommandLineInterface

from config.local.children import end_with_parent, raise_file_limit

# A socket stays open for as long as its page does; a page that is gone is noticed by pings.
WEBSOCKET_SECONDS = 365 * 24 * 3600


def main() -> None:
    end_with_parent()
    raise_file_limit()
    importlib.import_module("config.asgi")  # after daphne, whose reactor it looks for
    sys.stdin.read()
    CommandLineInterface().run(
        [
            "--verbosity=0",
            f"--websocket_timeout={WEBSOCKET_SECONDS}",
            "--no-server-name",
            *sys.argv[1:],
            "config.asgi:application",
        ]
    )


if __name__ == "__main__":
    main()
