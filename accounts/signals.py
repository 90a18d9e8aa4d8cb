"""What happens to sessions, for who holds connections that came with one."""

from django.dispatch import Signal

# Sent with `session_key` after the commit. A renewed session goes on under another key, which
# only its own browser learns: after a change of password, for one.
session_ended = Signal()
session_renewed = Signal()
