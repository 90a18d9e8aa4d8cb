"""Unusual but right shapes of a streamed answer, as whole bodies: each says "Hi there."."""

from __future__ import annotations

import json
from typing import Any

from tests.fake_llm.script import End, Open, Raw, Respond, Script, script

TEXT = "Hi there."
HALVES = ("Hi ", "there.")


def chunk(delta: Any, reason: str | None = None, **choice: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason, **choice}]}


def events(*payloads: Any, end: bytes = b"\n\n", done: bool = True) -> bytes:
    """Events of one `data:` line, each followed by `end`."""
    lines = [b"data: " + json.dumps(payload).encode() for payload in payloads]
    return b"".join(line + end for line in [*lines, *([b"data: [DONE]"] if done else [])])


def pretty(payload: Any, end: bytes) -> bytes:
    """One event over many `data:` lines."""
    lines = json.dumps(payload, indent=1).encode().split(b"\n")
    return b"".join(b"data: " + line + end for line in lines) + end


def completion(message: Any, reason: str | None = "stop") -> dict[str, Any]:
    """A whole answer as JSON."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3},
    }


ANSWER = (*(chunk({"content": half}) for half in HALVES), chunk({}, "stop"))
WHOLE = completion({"role": "assistant", "content": TEXT})
SHAPES: dict[str, bytes] = {
    "LF": events(*ANSWER),
    "CR": events(*ANSWER, end=b"\r\r"),
    "CR LF": events(*ANSWER, end=b"\r\n\r\n"),
    "a line end of each kind": events(*ANSWER, end=b"\r\n\r"),
    "a single line end": events(*ANSWER, end=b"\n"),
    "several data lines": b"".join(pretty(item, b"\n") for item in ANSWER) + b"data: [DONE]\n\n",
    "several data lines, CR": b"".join(pretty(i, b"\r") for i in ANSWER) + b"data: [DONE]\r\r",
    "byte order mark": b"\xef\xbb\xbf" + events(*ANSWER),
    "byte order mark, CR": b"\xef\xbb\xbf" + events(*ANSWER, end=b"\r\r"),
    "comments": b": hello\r\n\r\n" + events(*ANSWER, end=b"\n: ping\n\n"),
    "named events": b"event: message\nid: 1\nretry: 5\n"
    + events(*ANSWER, end=b"\n\nevent: completion.chunk\n"),
    "no space after the colon": events(*ANSWER).replace(b"data: ", b"data:"),
    "a message in place of an empty delta": events(
        *(chunk({}, message={"role": "assistant", "content": half}) for half in HALVES),
        chunk({}, "stop"),
    ),
    "a message in place of no delta": events(
        *(chunk(None, message={"content": half}) for half in HALVES), chunk({}, "stop")
    ),
    "the whole message again at the end": events(
        *ANSWER[:2], chunk({}, "stop", message={"role": "assistant", "content": TEXT})
    ),
    "the whole message again behind the reason": events(
        *ANSWER, chunk({}, None, message={"role": "assistant", "content": TEXT})
    ),
    "one message": events(WHOLE),
    "JSON": json.dumps(WHOLE).encode(),
    "JSON over many lines": b"\xef\xbb\xbf\r\n" + json.dumps(WHOLE, indent=2).encode() + b"\n",
    "JSON without a reason": json.dumps(
        completion({"role": "assistant", "content": TEXT}, None)
    ).encode(),
}
REFUSALS: dict[str, bytes] = {
    "refusal in deltas": events(
        *(chunk({"content": None, "refusal": half}) for half in HALVES), chunk({}, "stop")
    ),
    "refusal in a message": events(completion({"content": None, "refusal": TEXT})),
    "refusal as JSON": json.dumps(completion({"content": None, "refusal": TEXT})).encode(),
}
TYPES = ("text/event-stream", "text/plain", "application/json", "application/x-ndjson", "")


def body_script(body: bytes, content_type: str = "text/event-stream") -> Script:
    """The body in one piece, with its length known."""
    return script(Respond(200, body, content_type))


def pieces_script(*pieces: bytes, content_type: str = "text/event-stream") -> Script:
    """The body in pieces."""
    return script(Open(content_type=content_type), *map(Raw, pieces), End())
