"""Text to safe HTML, and rows and events to HTML."""
