"""Database access: connections, threads, outages, hand-written SQL and large migrations."""
