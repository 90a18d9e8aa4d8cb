"""Read the message out of an error body, without what the body repeats of the request."""

from __future__ import annotations

import json
from typing import Any


def parse_body(body: str) -> Any:
    """Return the JSON of an error body, None if it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def message_of(body: str) -> str:
    """Return the message of an error body with its code and type.

    Bodies that are not JSON, or of an unknown format, are returned whole. Formats: OpenAI and vLLM
    (`error.message`), TGI and Ollama (`error`), FastAPI (`detail`, a text or a list of `msg`).
    """
    document = parse_body(body)
    if not isinstance(document, dict):
        return body
    error = document.get("error")
    holder = error if isinstance(error, dict) else document
    parts = [error, *(holder.get(key) for key in ("code", "type", "message", "detail"))]
    details = document.get("detail")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict):
            parts += [detail.get("type"), detail.get("msg")]
    return " ".join(part for part in parts if isinstance(part, str)) or body
