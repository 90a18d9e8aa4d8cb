"""The edge of every command: a wrong setting ends it with one line in place of a traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ImproperlyConfigured


@contextmanager
def explain_wrong_settings() -> Iterator[None]:
    """End the process with code 1 and the sentence of an ImproperlyConfigured."""
    try:
        yield
    except ImproperlyConfigured as error:
        sys.exit(f"Wrong settings: {error}")
