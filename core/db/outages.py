"""Log the begin and end of a database outage, once each for all code that notices it."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Thread

from django.db import DEFAULT_DB_ALIAS, connections

from core.db.connection import KeptConnection, check_writable, kept_settings
from core.db.errors import DATABASE_ERRORS, Kind, Outage, outage_of

log = logging.getLogger("chat.database")

PROBE_EVERY = 0.5  # seconds
# A probe does not notice a full disk or slow statements: such an outage ends when no error has
# occurred for this long.
QUIET_SECONDS = 10.0


class ServiceOutageLog:
    """Log the begin and end of an outage of another service than the database."""

    def __init__(self, log: logging.Logger, name: str) -> None:
        self.log, self.name = log, name
        self.reason = ""
        self.since = 0.0

    def begin(self, reason: str) -> None:
        """Log the begin and its reason, once for each outage."""
        if not self.reason:
            self.since = time.monotonic()
            self.log.warning("%s is away: %s", self.name, reason)
            self.reason = reason

    def end(self) -> None:
        """Log the end, if an outage was logged."""
        if self.reason:
            seconds = time.monotonic() - self.since
            self.log.warning("%s is back after %.1f s", self.name, seconds)
            self.reason = ""


LINES = {
    Kind.AWAY: "the database is away",
    Kind.READ_ONLY: "the database cannot be written",
    Kind.BUSY: "the database is overloaded",
}


class DatabaseMonitor:
    """Track an outage of the database from its first error to a successful probe.

    It is thread-safe. A thread of its own probes the database until the outage is over. Work that
    succeeds meanwhile does not prove the end: reads may work while writes fail, and an old
    connection may work while no new one can be opened.
    """

    def __init__(self) -> None:
        self.lock = Lock()
        self.outage: Outage | None = None
        self.began = self.noted = 0.0
        self.is_probed = False

    def note(self, problem: BaseException | None) -> Outage | None:
        """Return the outage that the exception means, if any, and log it if it is new."""
        outage = outage_of(problem)
        if outage is not None and self.enter(outage):
            Thread(target=self.watch, name="database-monitor", daemon=True).start()
        return outage

    @contextmanager
    def tolerated(self) -> Iterator[None]:
        """Carry on after an outage, for work that is not essential. Other errors are raised."""
        try:
            yield
        except DATABASE_ERRORS as error:
            if self.note(error) is None:
                raise

    def enter(self, outage: Outage) -> bool:
        """Log the outage if it is new or of another kind; return whether it is new."""
        with self.lock:
            self.noted = time.monotonic()
            current, is_new = self.outage, self.outage is None
            if is_new:
                self.began, self.is_probed = self.noted, outage.kind is Kind.AWAY
            if current is None or outage.kind not in (current.kind, Kind.BUSY):
                self.outage = outage
                log.warning("%s: %s", LINES[outage.kind], outage.reason)
        return is_new

    def watch(self) -> None:
        """Probe until the outage is over."""
        while not self.is_over():
            time.sleep(PROBE_EVERY)

    def is_over(self) -> bool:
        """Probe once, and log that the outage is over when it is."""
        probed_at = time.monotonic()
        if outage := probe():
            self.is_probed = True
            self.enter(outage)
            return False
        with self.lock:
            if probed_at - self.noted < (0 if self.is_probed else QUIET_SECONDS):
                return False
            self.outage = None
            log.warning("the database works again after %.1f s", time.monotonic() - self.began)
        return True


def probe() -> Outage | None:
    """Return the outage that keeps a new connection from writing, None if there is none."""
    connection = KeptConnection(kept_settings(connections[DEFAULT_DB_ALIAS]), DEFAULT_DB_ALIAS)
    try:
        check_writable(connection)
    except DATABASE_ERRORS as error:
        return outage_of(error)
    finally:
        connection.close()
    return None


database = DatabaseMonitor()
