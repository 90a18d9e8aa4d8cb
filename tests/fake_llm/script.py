"""What the scripted server does with one request: a list of steps, also as JSON."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Respond:
    """A whole response that is not a stream."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Open:
    """The head of a streamed response; without this step the first text sends the usual one."""

    status: int = 200
    content_type: str = "text/event-stream"
    headers: Mapping[str, str] = field(default_factory=dict)
    chunked: bool = True


@dataclass(frozen=True, slots=True)
class Delta:
    """Text of one event, in the dialect of the request's path."""

    text: str
    choice: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """One event line with this object as its JSON."""

    data: Any


@dataclass(frozen=True, slots=True)
class Finish:
    reason: str = "stop"


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts, sent where the request asks for them."""

    prompt: int = 7
    answer: int = 5


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes as they are, in the body of the stream."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Delay:
    seconds: float


@dataclass(frozen=True, slots=True)
class Gate:
    """Wait for one `release` of this name."""

    name: str = "gate"


@dataclass(frozen=True, slots=True)
class Repeat:
    """Steps over and over; `times` of 0 means for ever."""

    steps: tuple[Step, ...]
    times: int = 0


@dataclass(frozen=True, slots=True)
class Stall:
    """Nothing more until the client hangs up."""


@dataclass(frozen=True, slots=True)
class Done:
    """`[DONE]` and the end of the body."""


@dataclass(frozen=True, slots=True)
class End:
    """The end of the body, said properly."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection breaks: with a reset, or closed without the body's end."""

    reset: bool = True


Step = (
    Respond | Open | Delta | Frame | Finish | Usage | Raw | Delay | Gate | Repeat | Stall | Done
) | (End | Cut)

STEPS: dict[str, type[Step]] = {
    kind.__name__.lower(): kind
    for kind in (
        Respond,
        Open,
        Delta,
        Frame,
        Finish,
        Usage,
        Raw,
        Delay,
        Gate,
        Repeat,
        Stall,
        Done,
        End,
        Cut,
    )
}


@dataclass(frozen=True, slots=True)
class Script:
    """Steps for a request whose last user text (or prompt) contains `match`, used `times` times; 0
    means for ever.
    """

    steps: tuple[Step, ...]
    match: str = ""
    times: int = 1

    def to_json(self) -> dict[str, Any]:
        steps = [_step_to_json(step) for step in self.steps]
        return {"steps": steps, "match": self.match, "times": self.times}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Script:
        steps = tuple(_step_from_json(step) for step in data["steps"])
        return cls(steps, data.get("match", ""), data.get("times", 1))


def script(*steps: Step | str, match: str = "", times: int = 1) -> Script:
    """Steps as given; a bare string is a Delta."""
    return Script(tuple(Delta(s) if isinstance(s, str) else s for s in steps), match, times)


def answer(*steps: Step | str, reason: str = "stop", match: str = "", times: int = 1) -> Script:
    """Steps with a proper end: finish reason, token counts, `[DONE]`."""
    return script(*steps, Finish(reason), Usage(), Done(), match=match, times=times)


def _step_to_json(step: Step) -> dict[str, Any]:
    values = {item.name: _value(getattr(step, item.name)) for item in fields(step)}
    return {"step": type(step).__name__.lower(), **values}


def _value(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, tuple):
        return [_step_to_json(step) for step in value]
    return dict(value) if isinstance(value, Mapping) else value


def _step_from_json(data: Mapping[str, Any]) -> Step:
    """Bytes may come as {"base64": ...} or as a plain string."""
    kind = STEPS[data["step"]]
    values = {key: value for key, value in data.items() if key != "step"}
    for key in ("data", "body"):
        if kind in (Raw, Respond) and key in values:
            values[key] = _bytes(values[key])
    if kind is Repeat:
        values["steps"] = tuple(_step_from_json(step) for step in values["steps"])
    return kind(**values)


def _bytes(value: str | Mapping[str, str]) -> bytes:
    return value.encode() if isinstance(value, str) else base64.b64decode(value["base64"])
