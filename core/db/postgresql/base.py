"""The backend's connection class, which requests use; see `DatabaseWrapper`."""

import weakref
from threading import BoundedSemaphore
from typing import Any, ClassVar

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from psycopg_pool import PoolTimeout


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's connection class with a limit on the connections of all requests together.

    `OPTIONS["pool"]` holds `max_size` and `timeout`, the seconds to wait for a free place. No
    connection is kept for the next request: psycopg's `ConnectionPool` keeps connections that a
    restarted server has closed, so the first requests after a restart failed, and its
    `NullConnectionPool` connects under a lock, so behind a host that swallows packets each request
    waited for those before it. This fails at once with the real reason, and recovers at once.
    """

    # Django's own pool is not used.
    pool = None
    _places: ClassVar[dict[str, BoundedSemaphore]] = {}
    _release: "weakref.finalize[..., Any] | None" = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect, once one of `max_size` places is free. Raises PoolTimeout if none is in time."""
        limits = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not limits:
            return super().get_new_connection(conn_params)
        places = self._places.setdefault(self.alias, BoundedSemaphore(limits["max_size"]))
        if not places.acquire(timeout=limits["timeout"]):
            raise PoolTimeout(f"no connection was free within {limits['timeout']} s")
        try:
            connection = super().get_new_connection(conn_params)
        except BaseException:
            places.release()
            raise
        # Released once: by `close`, or when a thread ends without it.
        self._release = weakref.finalize(self, places.release)
        return connection

    def close(self) -> None:
        """Close the connection and free its place."""
        try:
            super().close()
        finally:
            # Within a transaction Django closes the connection at once, and forgets it later.
            is_closed = self.connection is None or self.closed_in_transaction
            if is_closed and self._release is not None:
                self._release()
                self._release = None
