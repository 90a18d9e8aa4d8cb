"""`makemessages` that also finds the sentences of `chat/errors.py`."""

from django.core.management.commands import makemessages


class Command(makemessages.Command):
    """Django's command, with two more functions whose arguments are translatable."""

    # `chat/errors.py` does not import Django, so its sentences are not marked with gettext: they
    # are the second argument of a constructor.
    xgettext_options = [
        *makemessages.Command.xgettext_options,
        "--keyword=ErrorCode:2",
        "--keyword=gettext_noop",
    ]
