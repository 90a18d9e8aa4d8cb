"""What one start needs, read from the environment and `.env`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import environ

from launcher.failure import StartError

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Plan:
    """The answers that decide which parts are started; `drain` is in seconds."""

    data: Path
    host: str
    port: str
    database: bool
    model: bool
    drain: float


def read_plan() -> Plan:
    """Read `.env` into the process environment, which wins, and decide.

    Raises StartError for a value that cannot be used.
    """
    file = ROOT / ".env"
    if file.exists():
        environ.Env.read_env(file)
    return plan_from(os.environ)


def plan_from(values: Mapping[str, str]) -> Plan:
    def given(name: str) -> str:
        return values.get(name, "").strip()

    return Plan(
        data=ROOT / (given("DATA_DIR") or "var"),
        host=given("HOST") or "127.0.0.1",
        port=given("PORT"),
        database=not given("DATABASE_URL"),
        model=not (given("HF_TOKEN") or given("INFERENCE_BASE_URL")),
        drain=_seconds(given("DRAIN_SECONDS") or "30"),
    )


def _seconds(text: str) -> float:
    try:
        return max(0.0, float(text))
    except ValueError:
        raise StartError(f"DRAIN_SECONDS is {text!r}: it must be a number of seconds.") from None
