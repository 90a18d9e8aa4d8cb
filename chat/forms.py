"""The fields that commands take; a field that is not known is refused."""

from collections.abc import Collection
from math import isfinite
from typing import Any
from uuid import UUID

from django.http import QueryDict

from chat.errors import ChatError
from chat.services.preferences import MAX_OUTPUT_TOKENS, GenerationSettings
from chat.text import clean_message

COMMON_FIELDS = frozenset({"csrfmiddlewaretoken"})
DRAFT_FIELD = "draft"
SETTINGS_FIELDS = ("model", "prompt", "temperature", "top_p", "max_tokens")


def require_fields(data: QueryDict, *names: str, optional: Collection[str] = ()) -> dict[str, str]:
    """The named fields, each once, and the optional ones that there are.

    Raises ChatError `unknown_field` or `bad_form`.
    """
    if set(data) - COMMON_FIELDS - set(names) - set(optional):
        raise ChatError("unknown_field")
    found = [*names, *(name for name in optional if name in data)]
    if any(len(data.getlist(name)) != 1 for name in found):
        raise ChatError("bad_form")
    return {name: str(data[name]) for name in found}


def parse_settings(data: QueryDict) -> GenerationSettings:
    """Model, prompt and sampling; an empty or missing field is the default. Raises ChatError."""
    fields = {name: str(data.get(name, "")).strip() for name in SETTINGS_FIELDS}
    tokens = parse_number(fields["max_tokens"])
    return GenerationSettings(
        parse_uuid(fields["model"]) if fields["model"] else None,
        parse_uuid(fields["prompt"]) if fields["prompt"] else None,
        parse_number(fields["temperature"]),
        parse_number(fields["top_p"]),
        None if tokens is None else int(min(max(tokens, 0), MAX_OUTPUT_TOKENS)),
    )


def parse_number(text: str) -> float | None:
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


def parse_message(data: QueryDict, optional: Collection[str] = ()) -> tuple[UUID, str]:
    """A question: the id that its page made for it, and its text. Raises ChatError."""
    fields = require_fields(data, "client_id", "text", optional=optional)
    return parse_uuid(fields["client_id"]), clean_message(fields["text"])


def parse_draft_id(data: QueryDict) -> UUID | None:
    """The `client_id` of the draft that the page was opened with, if any. Raises ChatError."""
    text = str(data.get(DRAFT_FIELD, ""))
    return parse_uuid(text) if text else None


def parse_uuid(text: Any) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ChatError("bad_form") from None
