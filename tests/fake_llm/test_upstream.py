"""The scripted server itself: in a thread, as a process, and by its control endpoints."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.fake_llm import Delay, Gate, Raw, Repeat, Respond, Script, UpstreamThread, answer, script
from tests.fake_llm.default import default_text
from tests.fake_llm.hub import MODELS

ROOT = Path(__file__).parents[2]
HELLO = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hello"}]}


def call(port: int, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"content-type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def told(port: int, path: str, body: Any) -> Any:
    status, data = call(port, "POST", path, body)
    assert status == 200, data
    return json.loads(data)


def spoken(stream: bytes) -> str:
    lines = [line[6:] for line in stream.decode().split("\n") if line.startswith("data: {")]
    chunks = [json.loads(line) for line in lines]
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    return "".join(delta.get("content", "") for delta in deltas)


@pytest.fixture
def process() -> Iterator[int]:
    command = [sys.executable, "-m", "tests.fake_llm", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as child:
        assert child.stdout is not None
        yield json.loads(child.stdout.readline())["port"]
        child.terminate()
    assert child.returncode == 0


def test_default_answers() -> None:
    system = {"role": "system", "content": "Be kind.\nAnd brief."}

    def said(question: str) -> str:
        return default_text({"messages": [system, {"role": "user", "content": question}]})

    assert said("hello").startswith("You said: hello.\n\nHere is more, in **Markdown**")
    assert said("which system?") == "My system prompt begins: Be kind."
    assert said("words=3 please") == "word1 word2 word3"


def test_thread_with_a_gate() -> None:
    with UpstreamThread() as up:
        up.script(answer("one ", Gate(), "two", match="hello"))
        up.release()
        status, body = call(up.port, "POST", "/v1/chat/completions", HELLO)
        assert (status, spoken(body)) == (200, "one two")
        up.wait_for(lambda server: server.requests[0].finished)
        (request,) = up.requests
        assert (request.question, request.hung_up) == ("hello", False)
        with pytest.raises(TimeoutError):
            up.wait_gate("other", timeout=0.05)


def test_a_release_is_not_for_who_waited_before_a_reset() -> None:
    waiting = answer("one", Gate())
    with ThreadPoolExecutor(2) as pool, UpstreamThread() as up:
        up.script(waiting)
        pool.submit(call, up.port, "POST", "/v1/chat/completions", HELLO)
        up.wait_gate()
        left = up.requests[0]
        up.reset()
        up.script(waiting)
        taken = pool.submit(call, up.port, "POST", "/v1/chat/completions", HELLO)
        up.wait_gate()
        up.release()
        assert taken.result(5)[0] == 200
        assert left.gate == "gate"


def test_scripts_match_by_question_and_last_as_often_as_they_say() -> None:
    with UpstreamThread() as up:
        up.script(answer("no", match="bye"), answer("yes", match="hello", times=2))
        answers = [
            spoken(call(up.port, "POST", "/v1/chat/completions", HELLO)[1]) for _ in range(3)
        ]
        assert answers[:2] == ["yes", "yes"]
        assert answers[2].startswith("You said: hello.")


def test_scripts_survive_json() -> None:
    whole = script(
        "text", Raw(b"\xff\x00"), Respond(503, b"\xfe", headers={"a": "b"}), Delay(0.5),
        Repeat((Gate("x"),), times=2), match="m", times=0,
    )  # fmt: skip
    assert Script.from_json(json.loads(json.dumps(whole.to_json()))) == whole


def test_process_steered_by_http(process: int) -> None:
    steps = [{"step": "delta", "text": "a"}, {"step": "gate"}, {"step": "delta", "text": "b"}]
    steps += [{"step": "raw", "data": ": hi\n\n"}, {"step": "finish"}, {"step": "done"}]
    told(process, "/_script", {"scripts": [{"steps": steps, "match": "hello"}]})
    told(process, "/_release", {"gate": "gate"})
    _, body = call(process, "POST", "/v1/chat/completions", HELLO)
    assert spoken(body) == "ab"
    (request,) = told(process, "/_wait", {"finished": 1})
    assert request["question"] == "hello"
    assert call(process, "POST", "/_wait", {"requests": 2, "timeout": 0.05})[0] == 408
    told(process, "/_reset", {})
    assert json.loads(call(process, "GET", "/_requests")[1]) == []
    assert call(process, "GET", "/_nothing")[0] == 404


def test_models_and_paths_that_are_not_there() -> None:
    with UpstreamThread() as up:
        status, body = call(up.port, "GET", "/v1/models")
        assert (status, json.loads(body)["data"][0]["id"]) == (200, MODELS[0])
        assert call(up.port, "GET", "/elsewhere")[0] == 404
        status, body = call(up.port, "GET", "/api/models/bigscience/bloom")
        served = json.loads(body)["inferenceProviderMapping"]["hf-inference"]
        assert (status, served["task"]) == (200, "text-generation")
