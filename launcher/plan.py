"""Decide what to start, from the environment and `.env`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import environ

from launcher.failure import StartError

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of one start; `database` and `model` say whether to start the embedded ones.

    `drain` is in seconds.
    """

    data: Path
    host: str
    port: str
    database: bool
    model: bool
    drain: float


def read_plan() -> Plan:
    """Read `.env` into the process environment, which takes precedence, and return the plan.

    Raises StartError for an unusable value.
    """
    file = ROOT / ".env"
    if file.exists():
        environ.Env.read_env(file)
    return plan_from(os.environ)


def plan_from(values: Mapping[str, str]) -> Plan:
    """Return the plan for the given environment variables."""

    def value(name: str) -> str:
        return values.get(name, "").strip()

    return Plan(
        data=ROOT / (value("DATA_DIR") or "var"),
        host=value("HOST") or "127.0.0.1",
        port=value("PORT"),
        database=not value("DATABASE_URL"),
        model=not (value("HF_TOKEN") or value("INFERENCE_BASE_URL")),
        drain=_seconds(value("DRAIN_SECONDS") or "30"),
    )


def _seconds(text: str) -> float:
    """Return DRAIN_SECONDS as a number, at least 0; raises StartError if it is none."""
    try:
        return max(0.0, float(text))
    except ValueError:
        raise StartError(f"DRAIN_SECONDS is {text!r}: it must be a number of seconds.") from None
