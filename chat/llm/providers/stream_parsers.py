"""Parse one event of a stream: chat completions, and text generation in its two formats."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from chat.llm.providers.errors import AttemptError, error_from_text

_REASON = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
# Some servers send these instead of null: https://github.com/sgl-project/sglang/issues/3912
_NO_REASONS = frozenset({"", "null", "none", "undefined", "finish_reason_unspecified"})


@dataclass(slots=True)
class Event:
    """One event; `has_token` is also True for a tool call, which is not shown.

    `message` is the text of a whole message, sent where the delta is empty. `is_refusal` tells that
    the model refused to answer, and `text` is its refusal.
    """

    text: str = ""
    thought: str = ""
    message: str = ""
    is_refusal: bool = False
    has_token: bool = False
    reason: str | None = None
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    thinking_tokens: int | None = None


def parse_chat_event(chunk: Any) -> Event:
    """Parse the JSON of an event of `/v1/chat/completions`.

    Format: https://platform.openai.com/docs/api-reference/chat-streaming
    Raises AttemptError (`broken_stream`, `stream_error`).
    """
    event = Event()
    choices = chunk.get("choices")
    usage = chunk.get("usage")
    if isinstance(usage, dict):
        event.prompt_tokens = _count(usage.get("prompt_tokens"))
        event.answer_tokens = _count(usage.get("completion_tokens"))
        event.thinking_tokens = _thinking_tokens(usage)
    if choices is None:
        _raise_error(chunk)
        return event
    if not isinstance(choices, list):
        raise AttemptError("broken_stream")
    for choice in choices:
        if choice.get("index") in (0, None):
            _add_choice(event, choice)
    return event


def _add_choice(event: Event, choice: Any) -> None:
    delta = choice.get("delta")
    if delta is not None:
        content = delta.get("content")
        event.text += _text(content)
        event.thought += _thought(delta, content)
        event.has_token = bool(event.text or event.thought or delta.get("tool_calls"))
        _add_refusal(event, delta)
    if not event.has_token and choice.get("message"):
        _add_message(event, choice["message"])
    event.reason = _reason(choice.get("finish_reason")) or event.reason


def _add_refusal(event: Event, delta: Any) -> None:
    refusal = delta.get("refusal")
    if refusal and isinstance(refusal, str):
        event.text += refusal
        event.is_refusal = event.has_token = True


def _add_message(event: Event, message: Any) -> None:
    """Add the text of a whole message; some servers repeat in it what the deltas have said."""
    content = message.get("content")
    whole = Event(text=_text(content), thought=_thought(message, content))
    _add_refusal(whole, message)
    event.message, event.is_refusal, event.thought = whole.text, whole.is_refusal, whole.thought
    event.has_token = bool(event.message or event.thought or message.get("tool_calls"))


def _thought(delta: Any, content: object) -> str:
    """Return the thoughts of a delta.

    Servers name them `reasoning_content` (DeepSeek, vLLM, llama.cpp) or `reasoning` (OpenRouter,
    Ollama); some send both, with the same text. Mistral sends them as parts of the content:
    https://docs.mistral.ai/capabilities/reasoning/
    """
    for key in ("reasoning_content", "reasoning"):
        if (thought := delta.get(key)) and isinstance(thought, str):
            return thought
    return _thought_parts(content) if isinstance(content, list) else ""


def _thought_parts(content: list[Any]) -> str:
    parts = (part.get("thinking") for part in content if part.get("type") == "thinking")
    return "".join(_text(part) for part in parts)


def _thinking_tokens(usage: dict[str, Any]) -> int | None:
    details = usage.get("completion_tokens_details")
    return _count(details.get("reasoning_tokens")) if isinstance(details, dict) else None


def parse_completion_event(chunk: Any) -> Event:
    """Parse an event of text generation, in TGI's format or the OpenAI format of some providers.

    Format: https://huggingface.github.io/text-generation-inference/ (`/generate_stream`)
    Raises AttemptError (`broken_stream`, `stream_error`).
    """
    token, details = chunk.token, chunk.details
    if token is None:
        return _parse_openai_completion(chunk)
    event = Event(has_token=True)
    if not token.special:
        event.text = _text(token.text)
    if details is not None:
        event.reason = _reason(details.finish_reason)
        event.prompt_tokens = _count(details.input_length)
        event.answer_tokens = _count(details.generated_tokens)
    return event


def _parse_openai_completion(chunk: Any) -> Event:
    choices = getattr(chunk, "choices", None)
    usage = getattr(chunk, "usage", None)
    event = Event()
    if isinstance(usage, dict):
        event.prompt_tokens = _count(usage.get("prompt_tokens"))
        event.answer_tokens = _count(usage.get("completion_tokens"))
    if choices is None:
        _raise_error(chunk)
        return event
    for choice in choices:
        if choice.get("index", 0) == 0:
            event.text += _text(choice.get("text"))
            event.reason = _reason(choice.get("finish_reason")) or event.reason
    event.has_token = bool(event.text)
    return event


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    if content is None:
        return ""
    if isinstance(content, list):  # Mistral sends parts; thoughts among them are not shown
        return "".join(_part(part) for part in content)
    raise AttemptError("broken_stream")


def _part(part: object) -> str:
    if not isinstance(part, dict):
        raise AttemptError("broken_stream")
    kind = part.get("type")
    return _text(part.get(kind)) if kind in ("text", "refusal") else ""


def _reason(reason: object) -> str | None:
    """Return a finish reason that is safe to store: a short name, or "unknown"."""
    if not reason:
        return None
    if not isinstance(reason, str):
        raise AttemptError("broken_stream")
    if reason.strip().lower() in _NO_REASONS:
        return None
    if reason == "error":
        raise AttemptError("stream_error")
    return reason if _REASON.fullmatch(reason) else "unknown"


def _count(value: object) -> int | None:
    valid = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
    return value if valid else None  # type: ignore[return-value]


def _raise_error(chunk: Any) -> None:
    """Raise AttemptError for an error without an `error` key.

    That is `object: error` of vLLM, `detail` of FastAPI, or `message`.
    """
    if chunk.get("object") == "error" or "detail" in chunk or "message" in chunk:
        named = {key: chunk.get(key) for key in ("code", "type", "message", "detail")}
        raise error_from_text(str(named))
