"""Render Markdown to safe HTML, for finished answers and for answers that still grow."""

from chat.rendering.markdown.diff import Patch, Position, changes
from chat.rendering.markdown.renderer import RENDERER_VERSION, render
from chat.rendering.markdown.stream import Stream
from chat.rendering.markdown.user_text import render_plain

__all__ = [
    "RENDERER_VERSION",
    "Patch",
    "Position",
    "Stream",
    "changes",
    "render",
    "render_plain",
]
