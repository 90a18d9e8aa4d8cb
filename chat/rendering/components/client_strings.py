"""Sentences for the page's scripts, and the keyboard shortcuts that they handle."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

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
        **plural_strings("one", 1),
        **plural_strings("other", 2),
        "copied": _("Copied."),
        "not_copied": _("Your browser blocked copying."),
        "reconnecting": _("Reconnecting…"),
        "no_connection": _("No connection."),
        "next_try": _("Trying again in {n} s."),
        "try_now": _("Try now"),
        "reload": _("Reload"),
        "refused": _("The server refused the connection. Your text is saved. Reload the page."),
        "stopped": _("This page no longer updates."),
        "unreachable": _("The server can't be reached. Your text is still here. Try again."),
        "not_taken": _("Your message wasn't sent. Your text is still here. Try again."),
        "out_of_date": _("This page is out of date. Your text is still here. Reload the page."),
        "no_files": _("Files can't be attached. Paste their text into the message instead."),
        "no_search": _("The search failed. Try again."),
        "answered": _("“{title}” has a new answer."),
        "open": _("Open"),
        "dismiss": _("Dismiss"),
    }


def plural_strings(form: str, n: int) -> dict[str, str]:
    """Return the sentences that depend on a number, in the plural form that `n` needs."""
    return {
        f"too_many_{form}": ngettext(
            "{n} character over the limit.", "{n} characters over the limit.", n
        ),
        f"left_{form}": ngettext("{n} character left.", "{n} characters left.", n),
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
    Shortcut("Enter", gettext_lazy("Send message")),
    Shortcut("Shift+Enter", gettext_lazy("New line")),
    Shortcut("↑", gettext_lazy("Edit your last question (in an empty message box)")),
    Shortcut(
        "Esc", gettext_lazy("Close a menu or dialog, stop the answer or leave the message box")
    ),
    Shortcut("n", gettext_lazy("New chat"), single=True),
    Shortcut("m", gettext_lazy("Write a message"), single=True),
    Shortcut("s", gettext_lazy("Search conversations"), single=True),
    Shortcut("j", gettext_lazy("Next conversation"), single=True),
    Shortcut("k", gettext_lazy("Previous conversation"), single=True),
    Shortcut("y", gettext_lazy("Copy the last answer"), single=True),
    Shortcut("x", gettext_lazy("Stop the answer"), single=True),
    Shortcut("[", gettext_lazy("Show or hide the sidebar"), single=True),
    Shortcut("?", gettext_lazy("Show keyboard shortcuts"), single=True),
)
