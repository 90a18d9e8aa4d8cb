"""The scripted server, and a look at the logs after every test of this folder."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from chat.llm.providers import close_idle_connections
from tests.fake_llm import Upstream
from tests.unit.llm.tools import SECRETS


@pytest_asyncio.fixture
async def up() -> AsyncIterator[Upstream]:
    async with Upstream() as server:
        yield server


@pytest_asyncio.fixture(autouse=True)
async def nothing_is_kept() -> AsyncIterator[None]:
    yield
    await close_idle_connections()


@pytest.fixture(autouse=True)
def no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    logged = caplog.text
    assert not [secret for secret in SECRETS if secret in logged]
