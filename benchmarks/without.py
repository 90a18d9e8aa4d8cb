"""The web process without one of its optimisations, for `benchmarks.tricks`.

`python -m benchmarks.without <trick> <interval> [options]` replaces the optimised code by the plain
code of the library below it, then starts the server as `python -m launcher.web` does; `nothing`
replaces nothing. Only benchmarks may do this: the product has no switch for it.

Frames leave every <interval> seconds. Otherwise a busy machine would mean fewer frames, and so less
CPU, for whichever server it hits.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

import django

from core.server.serve import command_line
from launcher import web


def without_framing() -> None:
    """Let autobahn read and write all websocket frames, and Twisted write to the socket."""
    from core.server import websocket  # noqa: PLC0415 (after the reactor is installed)

    protocol: Any = websocket.BoundedProtocol

    def send_message(self: Any, payload: bytes, isBinary: bool = False) -> None:  # noqa: N803
        if self.stuck:
            self.unread += len(payload)
            if self.unread > websocket.MAX_UNREAD_BYTES:
                self.hang_up()
                return
        super(protocol, self).sendMessage(payload, isBinary)

    del protocol.dataReceived
    protocol.sendMessage = send_message


def without_listener() -> None:
    """Dispatch acknowledgements to the consumer as Channels does with any other message."""
    from core.server import websocket  # noqa: PLC0415

    protocol: Any = websocket.BoundedProtocol
    protocol.is_heard = lambda self, payload: False


def without_request_threads() -> None:
    """Let Django start and join a thread for each request."""
    from core.web import request_threads  # noqa: PLC0415

    module: Any = request_threads
    module.RequestThreads = lambda inner: inner


def without_templates() -> None:
    """Render every component anew; Django's cached loader still keeps the parsed templates."""
    from chat.rendering.components import template_cache  # noqa: PLC0415

    module: Any = template_cache

    def compile_always(template: str) -> Callable[..., Any]:
        return lambda language, context: module.split_at_slots(
            module.render_for_cache(template, language, dict(context))
        )

    module.compiled_templates = compile_always


def without_middleware() -> None:
    """Use Django's own middleware classes, which switch to a thread twice each."""
    from django.conf import settings  # noqa: PLC0415

    own = "core.web.async_middleware."
    plain = {
        "Security": "django.middleware.security.SecurityMiddleware",
        "Session": "django.contrib.sessions.middleware.SessionMiddleware",
        "Locale": "django.middleware.locale.LocaleMiddleware",
        "Common": "django.middleware.common.CommonMiddleware",
        "Csrf": "django.middleware.csrf.CsrfViewMiddleware",
        "Authentication": "django.contrib.auth.middleware.AuthenticationMiddleware",
        "Messages": "django.contrib.messages.middleware.MessageMiddleware",
        "XFrameOptions": "django.middleware.clickjacking.XFrameOptionsMiddleware",
    }
    settings.MIDDLEWARE = [plain.get(name.removeprefix(own), name) for name in settings.MIDDLEWARE]


def without_prepared_statements() -> None:
    """Use Django's own cursor for the statements written by hand."""
    from core.db import sql  # noqa: PLC0415

    module: Any = sql
    module.open_cursor = lambda: module.connection.cursor()


def keep_interval(seconds: float) -> None:
    """Keep the interval between the frames of an answer."""
    from chat.streaming import throttle  # noqa: PLC0415

    def update_interval(self: Any) -> None:
        self.interval = seconds

    module: Any = throttle
    module.FrameThrottle.update_interval = update_interval
    throttle.throttle.update_interval()


def without_nothing() -> None:
    """Replace nothing."""


TRICKS: dict[str, Callable[[], None]] = {
    "nothing": without_nothing,
    "framing": without_framing,
    "listener": without_listener,
    "request-threads": without_request_threads,
    "templates": without_templates,
    "middleware": without_middleware,
    "prepared-statements": without_prepared_statements,
}


def main() -> None:
    trick, interval = sys.argv.pop(1), float(sys.argv.pop(1))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    command_line()  # the reactor comes before everything that imports it
    django.setup(set_prefix=False)
    keep_interval(interval)
    TRICKS[trick]()
    web.main()


if __name__ == "__main__":
    main()
