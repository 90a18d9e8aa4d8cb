"""Every write in a transaction, every state move as one guarded update, and the reads for pages."""
