"""The HTML form of a mail, made from its text: the same words, with the look of the site."""

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

CONSOLE = ".console.EmailBackend"


def attach_html(message: EmailMultiAlternatives, links: Collection[str]) -> None:
    """Add the HTML form to a mail. A paragraph that is one of `links` becomes a button.

    Nothing else becomes a link: a mail may quote what a stranger sent. A console shows the text
    alone, where the HTML would only hide the link.
    """
    if settings.EMAIL_BACKEND.endswith(CONSOLE):
        return
    context = {
        "subject": message.subject,
        "paragraphs": split_paragraphs(str(message.body), links),
        "site_url": settings.SITE_URL,
    }
    html = render_to_string("account/email/message.html", context)
    message.attach_alternative(html, "text/html")


def split_paragraphs(text: str, links: Collection[str]) -> list[dict[str, Any]]:
    """Return a dict for each paragraph before the signature: `text`, and whether it `is_link`."""
    body = text.split("\n--\n")[0]
    paragraphs = [part.strip() for part in body.split("\n\n")]
    return [{"text": part, "is_link": part in links} for part in paragraphs if part]
