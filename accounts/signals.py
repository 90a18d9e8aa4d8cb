"""Signals about sessions, for code that holds connections opened with one."""

from django.dispatch import Signal

# Sent with `session_key` after the commit. A renewed session continues under a new key, which only
# its own browser receives, for example after a change of password.
session_ended = Signal()
session_renewed = Signal()
