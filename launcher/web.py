"""Run daphne as a child of the supervisor: `python -m launcher.web --fd=3`.

The parent passes daphne's options for the socket. The process loads the application, and serves it
once its standard input is closed, after the database was migrated. It ends with its parent.
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
