"""Markdown to safe HTML, whole and while it is still being written."""

from chat.markdown.page import RENDERER_VERSION, render
from chat.markdown.patches import Patch, Position, changes
from chat.markdown.plain import render_plain
from chat.markdown.stream import Stream

__all__ = [
    "RENDERER_VERSION",
    "Patch",
    "Position",
    "Stream",
    "changes",
    "render",
    "render_plain",
]
