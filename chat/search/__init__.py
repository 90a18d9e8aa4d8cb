"""What a person said and read, found by its words."""

from chat.search.finding import Found, Hit, Page, search

__all__ = ["Found", "Hit", "Page", "search"]
