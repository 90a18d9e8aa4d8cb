"""The demonstration model: a real process, a real completion."""

import json
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher import model
from launcher.children import Children
from launcher.failure import StartError
from tests.live.launcher.conftest import Waiter, alive


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[model.ModelServer]:
    children = Children()
    found = model.ModelServer(children, tmp_path_factory.mktemp("model"))
    found.start()
    found.wait_until_ready()
    yield found
    found.stop()
    children.close()


def ask(server: model.ModelServer, key: str) -> dict[str, object]:
    body = {
        "model": model.ALIAS,
        "messages": [{"role": "user", "content": "Say hello"}],
        "max_tokens": 8,
    }
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{server.base_url}/chat/completions",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return dict(json.load(answer))


def test_it_answers_under_its_name(server: model.ModelServer) -> None:
    answer = ask(server, server.key)
    assert answer["model"] == model.ALIAS
    assert "content" in json.dumps(answer["choices"])


def test_it_answers_only_with_its_key(server: model.ModelServer) -> None:
    with pytest.raises(urllib.error.HTTPError, match="401"):
        ask(server, "wrong")


def test_it_starts_again_at_the_same_address(server: model.ModelServer) -> None:
    before = server.base_url
    server.stop()
    server.start()
    server.wait_until_ready()
    assert server.base_url == before
    assert ask(server, server.key)


def test_the_weights_are_verified_once(tmp_path: Path) -> None:
    weights = model.verified_weights(tmp_path)
    note = tmp_path / "model-verified.json"
    assert model.WEIGHTS_SHA256 in note.read_text()
    written = note.stat().st_mtime_ns
    assert model.verified_weights(tmp_path) == weights
    assert note.stat().st_mtime_ns == written


def test_a_model_that_ends_is_told_with_its_last_words(tmp_path: Path) -> None:
    server = model.ModelServer(Children(), tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as other:
        server.port = other.getsockname()[1]
        server.start()
        with pytest.raises(StartError, match="did not start: set HF_TOKEN or INFERENCE_BASE_URL"):
            server.wait_until_ready()


def test_it_ends_with_a_parent_that_was_killed(
    tmp_path: Path, start: Callable[..., subprocess.Popen[str]], wait_for: Waiter
) -> None:
    parent = start("tests.live.launcher.parent", tmp_path)
    assert parent.stdout
    pid = int(parent.stdout.readline())
    assert alive(pid)
    parent.kill()
    wait_for(lambda: not alive(pid), "the model outlived its parent")
