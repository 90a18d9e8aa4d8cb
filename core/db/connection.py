"""The database connection that a thread keeps beside the pool."""

from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.base import DatabaseWrapper

from core.net import has_unread_data

# A prepared statement is planned once, perhaps while its tables have three rows, and carried out
# for hours: all of ours look rows up by an index, and shall be planned so.
PLANNING = "-c enable_seqscan=off -c jit=off"


class KeptConnection(DatabaseWrapper):
    """As Django's, with what pays where one connection does many small pieces of work."""

    def is_usable(self) -> bool:
        """Without a round trip: a server says nothing on an idle connection but its goodbye."""
        if self.connection is None or self.connection.closed:
            return False
        return not has_unread_data(self.connection.fileno())

    def get_connection_params(self) -> dict[str, Any]:
        """With prepared statements, which only `core.db.sql` uses; `prepare_threshold=none` in
        DATABASE_URL is the last word, for poolers that know none."""
        wished = self.settings_dict["OPTIONS"].get("prepare_threshold", 0)
        found: dict[str, Any] = super().get_connection_params()
        return found | {
            "prepare_threshold": wished,
            "options": f"{found.get('options', '')} {PLANNING}",
        }


# Finds nothing, locks nothing, and is refused where nothing can be written.
WRITE = "SELECT FROM django_session WHERE false FOR UPDATE"


def check_writable(connection: BaseDatabaseWrapper) -> None:
    """Raise what keeps the database from writing; costs one statement."""
    with connection.cursor() as cursor:
        cursor.execute(WRITE)


def kept_settings(shared: Any) -> dict[str, Any]:
    """The settings of a connection beside the pool that `shared` takes its own from."""
    options = {
        key: value for key, value in shared.settings_dict["OPTIONS"].items() if key != "pool"
    }
    settings_dict: dict[str, Any] = shared.settings_dict
    return settings_dict | {"OPTIONS": options, "CONN_MAX_AGE": settings.KEEP_CONNECTION}
