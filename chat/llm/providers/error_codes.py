"""Map HTTP statuses and error bodies to error codes; the bodies are never stored or shown."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from chat.llm.providers.error_bodies import message_of

_BY_STATUS: Final = {
    401: "unauthorized",
    402: "payment",
    403: "forbidden",
    404: "model_not_found",
    408: "gateway_timeout",
    413: "too_large",
    422: "unprocessable",
    424: "upstream_error",  # TGI: the generation failed
    425: "rate_limited",
    429: "rate_limited",
    503: "overloaded",
    504: "gateway_timeout",
    522: "gateway_timeout",  # Cloudflare: no connection to the origin
    524: "gateway_timeout",  # Cloudflare: the origin was too slow
    529: "overloaded",
}
_MAY_BE_CONTEXT: Final = frozenset({400, 413, 422, 500})

# Error messages of TGI ("`inputs` tokens + `max_new_tokens` must be <= 4096", "must have less than
# 4095 tokens"), vLLM ("maximum context length is", "longer than the maximum model length"), SGLang
# ("longer than the model's context length"), llama.cpp ("exceeds the available context size",
# "exceed_context_size_error"), Ollama ("exceeded max context length", "exceeds the context
# length"), LM Studio ("the model is loaded with context length of only", "when context the
# overflows"), Mistral ("too large for model with 32768 maximum context length"), OpenAI
# ("context_length_exceeded", "reduce the length of the messages"), Anthropic ("prompt is too long",
# "exceed context limit"), Gemini ("exceeds the maximum number of tokens allowed").
_CONTEXT = re.compile(
    r"maximum (?:context|model|sequence|input) length|context[ _-]?(?:length|size|window|limit)"
    r"|context (?:the )?overflow|must have less than \d+ tokens|tokens`? \+ `?max_new_tokens"
    r"|prompt (?:is )?too long|reduce the length of the (?:messages|prompt|input)"
    r"|too many (?:input )?tokens|maximum number of tokens allowed",
    re.IGNORECASE,
)
# Where these messages name the context window in tokens.
_WINDOW = re.compile(
    r"maximum (?:context|model|sequence) length(?: of| is) (?:only )?(\d{2,9})\b"
    r"|context (?:length|size|window)(?: of(?: only)?| is)? \(?(\d{2,9})\b"
    r"|\bn_ctx[\"']?\s{0,3}[:=]\s{0,3}(\d{2,9})\b"
    r"|max_new_tokens`? must be <= (\d{2,9})\b"
    r"|with (\d{2,9}) maximum context length"
    r"|tokens > (\d{2,9}) maximum"
    r"|context limit: \d{1,9} \+ \d{1,9} > (\d{2,9})\b"
    r"|tokens allowed \((\d{2,9})\)",
    re.IGNORECASE,
)
# Hugging Face's router: no provider serves the model.
_UNSUPPORTED_MODEL = re.compile(r"model_not_supported|not supported by any provider")
_LOADING = re.compile(r"loading|estimated_time|warming up|starting up", re.IGNORECASE)
_ESTIMATE = re.compile(r"[\"']estimated_time[\"']\s*:\s*(\d{1,6}(?:\.\d{1,6})?)")
_FRAME_STATUS = re.compile(
    r"[\"'](?:code|status|status_code|http_status_code)[\"']\s*:\s*[\"']?([45]\d\d)\b"
)
_OVERLOADED = re.compile(r"overloaded|rate.?limit", re.IGNORECASE)


def code_for_status(status: int, body: str = "") -> str:
    """Return the error code for an HTTP status other than 200 and the start of its body."""
    if status in _MAY_BE_CONTEXT and _CONTEXT.search(message_of(body)):
        return "context_too_long"
    if status == 400 and _UNSUPPORTED_MODEL.search(body):
        return "model_not_found"
    if status == 503 and _LOADING.search(body):
        return "model_loading"
    return _BY_STATUS.get(status) or _code_for_class(status)


def _code_for_class(status: int) -> str:
    if status < 300:
        return "not_a_stream"
    if status < 400:
        return "redirect"
    return "bad_request" if status < 500 else "upstream_error"


def code_for_error(text: str) -> str:
    """Return the error code for an error message inside a stream, whatever its format."""
    if _CONTEXT.search(text):
        return "context_too_long"
    named = _FRAME_STATUS.search(text)
    if named:
        code = code_for_status(int(named[1]), text)
        return "stream_error" if code in {"bad_request", "upstream_error"} else code
    return "overloaded" if _OVERLOADED.search(text) else "stream_error"


def named_window(text: str) -> int | None:
    """Return the context window in tokens that an error message names, None if it names none."""
    match = _WINDOW.search(text)
    return None if match is None else int(next(filter(None, match.groups())))


def requested_wait(retry_after: str | None, body: str) -> float | None:
    """Return the seconds that the server asks the client to wait, or None.

    Reads `Retry-After` (RFC 9110 10.2.3, seconds or a date), else the `estimated_time` of a model
    that is being loaded.
    """
    seconds = None if retry_after is None else parse_retry_after(retry_after)
    if seconds is None and (estimate := _ESTIMATE.search(body)):
        seconds = float(estimate[1])
    return seconds


def parse_retry_after(value: str) -> float | None:
    """Return seconds from now, at least 0; None for neither a number nor an HTTP date."""
    value = value.strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value):
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
