"""The stages of one answer, from the branch in the database to the last piece of text."""

from chat.generation.answer import LiveAnswer
from chat.generation.writing import Prepared, prepare, write

__all__ = ["LiveAnswer", "Prepared", "prepare", "write"]
