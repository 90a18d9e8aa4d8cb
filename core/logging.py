"""Log lines that cannot carry private text."""

import logging
import traceback
from types import TracebackType
from typing import Any

from core.db.errors import is_outage
from core.db.outages import database
from core.web.references import existing_reference


class SafeFormatter(logging.Formatter):
    """Prints an exception as its type and frames, never its text.

    The text of a library's exception may hold a token, an address or a person's message. A line
    about a request whose error page names a reference ends with that reference.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the base class's name)
        line = super().formatMessage(record)
        reference = existing_reference(getattr(record, "request", None))
        return f"{line}, reference {reference}" if reference else line

    def formatException(self, ei: Any) -> str:  # noqa: N802 (the base class's name)
        kind, _, trace = ei
        return " < ".join([getattr(kind, "__name__", "Exception"), *frames(trace)])


class OutageFilter(logging.Filter):
    """Drops each line that only says that the database or Redis is away.

    Outages have lines of their own: see `core.db.outages`. Django logs each response with a status
    of 500 and more; 503 is what we answer on purpose, during an outage or a restart.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        problem = record.exc_info[1] if record.exc_info else None
        if getattr(record, "status_code", None) == 503:
            return False
        return not (database.note(problem) or is_lost_layer(record, problem))


def is_lost_layer(record: logging.LogRecord, problem: BaseException | None) -> bool:
    """Whether the channel layer says, as it does every second, that Redis is away."""
    is_of_redis = type(problem).__module__.startswith("redis.") or isinstance(problem, OSError)
    return is_of_redis and record.name.startswith("channels_redis")


class RefusalFilter(logging.Filter):
    """Turns what Django refuses (a wrong host, a broken form) into a warning without frames: it is
    no error of the site, and where it was noticed is known."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.exc_info = record.exc_text = None
        return True


class OutageLogger:
    """What may fail again and again: that it began and that it ended is logged, not each time.

    An outage of the database is logged by `core.db.outages`, for all together. An exception of one
    of the `expected` types is a warning, another one an error with its frames.
    """

    def __init__(
        self, log: logging.Logger, name: str, expected: tuple[type[Exception], ...] = ()
    ) -> None:
        self.log = log
        self.name = name
        self.expected = expected
        self.failure_type: type[Exception] | None = None
        self.failures = 0

    def record_failure(self, problem: Exception) -> None:
        """A line if it worked before, or failed in another way."""
        if is_outage(problem):
            return
        self.failures += 1
        if self.failure_type is type(problem):
            return
        self.failure_type = type(problem)
        known = isinstance(problem, self.expected)
        self.log.log(
            logging.WARNING if known else logging.ERROR,
            "%s failed: %s",
            self.name,
            self.failure_type.__name__,
            exc_info=None if known else problem,
        )

    def record_success(self) -> None:
        """A line if it failed before."""
        if self.failure_type is not None:
            self.log.warning("%s works again after %d failures", self.name, self.failures)
            self.failure_type, self.failures = None, 0


def frames(trace: TracebackType | None, most: int = 12) -> list[str]:
    """The innermost `most` frames as `file:line function`, innermost first."""
    found = traceback.extract_tb(trace)[-most:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(found)]
