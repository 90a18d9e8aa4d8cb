"""Find out from an error body which part of a request a server refuses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from chat.llm.providers.dialect import MAX_COMPLETION_TOKENS, MAX_TOKENS, SYSTEM_ROLE
from chat.llm.providers.error_bodies import message_of, parse_body

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
# A parameter is refused by such words, and a value of it by these.
_REFUSAL = re.compile(
    r"unsupported|unknown|unrecogni[sz]ed|unexpected|extra |invalid|deprecated|both|only one|either"
    r"|not |n't |must|should|instead|argument",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"too (?:large|high|big|long|small|low)|at (?:most|least)"
    r"|(?:less|greater|more|lower|higher)[_ ]than"
    r"|between|out of range|exceeds?|up to|maximum|minimum|[<>]=|in the range"
    r"|cannot be (?:0|zero)",
    re.IGNORECASE,
)
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
# The words of templates, without which a failure of the server is no refusal.
_TEMPLATE = re.compile(r"\brole|template|jinja", re.IGNORECASE)


class Refusal(NamedTuple):
    """A part of a request that a server refuses: the name of a parameter, or `SYSTEM_ROLE`.

    If `is_of_value`, it refuses only the value that was sent, and may take another one.
    """

    name: str = ""
    is_of_value: bool = False


NO_REFUSAL = Refusal()


def find_refusal(status: int, body: str, sent: Any) -> Refusal:
    """Return what an error body refuses, `NO_REFUSAL` if it does not say.

    `sent` is the JSON of the request: only what was sent can be refused.
    """
    if not isinstance(sent, Mapping) or "messages" not in sent:
        return NO_REFUSAL
    named = _named_parameter(parse_body(body))
    optional = _OPTIONAL & sent.keys() if status in _PARAMETER_STATUSES else frozenset()
    text = message_of(body)
    if named in optional:
        return Refusal(named, _VALUE.search(text) is not None)
    if _has_system(sent) and _refuses_system(status, named, text):
        return Refusal(SYSTEM_ROLE)
    mentioned = "" if named else _mentioned_parameter(text, optional)
    return Refusal(mentioned, bool(mentioned) and _VALUE.search(text) is not None)


def _refuses_system(status: int, named: str, text: str) -> bool:
    """Return whether an error is about the system role; of a failed server, only by its words."""
    if status not in _TEMPLATE_STATUSES:
        return False
    if status in _PARAMETER_STATUSES:
        return named == "role" or _SYSTEM.search(text) is not None
    return _TEMPLATE.search(text) is not None and _SYSTEM.search(text) is not None


def _has_system(sent: Mapping[str, Any]) -> bool:
    messages = sent["messages"]
    return bool(messages) and messages[0].get("role") == "system"


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


def _mentioned_parameter(text: str, optional: frozenset[str]) -> str:
    """Return the first parameter that the text of a refusal mentions.

    Of temperature and top_p that exclude each other, the temperature stays.
    """
    if not _REFUSAL.search(text):
        return ""
    names = [
        name
        for before, name, after in _NAME.findall(text)
        if name in optional and (name not in _WORDS or (before and after))
    ]
    if {"temperature", "top_p"} <= set(names) and _ONLY_ONE.search(text):
        return "top_p"
    return names[0] if names else ""
