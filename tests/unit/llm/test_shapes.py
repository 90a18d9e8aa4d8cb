"""Unusual shapes of a stream: line ends, several lines an event, whole messages, other bodies."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

import pytest

from chat.llm.providers import Limits
from chat.llm.providers.accumulator import AnswerAccumulator
from chat.llm.providers.errors import AttemptError
from chat.llm.providers.events import parse_chunk
from chat.llm.providers.sse import DONE, EventLines
from chat.llm.providers.stream_parsers import parse_chat_event
from chat.llm.providers.whole_body import BodyStart, body_kind
from tests.fake_llm import Done, Finish, Open, Raw, Respond, Stall, Upstream, script
from tests.fake_llm.faults import ECHO, after_text, choices
from tests.fake_llm.shapes import (
    HALVES,
    REFUSALS,
    SHAPES,
    TEXT,
    TYPES,
    body_script,
    chunk,
    completion,
    events,
    pieces_script,
    pretty,
)
from tests.unit.llm.tools import FIRST, SECRETS, ask, chat_request, completion_request, hf, openai

LIMIT = 2_000_000
BODIES = SHAPES | REFUSALS


def read(pieces: list[bytes], content_type: str = "text/event-stream") -> tuple[str, str]:
    """Text and finish reason of a body that arrives in these pieces, without a network."""
    start: BodyStart | None = BodyStart(content_type, LIMIT)
    lines, payloads = EventLines(LIMIT), []
    for piece in pieces:
        if start is not None:
            body = start.feed(piece)
            if (document := start.document(at_end=False)) is not None:
                payloads = [document, DONE]
                break
            if body is None:
                continue
            start, piece = None, body
        payloads += lines.feed(piece)
    else:
        if start is not None and (document := start.document(at_end=True)) is not None:
            payloads = [document, DONE]
        payloads += lines.close()
    return accumulate(payloads)


def accumulate(payloads: list[bytes]) -> tuple[str, str]:
    answer = AnswerAccumulator(chat_request(), Limits())
    for payload in payloads:
        if payload == DONE:
            break
        answer.add(parse_chat_event(parse_chunk(payload)))
    answer.flush()
    text = "".join(delta.text for delta in answer.take())
    return text, answer.finish(is_done=DONE in payloads).reason


@pytest.mark.parametrize("content_type", TYPES)
@pytest.mark.parametrize("name", SHAPES)
async def test_shape(up: Upstream, name: str, content_type: str) -> None:
    """Whatever its content type says."""
    up.script(body_script(SHAPES[name], content_type))
    outcome = await ask(hf(up))
    assert (outcome.code, outcome.text) == ("", TEXT)
    assert outcome.reason == ("done" if "without a reason" in name else "stop")


@pytest.mark.parametrize("name", REFUSALS)
async def test_refusal_is_shown_as_such(up: Upstream, name: str) -> None:
    up.script(body_script(REFUSALS[name]))
    outcome = await ask(hf(up))
    assert (outcome.code, outcome.text, outcome.reason) == ("", TEXT, "refusal")


@pytest.mark.parametrize("name", BODIES)
def test_cut_into_two_packets_anywhere(name: str) -> None:
    body = BODIES[name]
    reason = "refusal" if name in REFUSALS else "done" if "without a reason" in name else "stop"
    for at in range(1, len(body)):
        assert read([body[:at], body[at:]]) == (TEXT, reason), at
    assert read([body[at : at + 1] for at in range(len(body))]) == (TEXT, reason)


@pytest.mark.parametrize("name", ["CR", "several data lines", "refusal in deltas", "JSON"])
async def test_closed_after_any_byte(up: Upstream, name: str) -> None:
    """The text so far, and never an error that nobody can explain."""
    body = BODIES[name]
    for at in range(len(body) + 1):
        up.script(pieces_script(body[:at]))
        outcome = await ask(hf(up))
        assert TEXT.startswith(outcome.text)
        assert outcome.code in ("", "empty", "no_finish", "not_a_stream", "broken_stream"), at
        assert outcome.code or outcome.text == TEXT
        assert not [secret for secret in SECRETS if secret in outcome.shown]


async def test_events_are_told_at_once(up: Upstream) -> None:
    """No event waits for the next one, not even without an empty line."""
    for end in (b"\n\n", b"\r\r", b"\r\n\r\n", b"\n", b"\r\n"):
        first, second = (events(chunk({"content": half}), end=end, done=False) for half in HALVES)
        lines = EventLines(LIMIT)
        assert len(lines.feed(first)) == 1, end
        assert len(lines.feed(second)) == 1, end


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_an_event_of_several_lines_waits_for_its_end(end: bytes) -> None:
    lines = EventLines(LIMIT)
    assert lines.feed(b'data: {"choices":[' + end) == []
    assert lines.feed(b"data: ]}" + end) == []
    assert [json.loads(payload) for payload in lines.feed(end)] == [{"choices": []}]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
async def test_an_error_event_is_one_in_any_order(up: Upstream, end: str) -> None:
    for fields in (["event: error", f"data: {ECHO}"], [f"data: {ECHO}", "event: error"]):
        body = end.join(["", *fields, "", ""]).encode()
        up.script(after_text(Raw(body), Done()))
        outcome = await ask(hf(up))
        assert (outcome.code, outcome.text) == ("stream_error", "Hello")


async def test_an_error_event_is_over_with_its_end(up: Upstream) -> None:
    up.script(script(Raw(b"event: error\n\n"), "Hello", Finish(), Done()))
    assert (await ask(hf(up))).text == "Hello"


# Bodies that are no stream
OTHER_BODIES: dict[str, tuple[bytes, str, str]] = {
    "a page": (b"<!doctype html><p>" + ECHO.encode(), "text/html", "not_a_stream"),
    "a page as a stream": (b"<html>" + ECHO.encode(), "text/event-stream", "not_a_stream"),
    "text": (ECHO.encode() * 9, "text/plain", "not_a_stream"),
    "text that starts like a field": (b"dat" + ECHO.encode(), "text/plain", "not_a_stream"),
    "JSON without an answer": (b'{"ok": true}', "application/json", "not_a_stream"),
    "a list": (b'[{"generated_text": "x"}]', "application/json", "not_a_stream"),
    "cut JSON": (b'{"choices": [{"message": {"content": "Hel', "application/json", "not_a_stream"),
    "an error": (json.dumps({"error": ECHO}).encode(), "application/json", "not_a_stream"),
    "an error with a code": (
        json.dumps({"error": {"code": 429, "message": ECHO}}).encode(),
        "application/json",
        "rate_limited",
    ),
    "a long context": (
        b'{"error": {"message": "maximum context length is 4096 tokens"}}',
        "application/json",
        "context_too_long",
    ),
    "no choices": (b'{"choices": []}', "application/json", "not_a_stream"),
    "a blank message": (json.dumps(completion({"content": " "})).encode(), "", "empty"),
    "deep JSON": (b"[" * 100_000, "application/json", "not_a_stream"),
    "NUL": (b"\x00" * 100, "application/octet-stream", "not_a_stream"),
    "nothing": (b"", "application/json", "empty"),
    "blanks": (b" \r\n" * 100, "application/json", "empty"),
}


@pytest.mark.parametrize("name", OTHER_BODIES)
async def test_other_body(up: Upstream, name: str) -> None:
    body, content_type, code = OTHER_BODIES[name]
    up.script(body_script(body, content_type))
    outcome = await ask(hf(up))
    assert (outcome.code, outcome.text.strip()) == (code, "")
    assert not [secret for secret in SECRETS if secret in outcome.shown]
    if code == "not_a_stream":
        assert outcome.error is not None
        assert outcome.error.evidence.content_type == content_type


@pytest.mark.parametrize("content_type", TYPES)
@pytest.mark.parametrize("name", ["LF", "CR", "JSON", "byte order mark"])
async def test_empty_lines_come_before_the_answer(
    up: Upstream, name: str, content_type: str
) -> None:
    blanks = [b"\n" * 200, b"\r\n" * 200, b" " * 5_000]
    up.script(pieces_script(*blanks, SHAPES[name], content_type=content_type))
    assert (await ask(hf(up), caps=Limits(frame_bytes=4_000))).text == TEXT


async def test_a_document_that_never_ends_has_the_time_of_a_first_token(up: Upstream) -> None:
    up.script(script(Open(content_type="application/json"), Raw(b'{"choices": ['), Stall()))
    outcome = await ask(hf(up), deadlines=FIRST)
    assert outcome.code == "first_token_timeout"
    assert outcome.error is not None
    assert outcome.error.evidence.kept_alive


async def test_a_compressed_body_is_told_as_one(up: Upstream) -> None:
    up.script(script(Open(headers={"content-encoding": "gzip"}), Stall()))
    outcome = await ask(openai(f"{up.base_url}?key=SECRET-TOKEN"))
    assert outcome.error is not None
    assert outcome.error.evidence.content_type == "text/event-stream, gzip"
    assert outcome.error.evidence.asked == f"{up.base_url}/chat/completions?key=…"


async def test_what_came_is_told_only_if_it_is_a_media_type(up: Upstream) -> None:
    up.script(body_script(b"<p>", f"text/html {ECHO}"))
    outcome = await ask(hf(up))
    assert outcome.error is not None
    assert outcome.error.evidence.content_type == ""


async def test_a_whole_answer_is_shown_before_the_body_ends(up: Upstream) -> None:
    up.script(pieces_script(SHAPES["JSON"], content_type="application/json"))
    up.script(script(Raw(SHAPES["JSON"]), Stall()))
    for _ in range(2):
        assert (await ask(hf(up))).text == TEXT


# Big and odd values
@pytest.mark.parametrize("text", ["x" * 1_000_000, "a\x00b", "\ud83d", "\ud83d\ude00", "\r"])
@pytest.mark.parametrize("name", ["delta", "message", "refusal", "JSON"])
async def test_odd_text_in_each_shape(up: Upstream, name: str, text: str) -> None:
    bodies: dict[str, Any] = {
        "delta": events(chunk({"content": text + "."}, "stop")),
        "message": events(chunk({}, "stop", message={"content": text + "."})),
        "refusal": events(chunk({"refusal": text + "."}, "stop")),
        "JSON": json.dumps(completion({"content": text + "."})).encode(),
    }
    up.script(body_script(bodies[name]))
    outcome = await ask(hf(up), caps=Limits(answer_chars=2_000_000, frame_bytes=LIMIT))
    shown = text.replace("\x00", "").replace("\r", "\n").encode("utf-16", "surrogatepass")
    assert outcome.text == shown.decode("utf-16", "replace") + "."


@pytest.mark.parametrize(
    "name", ["one line", "many lines", "JSON", "blanks in JSON", "closing brackets"]
)
async def test_a_body_beyond_the_limit_is_refused(up: Upstream, name: str) -> None:
    bodies = {
        "one line": b"data: " + b"x" * 9_000,
        "many lines": b"data: {\n" * 5_000,
        "JSON": b'{"choices": "' + b"x" * 9_000,
        "blanks in JSON": b"{" + b" " * 9_000,
        "closing brackets": b"data: {\n" + b"data: }\n" * 9_000,
    }
    up.script(script(Raw(bodies[name]), Stall()))
    assert (await ask(hf(up), caps=Limits(frame_bytes=4_000))).code == "frame_too_large"


@pytest.mark.parametrize(
    "body",
    [
        b"data: {}\n" * 200_000,
        b"data: {\n" + b"data: }\n" * 200_000,
        b"data: {}\r" * 200_000,
        b":\r" * 900_000,
        b"{" + b"}" * 1_900_000,
        b"\xef\xbb\xbf" * 600_000,
    ],
    ids=["objects", "brackets", "CR", "comments", "JSON", "marks"],
)
def test_hostile_bodies_take_linear_time(body: bytes) -> None:
    """In pieces of 4 KiB, as they come over a network."""
    started = time.process_time()
    pieces = [body[at : at + 4_096] for at in range(0, len(body), 4_096)]
    with suppress(AttemptError):
        read(pieces)
    assert time.process_time() - started < 8


def test_an_incomplete_line_is_tested_once() -> None:
    """It could be a whole event without an empty line; a comment does not change that."""
    lines = EventLines(LIMIT)
    lines.feed(b'data: {"' + b"x" * 1_500_000 + b"}\n")
    started = time.process_time()
    for _ in range(20_000):
        assert lines.feed(b":\n") == []
    assert time.process_time() - started < 4


def test_kinds_of_bodies() -> None:
    for start in (b"", b"\xef", b"\xef\xbb\xbf", b" \r\n", b"d", b"dat", b"\xef\xbb\xbfeven"):
        assert body_kind(start, is_labelled=False) == "unknown"
    for start in (b"data:", b": ping", b"event: x", b"\xef\xbb\xbfid: 3", b"\n\nretry: 1"):
        assert body_kind(start, is_labelled=False) == "events"
    assert body_kind(b"model: x", is_labelled=True) == "events"
    assert body_kind(b"model: x", is_labelled=False) == "other"
    assert body_kind(b" {", is_labelled=True) == "json"
    assert body_kind(b"<html", is_labelled=True) == "other"


async def test_a_reason_beside_a_refusal_stays_a_refusal(up: Upstream) -> None:
    refusal = choices(delta={"refusal": "No."}, finish_reason="content_filter")
    up.script(script(refusal, Done()))
    assert (await ask(hf(up))).reason == "refusal"


async def test_an_empty_response_of_another_type(up: Upstream) -> None:
    up.script(script(Respond(200, b"", "text/html")))
    assert (await ask(hf(up))).code == "empty"


# Text completion, which huggingface_hub parses
@pytest.mark.parametrize("content_type", TYPES)
@pytest.mark.parametrize("name", ["LF", "CR", "several data lines", "JSON"])
async def test_shapes_of_a_completion(up: Upstream, name: str, content_type: str) -> None:
    chunks = [{"choices": [{"index": 0, "text": half}]} for half in HALVES]
    ends = {"LF": b"\n\n", "CR": b"\r\r"}
    whole = {"choices": [{"index": 0, "text": TEXT, "finish_reason": "stop"}]}
    if name == "JSON":
        body = json.dumps(whole).encode()
    elif name in ends:
        body = events(*chunks, end=ends[name])
    else:
        body = b"".join(pretty(item, b"\n") for item in chunks) + b"data: [DONE]\n\n"
    up.script(body_script(body, content_type))
    outcome = await ask(openai(up.root), completion_request())
    assert (outcome.code, outcome.text) == ("", TEXT)
