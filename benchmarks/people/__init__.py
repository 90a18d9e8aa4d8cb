"""Simulated people without a browser, one module for each server's protocol.

A person opens the page and its socket, asks, and receives the answer to its end.
"""

from benchmarks.people.base import Person
from benchmarks.people.person import PEOPLE

__all__ = ["PEOPLE", "Person"]
