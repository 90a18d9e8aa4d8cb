"""daphne on uvloop: `python -m core.server.serve [options] config.asgi:application`.

daphne takes the reactor that is there when it is imported: ours, on the loop that the policy makes.
uvloop halves what the event loop itself costs (docs/performance.md).
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


if __name__ == "__main__":
    main(sys.argv[1:])
