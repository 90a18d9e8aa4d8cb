"""The endpoints by which another process steers the scripted server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fake_llm.script import Script

if TYPE_CHECKING:
    from tests.fake_llm.server import Upstream


async def control(up: Upstream, method: str, path: str, body: Any) -> tuple[int, Any]:
    """Status and JSON for `/_script`, `/_release`, `/_requests`, `/_wait`, `/_models` and
    `/_reset`.
    """
    data = body if isinstance(body, dict) else {}
    if path == "/_requests":
        return 200, [request.to_json() for request in up.requests]
    if path == "/_script":
        up.script(*(Script.from_json(item) for item in data["scripts"]))
    elif path == "/_release":
        up.release(data.get("gate", "gate"), data.get("count", 1))
    elif path == "/_models":
        up.models.update(data)
    elif path == "/_reset":
        up.reset()
    elif path == "/_wait":
        return await _wait(up, data)
    else:
        return 404, {"error": f"no control {method} {path}"}
    return 200, {"ok": True}


async def _wait(up: Upstream, wanted: dict[str, Any]) -> tuple[int, Any]:
    """Until so many `requests`, `finished`, `hung_up`, a script at `gate`; 408 at `timeout`."""
    try:
        await up.wait_for(lambda server: _holds(server, wanted), wanted.get("timeout", 5.0))
    except TimeoutError:
        return 408, {"error": "it did not come to that"}
    return 200, [request.to_json() for request in up.requests]


def _holds(up: Upstream, wanted: dict[str, Any]) -> bool:
    seen = up.chats
    return (
        len(seen) >= wanted.get("requests", 0)
        and sum(request.finished for request in seen) >= wanted.get("finished", 0)
        and sum(request.hung_up for request in seen) >= wanted.get("hung_up", 0)
        and ("gate" not in wanted or any(r.gate == wanted["gate"] for r in seen))
    )
