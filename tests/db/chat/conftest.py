"""People on a running site, their database, and committed work."""

from tests.support.chat import committed, finished, outsider, people, queries, rows, visitor

__all__ = ["committed", "finished", "outsider", "people", "queries", "rows", "visitor"]
