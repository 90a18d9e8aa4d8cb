"""A token bucket in the database: one statement, correct across processes.

https://en.wikipedia.org/wiki/Token_bucket
"""

from dataclasses import dataclass

from core.db.sql import fetch


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `burst` at once, `rate` a second in the long run."""

    burst: float
    rate: float


# What is left grows with the database's clock, not with any process's. A refusal changes nothing
# and says after how many seconds there will be one.
CONSUME = """
WITH taken AS (
    INSERT INTO chat_allowance AS held (key, tokens, filled_at)
    VALUES (%(key)s, %(burst)s - 1, clock_timestamp())
    ON CONFLICT (key) DO UPDATE SET
        tokens = LEAST(%(burst)s, held.tokens + %(rate)s * GREATEST(0,
            EXTRACT(EPOCH FROM clock_timestamp() - held.filled_at))) - 1,
        filled_at = clock_timestamp()
    WHERE LEAST(%(burst)s, held.tokens + %(rate)s * GREATEST(0,
        EXTRACT(EPOCH FROM clock_timestamp() - held.filled_at))) >= 1
    RETURNING tokens
)
SELECT 0::float FROM taken
UNION ALL
SELECT GREATEST(0.1, (1 - held.tokens) / %(rate)s
    - EXTRACT(EPOCH FROM clock_timestamp() - held.filled_at))::float
FROM chat_allowance held WHERE held.key = %(key)s AND NOT EXISTS (SELECT FROM taken)
"""


def consume(key: str, bucket: RateLimit) -> float:
    """Take one; 0, or the seconds after which there will be one to take."""
    found = fetch(CONSUME, {"key": key, "burst": bucket.burst, "rate": bucket.rate})
    # Without a row somebody else's first insert is not committed where this statement looked.
    return float(found[0][0]) if found else 0.1
