"""`makemessages` that also finds the sentences of `chat/errors.py`."""

from django.core.management.commands import makemessages


class Command(makemessages.Command):
    # Fault's second argument is a sentence for people; the module itself knows no Django.
    xgettext_options = [
        *makemessages.Command.xgettext_options,
        "--keyword=Fault:2",
        "--keyword=gettext_noop",
    ]
