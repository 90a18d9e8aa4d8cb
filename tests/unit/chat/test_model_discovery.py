"""A failure in the search for models ends neither the search nor the start."""

import logging

import pytest

from chat.streaming.model_discovery import ModelDiscovery, run_logged

SECRET = "http://me:SECRET-PW@host"


async def fail() -> bool:
    raise ValueError(f"invalid address: {SECRET}")


async def succeed() -> bool:
    return True


async def test_an_unexpected_failure_is_logged_without_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert await run_logged(fail()) is None
    assert await run_logged(succeed()) is True
    assert "looking for models failed (ValueError)" in caplog.text
    assert "SECRET" not in caplog.text
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


class Broken(ModelDiscovery):
    """No step works: here not even the database, which a unit test may not use."""

    attempts = 0

    async def attempt(self) -> bool:
        self.attempts += 1
        return await fail()


async def test_a_round_in_which_every_step_fails_is_followed_by_another(
    caplog: pytest.LogCaptureFixture,
) -> None:
    discovery = Broken()
    await discovery.run_once()
    await discovery.run_once()
    assert discovery.attempts == 2
    assert not discovery.is_listed
    assert caplog.text.count("(ValueError)") == 2
