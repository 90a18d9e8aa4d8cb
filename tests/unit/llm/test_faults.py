"""The fault matrix: one row for each thing a model server does wrong."""

from __future__ import annotations

import pytest

from chat.errors import FAULTS
from chat.llm.providers import Deadlines, Limits
from tests.fake_llm import Done, Finish, Raw, Script, Upstream, closed_port, faults, script
from tests.unit.llm.tools import FIRST, MID, PATIENT, SECRETS, Outcome, ask, hf, openai

# fault -> error code, text before it
ERRORS = {
    "stall before headers": ("first_token_timeout", ""),
    "stall after headers": ("first_token_timeout", ""),
    "stall in mid stream": ("idle_timeout", "Hello"),
    "comments only, before text": ("first_token_timeout", ""),
    "comments only, in mid stream": ("idle_timeout", "Hello"),
    "drip of half a frame": ("idle_timeout", "Hello"),
    "cut before headers": ("cut", ""),
    "closed before headers": ("cut", ""),
    "cut after headers": ("cut", ""),
    "cut in mid stream": ("cut", "Hello"),
    "closed in mid stream": ("no_finish", "Hello"),
    "closed in mid frame": ("no_finish", "Hello"),
    "end without finish": ("no_finish", "Hello"),
    "end without length or chunks": ("no_finish", "Hello"),
    "end in mid frame": ("no_finish", "Hello"),
    "only a null in words": ("no_finish", "Hello"),
    "text after the reason, then the end": ("no_finish", "Hello"),
    "cut after text behind the reason": ("cut", "Hello"),
    "cut after a reason that was none": ("cut", "Hello"),
    "stall after text behind the reason": ("idle_timeout", "Hello"),
    "reason is error": ("stream_error", "Hello"),
    "empty body": ("empty", ""),
    "only done": ("empty", ""),
    "empty completion": ("empty", ""),
    "blank completion": ("empty", " \n\t"),
    "invisible completion": ("empty", "\u200b\u2060\ufeff\u3164"),
    "html page with 200": ("not_a_stream", ""),
    "json page with 200": ("not_a_stream", ""),
    "json error with 200": ("not_a_stream", ""),
    "no content type": ("empty", ""),
    "nothing with 204": ("not_a_stream", ""),
    "compressed stream": ("not_a_stream", ""),
    "redirect": ("redirect", ""),
    "permanent redirect": ("redirect", ""),
}
FINISHES = {
    "cut after finish": "stop",
    "closed after a reason on every chunk": "stop",
    "ended after a reason on every chunk": "stop",
    "stall after finish": "stop",
    "finish without done": "stop",
    "done without finish": "done",
    "done without finish or line end": "done",
    "text after the reason, then done": "length",
    "the last of two reasons": "length",
    "stall after a reason that was none": "stop",
    "counts and empty events after finish": "stop",
    "last frame without line end": "stop",
    "length": "length",
    "content filter": "content_filter",
    "unknown reason": "model_length",
    "reason is a sentence": "unknown",
    "done without space": "stop",
}
# Ended by the idle deadline.
SILENT = {
    "stall after finish",
    "stall after a reason that was none",
    "counts and empty events after finish",
}
STATUS_CODES = {
    400: "bad_request",
    401: "unauthorized",
    402: "payment",
    403: "forbidden",
    404: "model_not_found",
    408: "gateway_timeout",
    409: "bad_request",
    413: "too_large",
    418: "bad_request",
    422: "unprocessable",
    424: "upstream_error",
    429: "rate_limited",
    500: "upstream_error",
    501: "upstream_error",
    502: "upstream_error",
    503: "overloaded",
    504: "gateway_timeout",
    524: "gateway_timeout",
    529: "overloaded",
}
SCRIPTS = {**faults.NETWORK, **faults.ENDS, **faults.RESPONSES}


async def play(
    up: Upstream, played: Script, caps: Limits | None = None, deadlines: Deadlines = PATIENT
) -> Outcome:
    """One attempt against the script; afterwards the server is rid of us and nothing leaked."""
    up.script(played)
    outcome = await ask(hf(up), caps=caps, deadlines=deadlines)
    await up.wait_for(lambda server: all(r.hung_up or r.finished for r in server.requests))
    assert len(up.requests) == 1
    assert not [secret for secret in SECRETS if secret in outcome.shown]
    return outcome


def test_every_scripted_fault_has_a_row() -> None:
    elsewhere = {"drip of text", "endless"}
    assert set(SCRIPTS) == set(ERRORS) | set(FINISHES) | elsewhere
    assert set(faults.STATUSES) == {f"status {code}" for code in STATUS_CODES} | {
        "loading",
        "loading, llama.cpp",
    }


@pytest.mark.parametrize("name", ERRORS)
async def test_error(up: Upstream, name: str) -> None:
    code, text = ERRORS[name]
    deadlines = {"first_token_timeout": FIRST, "idle_timeout": MID}.get(code, PATIENT)
    outcome = await play(up, SCRIPTS[name], deadlines=deadlines)
    assert (outcome.code, outcome.text) == (code, text)


@pytest.mark.parametrize("name", FINISHES)
async def test_finish(up: Upstream, name: str) -> None:
    deadlines = MID if name in SILENT else PATIENT
    outcome = await play(up, SCRIPTS[name], deadlines=deadlines)
    assert (outcome.code, outcome.reason, outcome.text) == ("", FINISHES[name], "Hello")


@pytest.mark.parametrize("status", STATUS_CODES)
async def test_status(up: Upstream, status: int) -> None:
    outcome = await play(up, faults.STATUSES[f"status {status}"])
    assert outcome.error is not None
    assert (outcome.code, outcome.error.upstream_status) == (STATUS_CODES[status], status)


@pytest.mark.parametrize("name", ["loading", "loading, llama.cpp"])
async def test_model_loading(up: Upstream, name: str) -> None:
    outcome = await play(up, faults.STATUSES[name])
    assert outcome.error is not None
    assert outcome.code == "model_loading"
    assert outcome.error.retry_after == (20.5 if name == "loading" else None)


@pytest.mark.parametrize("name", faults.CONTEXTS)
async def test_context_too_long(up: Upstream, name: str) -> None:
    assert (await play(up, faults.CONTEXTS[name])).code == "context_too_long"


@pytest.mark.parametrize("status", [400, 401, 404, 422, 429, 500, 503])
@pytest.mark.parametrize("name", faults.ODD_BODIES)
async def test_odd_error_body(up: Upstream, name: str, status: int) -> None:
    outcome = await play(up, faults.status(status, faults.ODD_BODIES[name]))
    assert outcome.code == STATUS_CODES[status]


@pytest.mark.parametrize("name", faults.CUT_BODIES)
async def test_error_body_without_end(up: Upstream, name: str) -> None:
    up.script(faults.CUT_BODIES[name])
    assert (await ask(hf(up), deadlines=Deadlines())).code == "upstream_error"
    await up.wait_for(lambda server: server.requests[0].hung_up or server.requests[0].finished)


@pytest.mark.parametrize("text", ["", "Hello"])
@pytest.mark.parametrize("name", faults.ERROR_FRAMES)
async def test_error_frame(up: Upstream, name: str, text: str) -> None:
    outcome = await play(up, script(text, Raw(faults.ERROR_FRAMES[name]), Done()))
    assert (outcome.code, outcome.text) == ("stream_error", text)


@pytest.mark.parametrize("name", faults.CODED_FRAMES)
async def test_error_frame_with_a_code(up: Upstream, name: str) -> None:
    code, frame = faults.CODED_FRAMES[name]
    outcome = await play(up, script("Hello", Raw(frame), Done()))
    assert (outcome.code, outcome.text) == (code, "Hello")


@pytest.mark.parametrize("name", faults.BROKEN)
async def test_broken_frame(up: Upstream, name: str) -> None:
    outcome = await play(up, script("Hello", faults.BROKEN[name], Finish(), Done()))
    assert (outcome.code, outcome.text) == ("broken_stream", "Hello")


@pytest.mark.parametrize("name", faults.ODD_TEXTS)
async def test_odd_text(up: Upstream, name: str) -> None:
    text, steps = faults.ODD_TEXTS[name]
    caps = Limits(answer_chars=2_000_000, frame_bytes=2_000_000)
    outcome = await play(up, script(*steps, Finish(), Done()), caps)
    assert (outcome.code, outcome.reason, outcome.text) == ("", "stop", text)
    assert all(piece.encode() for piece in outcome.pieces)


async def test_nobody_listens() -> None:
    outcome = await ask(openai(f"http://127.0.0.1:{closed_port()}/v1"))
    assert outcome.code == "connect_refused"
    assert not [secret for secret in SECRETS if secret in outcome.shown]


async def test_a_name_that_nobody_knows() -> None:
    # Longer than a name may be: the resolver refuses it without asking a server.
    name = ".".join(["x" * 60] * 5)
    assert (await ask(openai(f"http://{name}/v1"))).code == "dns"


async def test_tls_garbage(up: Upstream) -> None:
    assert (await ask(openai(f"https://{up.address}/v1"))).code == "tls"


def test_every_fault_of_a_server_is_shown_as_a_sentence() -> None:
    for item in FAULTS.values():
        assert item.sentence.endswith(".")
        assert not [secret for secret in SECRETS if secret in item.sentence]
