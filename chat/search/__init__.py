"""What a person said and read, found by its words."""

from chat.search.matches import MOST, SIZE, Found, Hit, Page, search

__all__ = ["MOST", "SIZE", "Found", "Hit", "Page", "search"]
