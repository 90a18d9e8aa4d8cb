"""`python -m launcher.check_settings`: load the settings and print the first error."""

import importlib
import sys

from django.core.exceptions import ImproperlyConfigured

from launcher.children import end_with_parent


def main() -> int:
    end_with_parent()
    try:
        importlib.import_module("config.settings")
    except ImproperlyConfigured as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
