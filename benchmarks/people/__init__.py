"""People without a browser, one file for each server's protocol.

A person opens the page and its socket, asks, and sees the answer to its end.
"""

from benchmarks.people.base import Person
from benchmarks.people.person import PEOPLE

__all__ = ["PEOPLE", "Person"]
