"""Tell outages of the database from programming errors, by the driver's exception.

An outage ends by itself or is fixed by an operator, and the same request then succeeds: the server
is gone, refuses connections, cannot write or is overloaded. All other errors are permanent: bad
data, a violated constraint, a wrong statement.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

import psycopg
from django.db import DatabaseError, InterfaceError, InternalError, OperationalError
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

# The base classes of what Django raises for errors of the driver.
DATABASE_ERRORS = (DatabaseError, InterfaceError)
# Those among them that may not occur again at the next attempt. The others (`DataError`,
# `IntegrityError`, `ProgrammingError`) are errors of the statement itself and always do.
RETRYABLE_ERRORS = (OperationalError, InterfaceError, InternalError)


class Kind(StrEnum):
    """The kind of an outage: no connection at all, no writes, or no reply in time."""

    AWAY = "away"
    READ_ONLY = "read_only"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Outage:
    """An outage of the database.

    `reason` is for the operator. It never contains an address, a name or a password.
    """

    kind: Kind
    reason: str


# SQLSTATE codes, or their prefixes for a whole class; the longest match counts.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
KINDS = {
    "08": Kind.AWAY,  # connection exception
    "25006": Kind.READ_ONLY,  # read-only transaction, a standby too
    "25P03": Kind.AWAY,  # ended because its transaction was idle
    "40001": Kind.BUSY,  # serialization failure
    "40P01": Kind.BUSY,  # deadlock
    "53": Kind.BUSY,  # insufficient resources
    "53100": Kind.READ_ONLY,  # disk full
    "55P03": Kind.BUSY,  # lock timeout
    "57014": Kind.BUSY,  # statement timeout
    "57P": Kind.AWAY,  # shutdown, crash, starting up, idle session ended
    "58": Kind.AWAY,  # system error, such as I/O
}
CONFLICTS = ("40001", "40P01")
FOREIGN_KEY_VIOLATION = "23503"

# libpq gives no SQLSTATE for a refused connection, only a message of the server or its own. These
# contain addresses, so we replace them by a reason of our own. The first match counts.
REFUSALS = (
    (Kind.BUSY, "too many connections", r"too many|connection slots"),
    (Kind.AWAY, "starting up", r"starting up|not yet accepting|recovery mode"),
    (Kind.AWAY, "shutting down", r"shutting down|administrator command"),
    (Kind.AWAY, "no such database or role", r"does not exist"),
    (Kind.AWAY, "password refused", r"password|authentication failed"),
    (Kind.AWAY, "access refused by pg_hba.conf", r"pg_hba\.conf"),
    (Kind.AWAY, "host name not found", r"translate host|resolve|name or service|nodename"),
    (Kind.AWAY, "network unreachable", r"no route|unreachable"),
    (Kind.AWAY, "no answer in time", r"timeout|timed out"),
    (Kind.AWAY, "connection refused", r"refused|no such file"),
    (Kind.AWAY, "no secure connection", r"ssl|certificate|gss"),
)
# Names of databases, roles and hosts are quoted in messages.
QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")


def outage_of(problem: BaseException | None) -> Outage | None:
    """Return the outage that an exception of Django or the driver means, None for others."""
    if not isinstance(problem, (*DATABASE_ERRORS, psycopg.Error)):
        return None
    error = problem if isinstance(problem, psycopg.Error) else problem.__cause__
    if isinstance(error, (PoolTimeout, PoolClosed, TooManyRequests)):
        return Outage(Kind.BUSY, "no pool connection became free in time")
    code = error.sqlstate if isinstance(error, psycopg.Error) else None
    if code:
        return outage_from_sqlstate(code)
    return outage_from_message(problem)


def is_outage(problem: BaseException | None) -> bool:
    """Return whether the exception means an outage of the database."""
    return outage_of(problem) is not None


def is_conflict(problem: BaseException) -> bool:
    """Return whether the transaction failed by a deadlock or serialization conflict: repeat it."""
    return getattr(problem.__cause__, "sqlstate", None) in CONFLICTS


def is_missing_reference(problem: BaseException) -> bool:
    """Return whether a row refers to one that another transaction has just deleted."""
    return getattr(problem.__cause__, "sqlstate", None) == FOREIGN_KEY_VIOLATION


def outage_from_sqlstate(code: str) -> Outage | None:
    """Return the outage for a SQLSTATE code, None for the code of a permanent error."""
    kind = KINDS.get(code) or KINDS.get(code[:3]) or KINDS.get(code[:2])
    if kind is None:
        return None
    try:
        name = psycopg.errors.lookup(code).__name__
    except KeyError:
        name = "Error"
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return Outage(kind, f"{words} ({code})")


def outage_from_message(problem: BaseException) -> Outage | None:
    """Return the outage for an error without a code: the connection was refused or lost."""
    message = QUOTED.sub("", str(problem)).lower()
    if isinstance(problem, (OperationalError, psycopg.OperationalError)):
        for kind, reason, pattern in REFUSALS:
            if re.search(pattern, message):
                return Outage(kind, reason)
        return Outage(Kind.AWAY, "connection lost")
    is_interface = isinstance(problem, (InterfaceError, psycopg.InterfaceError))
    if is_interface and "connection" in message:
        return Outage(Kind.AWAY, "connection lost")
    return None
