"""`manage.py setup_link`: print a link for the first administrator, while there is none."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts import initial_admin


class Command(BaseCommand):
    help = "Print a new one-time link to create the first administrator, unless there is one."

    def handle(self, *args: Any, **options: Any) -> None:
        if initial_admin.is_needed():
            self.stdout.write(
                "There is no administrator yet. Create one with this link (it works once and "
                f"expires in 24 hours):\n{initial_admin.create_link()}"
            )
