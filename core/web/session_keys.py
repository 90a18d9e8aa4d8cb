"""What a session's key looks like."""

from django.contrib.sessions.backends.base import VALID_KEY_CHARS

# As `SessionBase._get_new_session_key` makes them.
KEY_LENGTH, KEY_CHARACTERS = 32, frozenset(VALID_KEY_CHARS)


def is_session_key(text: str) -> bool:
    """Tell whether Django can have made the key.

    Others may hold a NUL, for which the database cannot even look.
    """
    return len(text) == KEY_LENGTH and set(text) <= KEY_CHARACTERS
