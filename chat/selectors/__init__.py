"""Reads, always through the owner."""
