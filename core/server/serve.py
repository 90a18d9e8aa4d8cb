"""Run daphne on uvloop: `python -m core.server.serve [--gated] [options] config.asgi:application`.

With `--gated` it loads the application, which takes most of the startup time, and serves it once
standard input is closed: the parent process closes it when the database is migrated.

daphne takes the reactor that is there when it is imported: ours, on the loop that the policy makes.
uvloop halves what the event loop itself costs (docs/performance-log.md).
"""

import asyncio
import importlib
import sys
from collections.abc import Sequence
from typing import Any

import uvloop

from core.command_line import explain_wrong_settings
from core.server.clock import install_reactor


def command_line() -> Any:
    """Install the reactor if there is none, and return daphne's command line."""
    if "twisted.internet.reactor" not in sys.modules:
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
        install_reactor()
    return importlib.import_module("core.server.daphne_server").CommandLine()


def main(arguments: Sequence[str]) -> None:
    # A socket stays open as long as its page; pings detect a page that is gone.
    year = 365 * 24 * 3600
    common = ("--verbosity=0", f"--websocket_timeout={year}", "--no-server-name")
    with explain_wrong_settings():
        command_line().run([*common, *arguments])


def load_and_wait(application: str) -> None:
    """Load the application, and wait until standard input is closed."""
    command_line()
    with explain_wrong_settings():
        importlib.import_module(application.partition(":")[0])
    sys.stdin.read()


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments[0] == "--gated":
        del arguments[0]
        load_and_wait(arguments[-1])
    main(arguments)
