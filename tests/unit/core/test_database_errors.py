"""What counts as an outage of the database, and that its reason gives nothing away."""

import psycopg
import pytest
from django.db import DatabaseError, InterfaceError, OperationalError
from psycopg import errors

from core.db.errors import Kind, is_conflict, outage_of
from core.db.outages import DatabaseMonitor

SECRET = "s3cret-host.example.org"


def raised(problem: Exception, kind: type[Exception] = DatabaseError) -> Exception:
    """As Django raises what the driver raised."""
    wrapped = kind(*problem.args)
    wrapped.__cause__ = problem
    return wrapped


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("08006", Kind.AWAY),
        ("57P01", Kind.AWAY),
        ("57P02", Kind.AWAY),
        ("57P03", Kind.AWAY),
        ("58030", Kind.AWAY),
        ("25006", Kind.READ_ONLY),
        ("53100", Kind.READ_ONLY),
        ("53200", Kind.BUSY),
        ("53300", Kind.BUSY),
        ("57014", Kind.BUSY),
        ("55P03", Kind.BUSY),
        ("40001", Kind.BUSY),
        ("40P01", Kind.BUSY),
    ],
)
def test_a_state_that_passes_is_an_outage(code: str, kind: Kind) -> None:
    outage = outage_of(raised(errors.lookup(code)(SECRET)))
    assert outage is not None
    assert outage.kind is kind
    assert code in outage.reason
    assert SECRET not in outage.reason


@pytest.mark.parametrize("code", ["22021", "22003", "23505", "23514", "25P02", "42601", "42P01"])
def test_a_permanent_error_is_none(code: str) -> None:
    assert outage_of(raised(errors.lookup(code)(SECRET))) is None
    assert outage_of(errors.lookup(code)(SECRET)) is None


@pytest.mark.parametrize("problem", [ValueError(SECRET), None, KeyboardInterrupt()])
def test_what_is_not_of_the_database_is_none(problem: BaseException | None) -> None:
    assert outage_of(problem) is None


SERVER = f'connection to server at "{SECRET}" (10.0.0.7), port 5432 failed: '


@pytest.mark.parametrize(
    ("words", "kind", "reason"),
    [
        (f"{SERVER}Connection refused\n\tIs the server running?", Kind.AWAY, "connection refused"),
        (
            'connection to server on socket "/tmp/too many/.s.PGSQL.5432" failed: '
            "No such file or directory",
            Kind.AWAY,
            "connection refused",
        ),
        (f"{SERVER}FATAL:  the database system is starting up", Kind.AWAY, "starting up"),
        (f"{SERVER}FATAL:  the database system is shutting down", Kind.AWAY, "shutting down"),
        (f"{SERVER}FATAL:  sorry, too many clients already", Kind.BUSY, "too many connections"),
        (
            f"{SERVER}FATAL:  remaining connection slots are reserved for roles",
            Kind.BUSY,
            "too many connections",
        ),
        (
            f'{SERVER}FATAL:  password authentication failed for user "too many"',
            Kind.AWAY,
            "password refused",
        ),
        (
            f'{SERVER}FATAL:  database "timeout" does not exist',
            Kind.AWAY,
            "no such database or role",
        ),
        (f"failed to resolve host '{SECRET}': [Errno -2]", Kind.AWAY, "host name not found"),
        ("connection timeout expired", Kind.AWAY, "no answer in time"),
        ("consuming input failed: server closed the connection", Kind.AWAY, "connection lost"),
        ("the connection is closed", Kind.AWAY, "connection lost"),
    ],
)
def test_a_refused_connection_has_its_true_reason(words: str, kind: Kind, reason: str) -> None:
    outage = outage_of(raised(psycopg.OperationalError(words), OperationalError))
    assert outage is not None
    assert (outage.kind, outage.reason) == (kind, reason)


def test_a_closed_connection_is_an_outage_and_a_closed_cursor_is_not() -> None:
    assert outage_of(InterfaceError("connection already closed")) is not None
    assert outage_of(raised(psycopg.InterfaceError("the cursor is closed"), InterfaceError)) is None


def test_a_conflict_may_be_repeated() -> None:
    assert is_conflict(raised(errors.DeadlockDetected(SECRET)))
    assert is_conflict(raised(errors.SerializationFailure(SECRET)))
    assert not is_conflict(raised(errors.QueryCanceled(SECRET)))
    assert not is_conflict(OperationalError(SECRET))


def test_only_an_outage_is_tolerated(monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = DatabaseMonitor()
    monkeypatch.setattr(monitor, "watch", lambda: None)

    def fail(error: Exception) -> None:
        with monitor.tolerated():
            raise error

    fail(raised(errors.AdminShutdown(SECRET)))
    assert monitor.outage is not None
    assert monitor.outage.kind is Kind.AWAY
    for error in (raised(errors.UniqueViolation(SECRET)), ValueError()):
        with pytest.raises(type(error)):
            fail(error)
