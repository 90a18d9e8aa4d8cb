"""Delete rows that others may refer to at the same moment."""

from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet

from core.db.errors import is_missing_reference

MAX_ATTEMPTS = 5


def delete_rows(rows: QuerySet[Any]) -> None:
    """Delete the rows, with what Django deletes or empties for them.

    Answers that were committed after Django emptied their references, and before it deleted what
    they refer to, would make the commit fail. So all references are checked at once, and the
    deletion is done again with what it missed. From then on others wait for this transaction.
    Raises IntegrityError if that does not end.
    """
    for attempt in range(1, MAX_ATTEMPTS + 1):
        try:
            with transaction.atomic():
                rows.all().delete()
                connection.check_constraints()
        except IntegrityError as error:
            if attempt == MAX_ATTEMPTS or not is_missing_reference(error):
                raise
        else:
            return
