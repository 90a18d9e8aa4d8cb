"""Run daphne on uvloop: `python -m core.server.serve [--gated] [options] config.asgi:application`.

With `--gated` the application is loaded, which takes most of a start, and served once standard
input ends: the parent closes it when the database is up to date.

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
    """daphne's command line; from here on its reactor exists."""
    if "twisted.internet.reactor" not in sys.modules:
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
        install_reactor()
    return importlib.import_module("daphne.cli").CommandLineInterface()


def main(arguments: Sequence[str]) -> None:
    # A socket stays open for as long as its page does; a page that is gone is noticed by pings.
    year = 365 * 24 * 3600
    common = ("--verbosity=0", f"--websocket_timeout={year}", "--no-server-name")
    with explain_wrong_settings():
        command_line().run([*common, *arguments])


def load_and_wait(application: str) -> None:
    """Load the application after daphne, whose reactor it looks for, and wait for the gate."""
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
