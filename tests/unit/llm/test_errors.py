"""The catalogue of faults and the exceptions that carry it."""

from __future__ import annotations

import sys
from subprocess import run

import pytest

from chat.errors import FAULTS, ChatError, error_code
from chat.provider_error import ProviderError

FORBIDDEN = ("http", "://", "token=", "hf_", "Traceback")


@pytest.mark.parametrize("code", FAULTS)
def test_each_sentence_is_whole_and_says_what_to_do(code: str) -> None:
    item = error_code(code)
    assert item.code == code
    assert item.sentence[0].isupper()
    assert item.sentence.endswith(".")
    assert not [word for word in FORBIDDEN if word in item.sentence]
    assert 400 <= item.status < 600


def test_an_unknown_code_is_an_internal_error() -> None:
    assert error_code("no such code") is FAULTS["internal"]


def test_a_chat_error_carries_its_fault() -> None:
    error = ChatError("busy", retry_after=2.0)
    assert (error.code, error.status, error.retry_after) == ("busy", 409, 2.0)
    assert (error.retryable, error.admin_only) == (False, False)
    assert str(error) == error.sentence == FAULTS["busy"].sentence
    assert repr(error) == "ChatError('busy')"


def test_a_provider_error_tells_the_operator_code_and_status() -> None:
    assert (
        ProviderError("payment", upstream_status=402).detail == "code=payment upstream_status=402"
    )
    assert ProviderError("dns").detail == "code=dns upstream_status=none"
    assert ProviderError("payment").admin_only


def test_errors_need_no_django() -> None:
    check = "import sys, chat.errors; sys.exit('django' in sys.modules)"
    assert run([sys.executable, "-c", check], check=False).returncode == 0


def test_providers_and_tokens_need_no_django() -> None:
    check = "import sys, chat.llm.providers, chat.llm.tokens; sys.exit('django' in sys.modules)"
    assert run([sys.executable, "-c", check], check=False).returncode == 0
