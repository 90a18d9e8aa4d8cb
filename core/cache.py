"""The cache in the database, which the limits of the account pages count in."""

from typing import Any

from django.core.cache.backends.db import DatabaseCache
from django.db import connection

from core.db.connection import check_writable


class StrictDatabaseCache(DatabaseCache):
    """As Django's, but a write that the database refuses is an error.

    Django's drops it silently. While the database is read-only, a limit would not be counted, and
    django-allauth, which cannot take its lock then, would say that there were too many attempts.
    """

    def add(self, *args: Any, **options: Any) -> bool:
        check_writable(connection)
        done: bool = super().add(*args, **options)
        return done

    def set(self, *args: Any, **options: Any) -> None:
        check_writable(connection)
        super().set(*args, **options)
