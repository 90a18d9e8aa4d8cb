"""Parse the fields of commands; unknown fields are refused."""

from collections.abc import Collection
from math import isfinite
from typing import Any
from uuid import UUID

from django.http import QueryDict

from chat.errors import ChatError
from chat.selectors.sampling_ranges import MAX_OUTPUT_TOKENS
from chat.services.drafts import SentDraft
from chat.services.preferences import GenerationSettings
from chat.text import clean_message

COMMON_FIELDS = frozenset({"csrfmiddlewaretoken"})
DRAFT_FIELD = "draft"
RATINGS = {"1": 1, "-1": -1, "": None}
SETTINGS_FIELDS = ("model", "prompt", "temperature", "top_p", "max_tokens", "instructions")
SWITCH = {"on": True, "off": False, "": None}


def require_fields(data: QueryDict, *names: str, optional: Collection[str] = ()) -> dict[str, str]:
    """Return the named fields and those optional fields that are present; each must occur once.

    Raises ChatError `unknown_field` or `bad_form`.
    """
    if set(data) - COMMON_FIELDS - set(names) - set(optional):
        raise ChatError("unknown_field")
    present = [*names, *(name for name in optional if name in data)]
    if any(len(data.getlist(name)) != 1 for name in present):
        raise ChatError("bad_form")
    return {name: str(data[name]) for name in present}


def parse_settings(data: QueryDict) -> GenerationSettings:
    """Return the settings of a conversation; an empty or missing field means the default.

    Raises ChatError `bad_form`.
    """
    fields = {name: str(data.get(name, "")).strip() for name in SETTINGS_FIELDS}
    tokens = parse_number(fields["max_tokens"])
    return GenerationSettings(
        parse_uuid(fields["model"]) if fields["model"] else None,
        parse_uuid(fields["prompt"]) if fields["prompt"] else None,
        parse_number(fields["temperature"]),
        parse_number(fields["top_p"]),
        None if tokens is None else int(min(max(tokens, 0), MAX_OUTPUT_TOKENS)),
        parse_switch(fields["instructions"]),
    )


def parse_switch(text: str) -> bool | None:
    """Return whether a switch is on, None without one. Raises ChatError `bad_form`."""
    if text not in SWITCH:
        raise ChatError("bad_form")
    return SWITCH[text]


def parse_number(text: str) -> float | None:
    """Return a finite number, or None for an empty text. Raises ChatError `bad_form`."""
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
    """Return the `client_id` and the cleaned text of a question. Raises ChatError."""
    fields = require_fields(data, "client_id", "text", optional=optional)
    return parse_uuid(fields["client_id"]), clean_message(fields["text"])


def parse_sent_draft(data: QueryDict, optional: Collection[str] = ()) -> SentDraft:
    """Return the message that the composer sent, and the draft it was. Raises ChatError."""
    client_id, text = parse_message(data, optional=(DRAFT_FIELD, *optional))
    return SentDraft(client_id, text, parse_draft_id(data))


def parse_draft_id(data: QueryDict) -> UUID | None:
    """Return the `client_id` of the draft that the page was loaded with, or None.

    Raises ChatError `bad_form`.
    """
    text = str(data.get(DRAFT_FIELD, ""))
    return parse_uuid(text) if text else None


def parse_rating(data: QueryDict) -> tuple[int | None, str | None]:
    """Return the rating of an answer, and its reason or None if the form has no such field.

    Raises ChatError.
    """
    fields = require_fields(data, "value", optional=("reason",))
    if fields["value"] not in RATINGS:
        raise ChatError("bad_form")
    return RATINGS[fields["value"]], fields.get("reason")


def parse_uuid(text: Any) -> UUID:
    """Return the ID. Raises ChatError `bad_form`."""
    try:
        return UUID(text)
    except ValueError:
        raise ChatError("bad_form") from None
