"""What one answer and one page needed is let go of when they are over."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.fake_llm import UpstreamThread
from tests.soak.memory import WATCHED, crowd, held
from tests.support.people import signed_up
from tests.support.site import Site

pytestmark = pytest.mark.alone

# What there is one of for each answer, page, connection or request.
KINDS = (
    "chat.realtime.",
    "chat.streaming.live_answer.",
    "chat.rendering.markdown.stream.",
    "chat.streaming.job.",
    "chat.streaming.remote_follower.RemoteFollower",
    "chat.streaming.relay.",
    "core.",
    "daphne.",
    "autobahn.twisted.websocket.WebSocketServerProtocol",
)


@pytest.fixture(scope="module")
def watched(site_database: dict[str, str], upstream_server: UpstreamThread) -> Iterator[Site]:
    values = site_database | WATCHED | {"INFERENCE_BASE_URL": upstream_server.base_url}
    with Site(values) as site:
        yield site


def kept(site: Site) -> dict[str, int]:
    """Everything that is counted exactly, of a process with nothing to do."""
    found: dict[str, Any] = held(site)
    ours = {name: count for name, count in found["objects"].items() if name.startswith(KINDS)}
    # Pools of threads grow to their bound.
    return {**found["registries"], **ours, "threads": 0}


def test_answers_and_reconnects_leave_nothing_behind(
    watched: Site, upstream: UpstreamThread
) -> None:
    people = [signed_up(watched.url, f"{uuid4().hex}@memory.example.org") for _ in range(4)]
    asyncio.run(crowd(people, 20, words=10))
    before = kept(watched)
    assert before["sockets"] == before["jobs"] == 0
    asyncio.run(crowd(people, 40, words=10))
    until = time.monotonic() + 15
    while (after := kept(watched)) != before and time.monotonic() < until:
        time.sleep(0.5)
    assert after == before
    for person in people:
        person.http.close()
