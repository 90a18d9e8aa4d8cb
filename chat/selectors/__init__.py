"""Reads. What is read for a person is always filtered by owner.

Functions that are only for the server itself say so.
"""
