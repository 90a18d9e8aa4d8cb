"""`manage.py` as a child of the supervisor: `python -m launcher.manage migrate`."""

import os
import sys

from django.core.management import execute_from_command_line

from launcher.children import end_with_parent


def main() -> None:
    end_with_parent()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    execute_from_command_line(["manage.py", *sys.argv[1:]])


if __name__ == "__main__":
    main()
