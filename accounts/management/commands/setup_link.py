"""`manage.py setup_link`: print a link for the first administrator, while there is none."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts import initial_admin


class Command(BaseCommand):
    help = "Print a fresh one-time link that makes the first administrator, if there is none."

    def handle(self, *args: Any, **options: Any) -> None:
        if initial_admin.is_needed():
            self.stdout.write(
                "There is no administrator yet. This link makes one; it works once, for 24 hours:\n"
                f"{initial_admin.create_link()}"
            )
