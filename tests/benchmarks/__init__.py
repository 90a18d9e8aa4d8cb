"""Parts of the benchmark; nothing here is timed."""
