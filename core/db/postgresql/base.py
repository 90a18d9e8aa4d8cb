"""The database connection of requests: see `DatabaseWrapper.pool`."""

from typing import Any

from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base
from psycopg_pool import NullConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    """As Django's, with another pool."""

    @property
    def pool(self) -> Any:
        """The pool that bounds the connections of requests, and keeps none that nobody uses.

        Django's `ConnectionPool` keeps connections that a restarted server has closed, and waits
        for seconds before it replaces them, so the first requests after a restart failed. This one
        connects when it is asked: it fails at once, with the true reason, and works again at once.
        https://www.psycopg.org/psycopg3/docs/advanced/pool.html#null-connection-pools
        """
        here: Any = self  # Django has no types for what follows
        options = self.settings_dict["OPTIONS"].get("pool")
        if self.alias == NO_DB_ALIAS or not options:
            return None
        if self.alias not in here._connection_pools:
            fresh = NullConnectionPool(
                kwargs=self.get_connection_params() | {"autocommit": True},
                open=False,
                configure=here._configure_connection,
                **options,
            )
            # Of several threads that come first at once, one wins.
            here._connection_pools.setdefault(self.alias, fresh)
        return here._connection_pools[self.alias]
