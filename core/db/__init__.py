"""Database access: connections, threads, statements by hand."""
