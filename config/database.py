"""The database connection that a thread keeps beside the pool."""

from select import POLLIN, poll
from typing import Any

from django.db.backends.postgresql.base import DatabaseWrapper


class KeptConnection(DatabaseWrapper):
    """As Django's, with what pays where one connection does many small pieces of work."""

    def is_usable(self) -> bool:
        """Without a round trip: a server says nothing on an idle connection but its goodbye."""
        if self.connection is None or self.connection.closed:
            return False
        looking = poll()
        looking.register(self.connection.fileno(), POLLIN)
        return not looking.poll(0)

    def get_connection_params(self) -> dict[str, Any]:
        """With prepared statements, which only `config.sql` uses; `prepare_threshold=none` in
        DATABASE_URL is the last word, for poolers that know none."""
        wished = self.settings_dict["OPTIONS"].get("prepare_threshold", 0)
        found: dict[str, Any] = super().get_connection_params()
        return found | {"prepare_threshold": wished}

    def init_connection_state(self) -> None:
        """A prepared statement is planned once, perhaps while its tables have three rows, and is
        carried out for hours: all of ours look rows up by an index, and shall be planned so."""
        super().init_connection_state()
        if self.connection is not None and self.connection.prepare_threshold is not None:
            self.connection.execute("SET enable_seqscan = off")
