"""Writes: one function for each action, in a transaction.

A change of state is a single guarded UPDATE, so that of two concurrent callers only one succeeds.
"""
