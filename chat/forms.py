"""The fields that commands take; a field that is not known is refused."""

from typing import Any
from uuid import UUID

from django.http import QueryDict

from chat.errors import ChatError
from chat.limits import checked_text

ALWAYS = frozenset({"csrfmiddlewaretoken"})


def only(data: QueryDict, *names: str) -> dict[str, str]:
    """The named fields, each once. Raises ChatError `unknown_field` or `bad_form`."""
    if set(data) - ALWAYS - set(names):
        raise ChatError("unknown_field")
    if any(len(data.getlist(name)) != 1 for name in names):
        raise ChatError("bad_form")
    return {name: str(data[name]) for name in names}


def asked(data: QueryDict) -> tuple[UUID, str]:
    """A question: the id that its page made for it, and its text. Raises ChatError."""
    fields = only(data, "client_id", "text")
    return key_of(fields["client_id"]), checked_text(fields["text"])


def key_of(text: Any) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ChatError("bad_form") from None
