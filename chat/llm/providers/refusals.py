"""Find out from an error body which part of a request a server refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from chat.llm.providers.dialect import MAX_COMPLETION_TOKENS, MAX_TOKENS, SYSTEM_ROLE

_PARAMETER_STATUSES: Final = frozenset({400, 422})
# Templates that raise an error make some servers answer 500, and TGI 422 or 424.
_TEMPLATE_STATUSES: Final = frozenset({400, 422, 424, 500})
# What a request can do without, or under another name.
_OPTIONAL: Final = frozenset(
    {
        "stream_options",
        "temperature",
        "top_p",
        "frequency_penalty",
        "repetition_penalty",
        "repeat_penalty",
        "stop",
        "seed",
        MAX_TOKENS,
        MAX_COMPLETION_TOKENS,
    }
)
# Ordinary words; they name a parameter only between quotation marks.
_WORDS: Final = frozenset({"stop", "seed"})
_NAME = re.compile(r"([\"'`]?)(?<![A-Za-z0-9_])([a-z_]{4,25})(?![A-Za-z0-9_])([\"'`]?)")
_ONLY_ONE = re.compile(r"\bboth\b|\bonly one\b|\btogether\b|\beither\b", re.IGNORECASE)

# Error messages of chat templates ("System role not supported", "Only user and assistant roles are
# supported!", "Conversation roles must alternate user/assistant/user/assistant/..."), of gateways
# ("does not support system messages", "Unexpected role 'system'") and of Gemini's endpoint for
# Gemma ("Developer instruction is not enabled").
_SYSTEM = re.compile(
    r"system (?:role|message|prompt|instruction)s?.{0,40}"
    r"(?:unsupported|(?:not|n't) (?:be )?(?:support|allow|enable|permit|accept)|invalid)"
    r"|(?:not support|n't support|unsupported|invalid|unknown|unexpected|not allow|not accept)"
    r".{0,40}(?:system (?:role|message|prompt|instruction)|\\?[\"'`]system|role:? system)"
    r"|only user(?:,| and) .{0,40}roles? (?:are|is) (?:supported|allowed)"
    r"|roles must alternate|developer instruction is not enabled",
    re.IGNORECASE,
)


def refused_part(status: int, body: str, sent: Any) -> str:
    """Return the name of the parameter that an error body refuses, `SYSTEM_ROLE`, or "".

    `sent` is the JSON of the request: only what was sent can be refused.
    """
    if not isinstance(sent, Mapping) or "messages" not in sent:
        return ""
    document = _parse(body)
    named = _named_parameter(document)
    optional = _OPTIONAL & sent.keys() if status in _PARAMETER_STATUSES else frozenset()
    if named in optional:
        return named
    text = _message(document) or body
    may_be_system = status in _TEMPLATE_STATUSES and _has_system(sent)
    if may_be_system and (named == "role" or _SYSTEM.search(text)):
        return SYSTEM_ROLE
    return "" if named else _mentioned_parameter(text, optional)


def _has_system(sent: Mapping[str, Any]) -> bool:
    messages = sent["messages"]
    return bool(messages) and messages[0].get("role") == "system"


def _parse(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _named_parameter(document: Any) -> str:
    """Return the parameter that OpenAI's `param` or the first `loc` of pydantic names, or ""."""
    if not isinstance(document, dict):
        return ""
    error = document.get("error")
    holder = error if isinstance(error, dict) else document
    name = holder.get("param")
    details = document.get("detail")
    if not isinstance(name, str) and isinstance(details, list) and details:
        location = details[0].get("loc") if isinstance(details[0], dict) else None
        name = location[-1] if isinstance(location, list) and location else None
    return name.rpartition(".")[2] if isinstance(name, str) else ""


def _message(document: Any) -> str:
    """Return the text of an error, without what else the body repeats of the request."""
    if not isinstance(document, dict):
        return ""
    error = document.get("error")
    if isinstance(error, str):
        return error
    for holder in (error, document):
        if not isinstance(holder, dict):
            continue
        for key in ("message", "detail"):
            if isinstance(holder.get(key), str):
                return str(holder[key])
    return ""


def _mentioned_parameter(text: str, optional: frozenset[str]) -> str:
    """Return the first parameter that a text mentions.

    Of temperature and top_p that exclude each other, the temperature stays.
    """
    names = [
        name
        for before, name, after in _NAME.findall(text)
        if name in optional and (name not in _WORDS or (before and after))
    ]
    if {"temperature", "top_p"} <= set(names) and _ONLY_ONE.search(text):
        return "top_p"
    return names[0] if names else ""
