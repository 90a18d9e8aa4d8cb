"""The database connection that a thread keeps outside the pool."""

from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.base import DatabaseWrapper

from core.net import has_unread_data

# A prepared statement is planned once, perhaps while its tables have three rows, and executed for
# hours. All our statements look rows up by an index, so make the planner use one from the start.
PLANNING = "-c enable_seqscan=off -c jit=off"


class KeptConnection(DatabaseWrapper):
    """Django's connection, tuned for many small pieces of work on one connection."""

    def is_usable(self) -> bool:
        """Check without a round trip: unread data on an idle connection means it was closed."""
        if self.connection is None or self.connection.closed:
            return False
        return not has_unread_data(self.connection.fileno())

    def get_connection_params(self) -> dict[str, Any]:
        """Enable prepared statements, which only `core.db.sql` uses.

        `prepare_threshold=none` in DATABASE_URL disables them, for poolers without support.
        """
        threshold = self.settings_dict["OPTIONS"].get("prepare_threshold", 0)
        params: dict[str, Any] = super().get_connection_params()
        return params | {
            "prepare_threshold": threshold,
            "options": f"{params.get('options', '')} {PLANNING}",
        }


# Selects and locks no row, but fails where the database cannot be written.
WRITE = "SELECT FROM django_session WHERE false FOR UPDATE"


def check_writable(connection: BaseDatabaseWrapper) -> None:
    """Raise the database's error if it cannot be written; costs one statement."""
    with connection.cursor() as cursor:
        cursor.execute(WRITE)


def kept_settings(shared: Any) -> dict[str, Any]:
    """Return the settings for a connection outside the pool that `shared` uses."""
    options = {
        key: value for key, value in shared.settings_dict["OPTIONS"].items() if key != "pool"
    }
    settings_dict: dict[str, Any] = shared.settings_dict
    return settings_dict | {"OPTIONS": options, "CONN_MAX_AGE": settings.KEEP_CONNECTION}
