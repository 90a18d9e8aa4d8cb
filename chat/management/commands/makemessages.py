"""`makemessages` that also finds the sentences of `chat/errors.py` and writes no dates."""

import re
from pathlib import Path

from django.core.management.commands import makemessages

CHANGING_HEADERS = re.compile(r'^"(?:POT-Creation-Date|Report-Msgid-Bugs-To):.*\n', re.MULTILINE)


class Command(makemessages.Command):
    """Django's command, with two more functions whose arguments are translatable."""

    # `chat/errors.py` does not import Django, so its sentences are not marked with gettext: they
    # are the second argument of a constructor.
    xgettext_options = [
        *makemessages.Command.xgettext_options,
        "--keyword=ErrorCode:2",
        "--keyword=gettext_noop",
    ]

    def write_po_file(self, potfile: str, locale: str) -> None:
        """Write the catalogue, without the header lines that change with every run."""
        super().write_po_file(potfile, locale)
        path = Path(potfile).parent / locale / "LC_MESSAGES" / f"{self.domain}.po"
        path.write_text(CHANGING_HEADERS.sub("", path.read_text(), count=2))
