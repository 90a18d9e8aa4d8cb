"""The fields that commands take; a field that is not known is refused."""

from collections.abc import Collection
from math import isfinite
from typing import Any
from uuid import UUID

from django.http import QueryDict

from chat.errors import ChatError
from chat.services.preferences import MOST_TOKENS, Choices
from chat.text import checked_text

ALWAYS = frozenset({"csrfmiddlewaretoken"})
OPENED = "draft"
CHOICES = ("model", "prompt", "temperature", "top_p", "max_tokens")


def only(data: QueryDict, *names: str, optional: Collection[str] = ()) -> dict[str, str]:
    """The named fields, each once, and the optional ones that there are.

    Raises ChatError `unknown_field` or `bad_form`.
    """
    if set(data) - ALWAYS - set(names) - set(optional):
        raise ChatError("unknown_field")
    found = [*names, *(name for name in optional if name in data)]
    if any(len(data.getlist(name)) != 1 for name in found):
        raise ChatError("bad_form")
    return {name: str(data[name]) for name in found}


def chosen(data: QueryDict) -> Choices:
    """Model, prompt and sampling; an empty or missing field is the default. Raises ChatError."""
    fields = {name: str(data.get(name, "")).strip() for name in CHOICES}
    tokens = number_of(fields["max_tokens"])
    return Choices(
        key_of(fields["model"]) if fields["model"] else None,
        key_of(fields["prompt"]) if fields["prompt"] else None,
        number_of(fields["temperature"]),
        number_of(fields["top_p"]),
        None if tokens is None else int(min(max(tokens, 0), MOST_TOKENS)),
    )


def number_of(text: str) -> float | None:
    """A finite number, None for an empty text. Raises ChatError `bad_form`."""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise ChatError("bad_form") from None
    if not isfinite(value):
        raise ChatError("bad_form")
    return value


def asked(data: QueryDict, optional: Collection[str] = ()) -> tuple[UUID, str]:
    """A question: the id that its page made for it, and its text. Raises ChatError."""
    fields = only(data, "client_id", "text", optional=optional)
    return key_of(fields["client_id"]), checked_text(fields["text"])


def opened_draft(data: QueryDict) -> UUID | None:
    """The `client_id` of the draft that the page was opened with, if any. Raises ChatError."""
    text = str(data.get(OPENED, ""))
    return key_of(text) if text else None


def key_of(text: Any) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ChatError("bad_form") from None
