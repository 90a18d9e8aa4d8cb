"""A token bucket in the database: one statement, correct across processes.

https://en.wikipedia.org/wiki/Token_bucket
"""

from dataclasses import dataclass

from core.db.sql import fetch


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The size of a bucket: at most `burst` at once, and `rate` per second in the long run."""

    burst: float
    rate: float


# The bucket refills by the database's clock, not by that of a process. If it is empty, nothing is
# written, and the result is the number of seconds until the next token.
CONSUME = """
WITH consumed AS (
    INSERT INTO chat_allowance AS bucket (key, tokens, filled_at)
    VALUES (%(key)s, %(burst)s - 1, clock_timestamp())
    ON CONFLICT (key) DO UPDATE SET
        tokens = LEAST(%(burst)s, bucket.tokens + %(rate)s * GREATEST(0,
            EXTRACT(EPOCH FROM clock_timestamp() - bucket.filled_at))) - 1,
        filled_at = clock_timestamp()
    WHERE LEAST(%(burst)s, bucket.tokens + %(rate)s * GREATEST(0,
        EXTRACT(EPOCH FROM clock_timestamp() - bucket.filled_at))) >= 1
    RETURNING tokens
)
SELECT 0::float FROM consumed
UNION ALL
SELECT GREATEST(0.1, (1 - bucket.tokens) / %(rate)s
    - EXTRACT(EPOCH FROM clock_timestamp() - bucket.filled_at))::float
FROM chat_allowance bucket WHERE bucket.key = %(key)s AND NOT EXISTS (SELECT FROM consumed)
"""


def consume(key: str, limit: RateLimit) -> float:
    """Take one token from a bucket; a new bucket is full.

    Returns 0, or if the bucket is empty the number of seconds until the next token.
    """
    rows = fetch(CONSUME, {"key": key, "burst": limit.burst, "rate": limit.rate})
    # No row: another transaction created the bucket after this statement took its snapshot.
    return float(rows[0][0]) if rows else 0.1
