"""Marks in the text: a word that says when it left the model server.

A mark is `Q` and six digits to the base 36: tenths of a millisecond of the machine's monotonic
clock (CLOCK_MONOTONIC, which all processes of a machine and Chromium's `performance.now()` count
by), modulo 36**6, which is 60 hours. Letters and digits survive every Markdown renderer.
"""

import re
import time

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
WIDTH = 6
ROUND = 36**WIDTH
LENGTH = WIDTH + 1
MARK = re.compile(rb"Q([0-9A-Z]{6})")


def now_ticks() -> int:
    """Tenths of a millisecond of the monotonic clock."""
    return time.monotonic_ns() // 100_000


def mark(ticks: int) -> bytes:
    """The word for a time."""
    ticks %= ROUND
    digits = []
    for _ in range(WIDTH):
        ticks, digit = divmod(ticks, 36)
        digits.append(DIGITS[digit])
    return ("Q" + "".join(reversed(digits))).encode()


def lag_ms(digits: bytes | str, seen_ticks: float) -> float:
    """Milliseconds from the time in a mark to `seen_ticks`, over the end of a round too."""
    apart = (seen_ticks - int(digits, 36)) % ROUND
    # The clocks of two readings may differ by their rounding: a little before is not 60 hours.
    late: float = (apart - ROUND if apart > ROUND / 2 else apart) / 10
    return late
