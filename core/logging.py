"""Formatters and filters that keep private text and repetition out of the log."""

import logging
import traceback
from types import TracebackType
from typing import Any

from core.db.errors import RETRYABLE_ERRORS, is_outage
from core.db.outages import database
from core.web.references import existing_reference


class SafeFormatter(logging.Formatter):
    """Format an exception as its type and frames, never its text.

    The text of a library's exception may contain a token, an address or a user's message. A line
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
    """Drop each line that only reports that the database or Redis is unavailable.

    `core.db.outages` logs outages once. Django logs each response with a status of 500 or above;
    503 is one that we send on purpose, during an outage or a restart.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        exception = record.exc_info[1] if record.exc_info else None
        if getattr(record, "status_code", None) == 503:
            return False
        return not (database.note(exception) or is_lost_layer(record, exception))


def is_lost_layer(record: logging.LogRecord, exception: BaseException | None) -> bool:
    """Return whether the channel layer reports, as it does each second, that Redis is away."""
    module = type(exception).__module__
    is_of_redis = module.startswith("redis.") or isinstance(exception, OSError)
    return is_of_redis and record.name.startswith("channels_redis")


class RefusalFilter(logging.Filter):
    """Turn Django's refusals (a wrong host, a broken form) into warnings without stack frames.

    They are not errors of the site, and the place that raises them is known.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.exc_info = record.exc_text = None
        return True


class FailureLogger:
    """Log the first failure of a repeated task and its recovery, not each failure in between.

    Database outages are left to `core.db.outages`, which logs them once for all tasks. An exception
    of one of the `expected` types is a warning, any other an error with its stack frames.
    """

    def __init__(
        self,
        log: logging.Logger,
        name: str,
        expected: tuple[type[Exception], ...] = RETRYABLE_ERRORS,
    ) -> None:
        self.log = log
        self.name = name
        self.expected = expected
        self.failure_type: type[Exception] | None = None
        self.failures = 0

    def record_failure(self, problem: Exception) -> None:
        """Log the failure if the task worked before, or failed with another exception type."""
        if is_outage(problem):
            return
        self.failures += 1
        if self.failure_type is type(problem):
            return
        self.failure_type = type(problem)
        is_expected = isinstance(problem, self.expected)
        self.log.log(
            logging.WARNING if is_expected else logging.ERROR,
            "%s failed: %s",
            self.name,
            self.failure_type.__name__,
            exc_info=None if is_expected else problem,
        )

    def record_success(self) -> None:
        """Log the recovery if the task failed before."""
        if self.failure_type is not None:
            self.log.warning("%s works again after %d failures", self.name, self.failures)
            self.failure_type, self.failures = None, 0


def frames(trace: TracebackType | None, limit: int = 12) -> list[str]:
    """Return the innermost `limit` frames as `file:line function`, innermost first."""
    summaries = traceback.extract_tb(trace)[-limit:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(summaries)]
