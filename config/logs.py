"""Log lines that cannot carry private text."""

import logging
import traceback
from types import TracebackType
from typing import Any


class SafeFormatter(logging.Formatter):
    """Prints an exception as its type and frames, never its text.

    The text of a library's exception may hold a token, an address or a person's message.
    """

    def formatException(self, ei: Any) -> str:  # noqa: N802 (the base class's name)
        kind, _, trace = ei
        return " < ".join([getattr(kind, "__name__", "Exception"), *frames(trace)])


def frames(trace: TracebackType | None, most: int = 12) -> list[str]:
    """The innermost `most` frames as `file:line function`, innermost first."""
    found = traceback.extract_tb(trace)[-most:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(found)]
