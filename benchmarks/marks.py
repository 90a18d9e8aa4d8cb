"""Marks in the text: words that contain the time at which they left the model server.

A mark is `Q` and six digits to the base 36: tenths of a millisecond of CLOCK_MONOTONIC modulo
36**6, which is 60 hours. All processes of a machine share that clock, and Chromium's
`performance.now()` runs by it. Letters and digits survive every Markdown renderer.
"""

import re
import time

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
WIDTH = 6
MODULUS = 36**WIDTH
LENGTH = WIDTH + 1
MARK = re.compile(rb"Q([0-9A-Z]{6})")


def now_ticks() -> int:
    """Return the monotonic clock in tenths of a millisecond."""
    return time.monotonic_ns() // 100_000


def mark(ticks: int) -> bytes:
    """Return the mark for a time in ticks."""
    ticks %= MODULUS
    digits = []
    for _ in range(WIDTH):
        ticks, digit = divmod(ticks, 36)
        digits.append(DIGITS[digit])
    return ("Q" + "".join(reversed(digits))).encode()


def lag_ms(digits: bytes | str, seen_ticks: float) -> float:
    """Return the milliseconds from the time in a mark to `seen_ticks`, across a wrap-around."""
    difference = (seen_ticks - int(digits, 36)) % MODULUS
    # Readings of two processes differ by rounding: slightly before must not become 60 hours.
    lag: float = (difference - MODULUS if difference > MODULUS / 2 else difference) / 10
    return lag
