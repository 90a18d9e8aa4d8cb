#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys

from django.core.management import execute_from_command_line

from core.command_line import explain_wrong_settings


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    with explain_wrong_settings():
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
