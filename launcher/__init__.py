"""The embedded parts of `make run`: a database, a small model, and their supervisor.

The rest of the project does not know that they exist: this package only passes it environment
variables.
"""
