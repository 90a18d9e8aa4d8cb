"""The backend's connection class, which requests use; see `DatabaseWrapper.pool`."""

from typing import Any

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from psycopg_pool import NullConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's connection class with another kind of pool."""

    @property
    def pool(self) -> Any:
        """Return a pool that limits the connections of requests, and keeps no idle ones.

        psycopg's `ConnectionPool`, which Django uses, keeps connections that a restarted server has
        closed, and replaces them only after seconds, so the first requests after a restart failed.
        This one connects on demand: it fails at once with the real reason, and recovers at once.
        https://www.psycopg.org/psycopg3/docs/advanced/pool.html#null-connection-pools
        """
        wrapper: Any = self  # the Django attributes below have no types
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        if self.alias not in wrapper._connection_pools:
            pool = NullConnectionPool(
                kwargs=self.get_connection_params() | {"autocommit": True},
                open=False,
                configure=wrapper._configure_connection,
                **options,
            )
            # If several threads create the first pool at the same time, one of them wins.
            wrapper._connection_pools.setdefault(self.alias, pool)
        return wrapper._connection_pools[self.alias]
