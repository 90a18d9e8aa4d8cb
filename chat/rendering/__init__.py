"""Render Markdown and user text to safe HTML, and rows and events to page components."""
