"""The answers this process writes."""
