"""End a command with one line, not a traceback, when a setting is wrong."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ImproperlyConfigured


@contextmanager
def explain_wrong_settings() -> Iterator[None]:
    """Exit with code 1 and the message when the block raises ImproperlyConfigured."""
    try:
        yield
    except ImproperlyConfigured as error:
        sys.exit(f"Wrong settings: {error}")
