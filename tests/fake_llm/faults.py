"""Everything a model server is known to do wrong, by name, for the wire of `/v1/chat/completions`.

Each value is a script for one request. What must come of it is written where it is asserted.
"""

from __future__ import annotations

import json

from tests.fake_llm.dialects import event
from tests.fake_llm.script import (
    Cut,
    Delay,
    Delta,
    Done,
    End,
    Finish,
    Frame,
    Open,
    Raw,
    Repeat,
    Respond,
    Script,
    Stall,
    Step,
    Usage,
    script,
)

ECHO = "SECRET-ECHO"  # servers repeat prompt, key and address in their error bodies
HTML = f"<!doctype html><title>502</title><p>{ECHO}".encode()


def choices(**choice: object) -> Frame:
    return Frame({"choices": [{"index": 0, "delta": {}, "finish_reason": None} | choice]})


def content(value: object) -> Frame:
    return choices(delta={"content": value})


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def status(code: int, body: bytes = b"", **headers: str) -> Script:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return script(Respond(code, body or _json({"error": ECHO}), headers=named))


def after_text(*steps: Step | str) -> Script:
    """The text "Hello" and then these steps."""
    return script("Hel", "lo", *steps)


NETWORK = {
    "stall before headers": script(Stall()),
    "stall after headers": script(Open(), Stall()),
    "stall in mid stream": after_text(Stall()),
    "comments only, before text": script(Repeat((Raw(b": ping\n\n"), Delay(0.02)))),
    "comments only, in mid stream": after_text(Repeat((Raw(b": ping\n\n"), Delay(0.02)))),
    "drip of half a frame": after_text(Repeat((Raw(b"data: {"), Delay(0.02)))),
    "drip of text": script(Repeat((Delta("x"), Delay(0.02)))),
    "cut before headers": script(Cut()),
    "closed before headers": script(Cut(reset=False)),
    "cut after headers": script(Open(), Cut()),
    "cut in mid stream": after_text(Cut()),
    "closed in mid stream": after_text(Cut(reset=False)),
    "closed in mid frame": after_text(Raw(b'data: {"choi'), Cut(reset=False)),
    "cut after finish": after_text(Finish(), Cut()),
    "cut after text behind the reason": script("Hel", Finish(), "lo", Cut()),
    "closed after a reason on every chunk": script(
        *(choices(delta={"content": half}, finish_reason="stop") for half in ("Hel", "lo")),
        Cut(reset=False),
    ),
    "ended after a reason on every chunk": script(
        *(choices(delta={"content": half}, finish_reason="stop") for half in ("Hel", "lo")), End()
    ),
    "cut after a reason that was none": script("Hel", Finish(), "lo", Finish(), Cut()),
    "stall after text behind the reason": script("Hel", Finish(), "lo", Stall()),
    "stall after a reason that was none": script("Hel", Finish(), "lo", Finish(), Stall()),
    "counts and empty events after finish": after_text(
        Finish(), Repeat((Usage(), Frame({"choices": []}), Delay(0.02)))
    ),
    "stall after finish": after_text(Finish(), Stall()),
}

ENDS = {
    "end without finish": after_text(End()),
    "done without finish": after_text(Done()),
    "end without length or chunks": script(Open(chunked=False), "Hello", Cut(reset=False)),
    "finish without done": after_text(Finish(), End()),
    "only a null in words": after_text(Finish("null"), End()),
    "text after the reason, then the end": script("Hel", Finish(), "lo", End()),
    "text after the reason, then done": script("Hel", Finish("length"), "lo", Done()),
    "the last of two reasons": after_text(Finish(), Finish("length"), Done()),
    "done without finish or line end": after_text(Raw(b"data: [DONE]"), End()),
    "end in mid frame": after_text(Raw(b'data: {"choices": [{"ind'), End()),
    "last frame without line end": after_text(Raw(event(choices(finish_reason="stop").data)[:-2])),
    "length": after_text(Finish("length"), Usage(), Done()),
    "content filter": after_text(Finish("content_filter"), Done()),
    "unknown reason": after_text(Finish("model_length"), Done()),
    "reason is a sentence": after_text(Finish(f"because {ECHO}!"), Done()),
    "reason is error": after_text(Finish("error"), Done()),
    "empty body": script(End()),
    "only done": script(Done()),
    "empty completion": script("", Finish(), Done()),
    "blank completion": script(" \n\t", Finish(), Done()),
    "invisible completion": script("\u200b\u2060\ufeff\u3164", Finish(), Done()),
    "done without space": after_text(Finish(), Raw(b"data:[DONE]\n\n"), Stall()),
    "endless": script(Repeat((Delta("all work and no play "),))),
}
ENDS["last frame without line end"] = Script((*ENDS["last frame without line end"].steps, End()))

RESPONSES = {
    "html page with 200": script(Respond(200, HTML, "text/html")),
    "json page with 200": script(Respond(200, _json({"choices": []}))),
    "json error with 200": script(Respond(200, _json({"error": ECHO}))),
    "no content type": script(Respond(200, b"data: {}\n\n", "")),
    "nothing with 204": script(Respond(204, b"")),
    "compressed stream": script(Open(headers={"content-encoding": "gzip"}), Stall()),
    "redirect": script(Respond(307, headers={"location": "http://127.0.0.1:9/steal"})),
    "permanent redirect": script(Respond(301, headers={"location": "/elsewhere"})),
}

_CODES = [400, 401, 402, 403, 404, 408, 409, 413, 418, 422, 424, 429]
_CODES += [500, 501, 502, 503, 504, 524, 529]

STATUSES = {
    **{f"status {code}": status(code) for code in (400, 401, 402, 403, 404, 408, 409, 413, 418)},
    **{
        f"status {code}": status(code)
        for code in (422, 424, 429, 500, 501, 502, 503, 504, 524, 529)
    },
    "loading": status(503, _json({"error": f"Model {ECHO} is loading", "estimated_time": 20.5})),
    "loading, llama.cpp": status(503, _json({"error": {"code": 503, "message": "Loading model"}})),
}

CONTEXTS = {
    "context, TGI": status(
        422,
        _json(
            {
                "error": "Input validation error: `inputs` tokens + `max_new_tokens` must be "
                f"<= 4096. Given: 4000 `inputs` tokens and 512 `max_new_tokens` {ECHO}",
                "error_type": "validation",
            }
        ),
    ),
    "context, TGI inputs": status(
        422, _json({"error": "`inputs` must have less than 4095 tokens. Given: 5000"})
    ),
    "context, vLLM": status(
        400,
        _json(
            {
                "object": "error",
                "message": "This model's maximum context length is 4096 tokens. However, you "
                f"requested 5000 tokens. {ECHO}",
                "code": 400,
            }
        ),
    ),
    "context, vLLM prompt": status(
        400,
        _json({"error": {"message": "The decoder prompt is longer than the maximum model length"}}),
    ),
    "context, llama.cpp": status(
        400,
        _json(
            {
                "error": {
                    "code": 400,
                    "message": "the request exceeds the available context size, try increasing it",
                    "type": "exceed_context_size_error",
                }
            }
        ),
    ),
    "context, Mistral": status(
        400,
        _json(
            {
                "message": "Prompt contains 40000 tokens, too large for model with 32768 maximum "
                "context length"
            }
        ),
    ),
    "context, OpenAI": status(400, _json({"error": {"code": "context_length_exceeded"}})),
    "context, 413": status(413, b"Please reduce the length of the messages or completion."),
}

CUT_BODIES = {
    "cut": script(Open(500, "application/json"), Raw(b'{"err'), Cut()),
    "stall": script(Open(500, "application/json"), Raw(b'{"err'), Stall()),
    "endless": script(Open(500, "text/plain"), Repeat((Raw(b"x" * 4_096),))),
}

ODD_BODIES = {
    "list": _json([ECHO, {"error": 1}]),
    "string": _json(ECHO),
    "null": b"null",
    "number": b"17",
    "html": HTML,
    "error is a list": _json({"error": [ECHO, "two"]}),
    "error is an object": _json({"error": {"message": ECHO, "type": "x", "code": 7}}),
    "errors hold null": _json({"errors": [None, 3]}),
    "broken json": b'{"error": "' + ECHO.encode(),
    "invalid utf-8": b"\xff\xfe\x00" + ECHO.encode(),
    "huge": b'{"error": "' + b"x" * 3_000_000 + b'"}',
    "empty": b"",
}

ERROR_FRAMES = {
    "OpenAI": event({"error": {"message": ECHO, "type": "server_error", "code": 500}}),
    "string": event({"error": ECHO}),
    "TGI": event({"error": ECHO, "error_type": "generation"}),
    "TGI incomplete": event({"error": ECHO, "error_type": "incomplete_generation"}),
    "without data": _json({"error": ECHO}) + b"\n\n",
    "event error": b"event: error\n" + event({"message": ECHO}),
    "event error, plain text": b"event: error\ndata: " + ECHO.encode() + b"\n\n",
    "error field, llama.cpp": b"error: " + _json({"code": 500, "message": ECHO}) + b"\n\n",
    "vLLM object": event({"object": "error", "message": ECHO, "code": 400}),
    "FastAPI": event({"detail": ECHO}),
    "beside choices, OpenRouter": event(
        {"error": {"code": 502, "message": ECHO}, "choices": [{"finish_reason": "error"}]}
    ),
    "Anthropic": b"event: error\n" + event({"type": "error", "error": {"type": "api_error"}}),
}

CODED_FRAMES = {
    "overloaded": (
        "overloaded",
        event({"error": ECHO, "error_type": "overloaded"}),
    ),
    "429": ("rate_limited", event({"error": {"message": ECHO, "code": 429}})),
    "503": ("overloaded", event({"error": {"message": ECHO, "status": "503"}})),
    "401": ("unauthorized", event({"error": {"message": ECHO, "code": "401"}})),
    "context": (
        "context_too_long",
        event({"error": {"message": "This model's maximum context length is 4096 tokens"}}),
    ),
}

BROKEN: dict[str, Step] = {
    "broken json": Raw(b'data: {"choices": [}\n\n'),
    "plain text": Raw(b"data: hello\n\n"),
    "frame is a list": Frame([1, 2]),
    "frame is a string": Frame("text"),
    "frame is null": Raw(b"data: null\n\n"),
    "frame is a number": Raw(b"data: 17\n\n"),
    "choices is a string": Frame({"choices": "no"}),
    "choices is an object": Frame({"choices": {"index": 0}}),
    "choice is a number": Frame({"choices": [17]}),
    "delta is a string": choices(delta="text"),
    "content is a number": content(17),
    "content is an object": content({"text": "x"}),
    "reason is an object": choices(finish_reason={"type": "stop"}),
    "control character in a string": Raw(b'data: {"choices": "\x0b"}\n\n'),
}

ODD_TEXTS: dict[str, tuple[str, tuple[Step | str, ...]]] = {
    "line and paragraph separators": ("a\u2028b\u2029c\u0085d", ("a\u2028b\u2029c\u0085d",)),
    "raw separators": (
        "a\u2028b\u2029c\u0085d",
        (Raw('data: {"choices":[{"delta":{"content":"a\u2028b\u2029c\u0085d"}}]}\n\n'.encode()),),
    ),
    "nul and controls": ("abc\td\n", ("a\x00b\x1b\x07c\td\n",)),
    "carriage returns": ("a\nb\nc\nd", ("a\r\nb\r", "\nc\r", "d")),
    "lone surrogates": ("a\ufffdb\ufffd", ("a\ud83db\ude00",)),
    "lone surrogate at the end": ("a\ufffd", ("a\ud83d",)),
    "split surrogates": ("a\U0001f600b", ("a\ud83d", "\ude00b")),
    "split surrogates with an empty delta": ("\U0001f600", ("\ud83d", "", "\ude00")),
    "invalid utf-8": (
        "a\ufffdb",
        (Raw(event(content("a?b").data).replace(b"?", b"\xff")),),
    ),
    "character cut over packets": (
        "\u20ac",
        (Raw(b'data: {"choices":[{"delta":{"content":"\xe2\x82'), Raw(b'\xac"}}]}\n\n')),
    ),
    "frame cut over packets": (
        "hi",
        (Raw(b"da"), Raw(b'ta: {"choices":[{"delta":{"cont'), Raw(b'ent":"hi"}}]}\n'), Raw(b"\n")),
    ),
    "several frames in a packet": (
        "abc",
        (Raw(b"".join(event(content(char).data) for char in "abc")),),
    ),
    "windows line ends": ("hi", (Raw(event(content("hi").data).replace(b"\n", b"\r\n")),)),
    "byte order mark": ("hi", (Raw(b"\xef\xbb\xbf" + event(content("hi").data)),)),
    "no space after data": ("hi", (Raw(event(content("hi").data).replace(b": ", b":", 1)),)),
    "comments and keep-alives": (
        "ab",
        (Raw(b":\n\n: ping\n\n"), "a", Raw(b"retry: 10\nid: 7\nevent: message\n\ndata:\n\n"), "b"),
    ),
    "a megabyte in one delta": ("x" * 1_000_000, ("x" * 1_000_000,)),
    "one character a delta": ("word " * 40, tuple("word " * 40)),
    "other choices": ("right", (Delta("wrong", choice=1), "ri", Delta("no", 2), "ght")),
    "choices in one frame": (
        "yes",
        (
            Frame(
                {
                    "choices": [
                        {"index": 1, "delta": {"content": "no"}, "finish_reason": "length"},
                        {"index": 0, "delta": {"content": "yes"}, "finish_reason": None},
                    ]
                }
            ),
        ),
    ),
    "reasoning": (
        "answer",
        (
            choices(delta={"reasoning_content": "hm"}),
            choices(delta={"reasoning": "hm"}),
            content([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]),
            content([{"type": "text", "text": "answer"}]),
        ),
    ),
    "tool calls": (
        "text",
        (
            choices(
                delta={
                    "tool_calls": [
                        {"index": 0, "id": "1", "function": {"name": "f", "arguments": "{}"}}
                    ]
                }
            ),
            "text",
        ),
    ),
    "null delta and null content": ("hi", (choices(delta=None), content(None), "hi")),
    "unknown frames": ("hi", (Frame({"type": "ping"}), Frame({}), Frame({"choices": []}), "hi")),
    "no index": ("hi", (Frame({"choices": [{"delta": {"content": "hi"}}]}),)),
    "text beside the reason": ("hi", (choices(delta={"content": "hi"}, finish_reason="stop"),)),
    "text after the reason": ("hi late", ("hi", Finish(), " late")),
    "a reason on every chunk": (
        "Hello big world",
        tuple(
            choices(delta={"content": word}, finish_reason="stop")
            for word in ("Hello ", "big ", "world")
        ),
    ),
    "a reason on the first chunk, without text": (
        "Hello",
        (choices(delta={"role": "assistant", "content": ""}, finish_reason="stop"), "Hel", "lo"),
    ),
    "a reason on thoughts": (
        "Hello",
        (choices(delta={"reasoning_content": "hm"}, finish_reason="stop"), Delay(0.05), "Hello"),
    ),
    **{
        f"{reason!r} as the reason of unfinished chunks": (
            "Hello",
            (
                choices(delta={"content": "Hel"}, finish_reason=reason),
                choices(delta={"content": "lo"}, finish_reason=reason),
            ),
        )
        for reason in ("null", "", "None", " ", "FINISH_REASON_UNSPECIFIED")
    },
    "the word error": ('say "error": {x}', ('say "error": {x}',)),
    "odd counts": ("hi", ("hi", Frame({"choices": [], "usage": {"prompt_tokens": "many"}}))),
}
