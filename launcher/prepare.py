"""Prepare the database before the web process serves.

`python -m launcher.prepare` migrates the database and prints the link for a first administrator. It
does both in one process because loading Django is slow. Progress goes to standard error, which the
terminal shows at once.
"""

import os
import sys

import django
from django.core.management import CommandError, call_command

from launcher.children import end_with_parent


def main() -> None:
    end_with_parent()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except CommandError as error:
        sys.exit(str(error))
    try:
        call_command("setup_link")
    except CommandError as error:
        print(f"Could not create a link for the first administrator: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
