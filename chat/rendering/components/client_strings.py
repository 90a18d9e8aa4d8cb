"""Sentences for the page's scripts, and the keyboard shortcuts that they handle."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

# Texts that a fresh database contains, marked for translation. Texts that administrators write are
# not translated.
FIRST_TEXTS = (
    gettext_noop("Default"),
    gettext_noop("Explain recursion with a small example"),
    gettext_noop("Help me plan a weekend in the mountains"),
    gettext_noop("What is the difference between TCP and UDP?"),
    gettext_noop("Write a friendly reply that says no to an invitation"),
    gettext_noop("A plain text model: it continues a transcript and follows instructions poorly."),
    gettext_noop(
        "A small plain text model from 2019: it continues a transcript and follows no instructions."
    ),
    gettext_noop(
        "This is a small demonstration model that runs on this machine. It makes many mistakes. "
        "Set HF_TOKEN to talk to Mistral-7B-Instruct-v0.3."
    ),
)


def client_strings() -> dict[str, str]:
    """Return the sentences in the current language; the scripts fill in `{n}` and `{title}`."""
    return {
        "too_many": _("Characters too many: {n}."),
        "left": _("Characters left: {n}."),
        "copied": _("Copied."),
        "not_copied": _("The browser did not allow copying."),
        "reconnecting": _("Reconnecting …"),
        "no_connection": _("No connection."),
        "next_try": _("Next try in {n} s."),
        "try_now": _("Try now"),
        "reload": _("Reload"),
        "refused": _("The server refused the connection. Your text is kept; reload the page."),
        "stopped": _("This page is no longer updated."),
        "unreachable": _("The server cannot be reached. Your text is kept; please try again."),
        "not_taken": _("The server did not take it. Your text is kept; please try again."),
        "out_of_date": _("This page is out of date. Your text is kept; reload the page."),
        "no_search": _("The search did not work. Please try again."),
        "answered": _("“{title}” has a new answer."),
        "open": _("Open"),
        "dismiss": _("Dismiss"),
    }


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A keyboard shortcut: `keys` as printed on a keyboard, alternatives separated by spaces."""

    keys: str
    label: Promise
    single: bool = False

    @property
    def caps(self) -> list[str]:
        return self.keys.split()


SHORTCUTS = (
    Shortcut("Enter", gettext_lazy("Send the message")),
    Shortcut("Shift+Enter", gettext_lazy("New line")),
    Shortcut("↑", gettext_lazy("Edit the last question (in an empty message)")),
    Shortcut("Esc", gettext_lazy("Close what is open, stop the answer, leave the message")),
    Shortcut("n", gettext_lazy("New chat"), single=True),
    Shortcut("m", gettext_lazy("Write a message"), single=True),
    Shortcut("s", gettext_lazy("Search conversations"), single=True),
    Shortcut("j", gettext_lazy("Next conversation"), single=True),
    Shortcut("k", gettext_lazy("Previous conversation"), single=True),
    Shortcut("y", gettext_lazy("Copy the last answer"), single=True),
    Shortcut("x", gettext_lazy("Stop the answer"), single=True),
    Shortcut("?", gettext_lazy("Show these shortcuts"), single=True),
)
