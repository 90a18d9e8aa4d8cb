"""The embedded parts of `make run`: a database, a small model, and what watches over them.

Nothing outside this package knows that they exist; what it hands over are environment variables.
"""
