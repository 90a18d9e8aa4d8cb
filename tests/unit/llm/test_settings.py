"""Settings of huggingface_hub itself that keep it from looking up who serves a model."""

import subprocess
import sys

import pytest

from chat.errors import error_code
from tests.support.site import ROOT, environment

LOOKUPS = [("together", "chat"), ("auto", "completion"), ("hf-inference", "completion")]
BLOCKING = [
    {"HF_HUB_OFFLINE": "1"},
    {"HF_HUB_OFFLINE": "yes"},
    {"TRANSFORMERS_OFFLINE": "true"},
    {"HF_ENDPOINT": "no address"},
    {"HF_ENDPOINT": "http://127.0.0.1:1"},
    {"HF_ENDPOINT": "https://hub.invalid"},
]


def code_of(provider: str, kind: str, settings: dict[str, str]) -> tuple[str, int]:
    """The error code of one question, and how many requests the scripted server saw."""
    found = subprocess.run(
        [sys.executable, "-m", "tests.unit.llm.asked", provider, kind],
        cwd=ROOT,
        env=environment(**settings),
        check=True,
        capture_output=True,
        text=True,
    )
    code, asked = found.stdout.split()
    return code, int(asked)


@pytest.mark.parametrize("settings", BLOCKING, ids=str)
def test_a_blocked_lookup_is_a_fault_of_the_configuration(settings: dict[str, str]) -> None:
    assert code_of(*LOOKUPS[0], settings) == ("lookup_blocked", 0)


@pytest.mark.parametrize(("provider", "kind"), LOOKUPS[1:])
def test_every_kind_of_lookup_is_seen(provider: str, kind: str) -> None:
    assert code_of(provider, kind, {"HF_HUB_OFFLINE": "1"}) == ("lookup_blocked", 0)


def test_what_needs_no_lookup_is_answered() -> None:
    code, _ = code_of("auto", "chat", {"HF_HUB_OFFLINE": "1"})
    assert code == "answered"


def test_nobody_is_told_to_try_again() -> None:
    found = error_code("lookup_blocked")
    assert not found.retryable
    assert found.admin_only
    assert "try again" not in found.sentence
