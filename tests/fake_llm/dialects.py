"""Event lines in the forms of the servers that stand behind the wire."""

from __future__ import annotations

import json
from typing import Any, Protocol


class Dialect(Protocol):
    """Each method gives the object of one event, or None where the form has no such event."""

    def delta(self, text: str, choice: int) -> Any: ...

    def finish(self, reason: str) -> Any: ...

    def usage(self, prompt: int, answer: int) -> Any: ...


class Chat:
    """`/v1/chat/completions` of OpenAI, Hugging Face's router, TGI, vLLM and llama.cpp."""

    def __init__(self, body: Any) -> None:
        self._model = body.get("model", "")
        self._usage = bool((body.get("stream_options") or {}).get("include_usage"))

    def delta(self, text: str, choice: int) -> Any:
        return self._chunk([self._choice({"role": "assistant", "content": text}, None, choice)])

    def finish(self, reason: str) -> Any:
        return self._chunk([self._choice({}, reason, 0)])

    def usage(self, prompt: int, answer: int) -> Any:
        if not self._usage:
            return None
        counts = {
            "prompt_tokens": prompt,
            "completion_tokens": answer,
            "total_tokens": prompt + answer,
        }
        return self._chunk([]) | {"usage": counts}

    def _chunk(self, choices: list[Any]) -> dict[str, Any]:
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": self._model,
            "choices": choices,
        }

    def _choice(self, delta: Any, reason: str | None, index: int) -> Any:
        return {"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}


class Generate:
    """TGI's `/` and `/generate_stream`: the last token carries reason and counts."""

    def __init__(self, body: Any) -> None:
        self._text = ""

    def delta(self, text: str, choice: int) -> Any:
        self._text += text
        return self._token(text, special=False)

    def finish(self, reason: str) -> Any:
        reason = {"stop": "eos_token"}.get(reason, reason)
        details = {"finish_reason": reason, "generated_tokens": 5, "input_length": 7, "seed": None}
        return self._token("</s>", special=True) | {
            "generated_text": self._text,
            "details": details,
        }

    def usage(self, prompt: int, answer: int) -> Any:
        return None

    def _token(self, text: str, *, special: bool) -> dict[str, Any]:
        token = {"id": 1, "text": text, "logprob": -0.5, "special": special}
        return {"index": 1, "token": token, "generated_text": None, "details": None}


class Completions:
    """`/v1/completions` of OpenAI."""

    def __init__(self, body: Any) -> None:
        self._model = body.get("model", "")

    def delta(self, text: str, choice: int) -> Any:
        return self._chunk(text, None, choice)

    def finish(self, reason: str) -> Any:
        return self._chunk("", reason, 0)

    def usage(self, prompt: int, answer: int) -> Any:
        counts = {"prompt_tokens": prompt, "completion_tokens": answer}
        return {"id": "cmpl-1", "object": "text_completion", "choices": [], "usage": counts}

    def _chunk(self, text: str, reason: str | None, index: int) -> Any:
        choice = {"index": index, "text": text, "logprobs": None, "finish_reason": reason}
        return {
            "id": "cmpl-1",
            "object": "text_completion",
            "model": self._model,
            "choices": [choice],
        }


def dialect_of(path: str, body: Any) -> Dialect | None:
    """The form in which this path answers; None if it is no generating path."""
    if path.endswith("/chat/completions"):
        return Chat(body)
    if path.endswith("/completions"):
        return Completions(body)
    if path in ("/", "/generate_stream", "/generate") or "/models/" in path:
        return Generate(body)
    return None


def event(data: Any) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"
