"""Find where code spans end (https://spec.commonmark.org/0.31.2/#code-spans)."""

import re
from bisect import bisect_left
from collections import defaultdict

_RUN = re.compile(r"`+")


class Backticks:
    """The runs of backticks in a text, each of which may close a code span.

    A backslash keeps a backtick from opening a span, but never from closing one.
    """

    def __init__(self, text: str) -> None:
        self._starts: dict[int, list[int]] = defaultdict(list)
        for run in _RUN.finditer(text):
            self._starts[len(run[0])].append(run.start())

    def find_end(self, opening: re.Match[str]) -> int | None:
        """Return the end of the code span that this run opens, None if it opens none."""
        length = len(opening[0])
        starts = self._starts[length]
        index = bisect_left(starts, opening.end())
        return starts[index] + length if index < len(starts) else None
