"""Render rows and events as HTML components, shared by pages and sockets."""
