"""The database connection that a thread keeps beside the pool."""

from typing import Any

from django.db.backends.postgresql.base import DatabaseWrapper

from config.unread import unread

# A prepared statement is planned once, perhaps while its tables have three rows, and carried out
# for hours: all of ours look rows up by an index, and shall be planned so.
PLANNING = "-c enable_seqscan=off -c jit=off"


class KeptConnection(DatabaseWrapper):
    """As Django's, with what pays where one connection does many small pieces of work."""

    def is_usable(self) -> bool:
        """Without a round trip: a server says nothing on an idle connection but its goodbye."""
        if self.connection is None or self.connection.closed:
            return False
        return not unread(self.connection.fileno())

    def get_connection_params(self) -> dict[str, Any]:
        """With prepared statements, which only `config.sql` uses; `prepare_threshold=none` in
        DATABASE_URL is the last word, for poolers that know none."""
        wished = self.settings_dict["OPTIONS"].get("prepare_threshold", 0)
        found: dict[str, Any] = super().get_connection_params()
        return found | {
            "prepare_threshold": wished,
            "options": f"{found.get('options', '')} {PLANNING}",
        }
