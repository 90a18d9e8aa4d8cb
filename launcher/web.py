"""The web process: daphne with its parent's options for the socket, ended with its parent.

`python -m launcher.web --fd=3`. It loads the application and serves it once its standard input
ends, when the database has been brought up to date.
"""

import runpy
import sys

from launcher.children import end_with_parent, raise_file_limit


def main() -> None:
    end_with_parent()
    raise_file_limit()
    sys.argv[1:] = ["--gated", *sys.argv[1:], "config.asgi:application"]
    runpy.run_module("core.server.serve", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
