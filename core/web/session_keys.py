"""Check the format of session keys."""

from django.contrib.sessions.backends.base import VALID_KEY_CHARS

# The format of `SessionBase._get_new_session_key`.
KEY_LENGTH, KEY_CHARACTERS = 32, frozenset(VALID_KEY_CHARS)


def is_session_key(text: str) -> bool:
    """Return whether `text` has the format of Django's session keys.

    Other text may contain a NUL character, which PostgreSQL refuses in a query.
    """
    return len(text) == KEY_LENGTH and set(text) <= KEY_CHARACTERS
