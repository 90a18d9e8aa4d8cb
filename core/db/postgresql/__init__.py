"""Django's backend for PostgreSQL with a pool that an outage cannot spoil (`ENGINE`)."""
