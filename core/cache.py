"""The database cache, in which the account pages count for their rate limits."""

from typing import Any

from django.core.cache.backends.db import DatabaseCache
from django.db import connection

from core.db.connection import check_writable


class StrictDatabaseCache(DatabaseCache):
    """Django's database cache, but a write that the database refuses raises an error.

    Django's own drops it silently. While the database is read-only, rate limits would not count,
    and django-allauth, which then cannot take its lock, would report too many attempts.
    """

    def add(self, *args: Any, **options: Any) -> bool:
        check_writable(connection)
        was_added: bool = super().add(*args, **options)
        return was_added

    def set(self, *args: Any, **options: Any) -> None:
        check_writable(connection)
        super().set(*args, **options)
