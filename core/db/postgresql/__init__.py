"""Django's PostgreSQL backend (`ENGINE`) with a pool that works again right after an outage."""
