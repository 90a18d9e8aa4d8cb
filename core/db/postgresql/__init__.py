"""Django's PostgreSQL backend (`ENGINE`) with a limit on connections that no outage can spoil."""
