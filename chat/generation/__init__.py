"""The stages of one answer, from the branch in the database to the last piece of text."""

from chat.generation.answer import LiveAnswer
from chat.generation.pace import pace
from chat.generation.writing import Clock, Prepared, prepare, usage, write

__all__ = ["Clock", "LiveAnswer", "Prepared", "pace", "prepare", "usage", "write"]
