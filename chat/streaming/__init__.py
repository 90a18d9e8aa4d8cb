"""Generate answers in this process, and follow those that other processes generate."""
