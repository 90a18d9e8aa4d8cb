"""Ask model servers what they offer: at the start that of the environment, then all every hour."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import TypeVar

from django.conf import settings

from chat.errors import ChatError
from chat.llm.endpoints import connection_endpoint, endpoint
from chat.llm.providers import ListedModel, list_models
from chat.models import Connection
from chat.services.connection_keys import reencrypt_keys
from chat.services.model_lists import apply_first_list, claim_old_lists, discovery
from chat.services.offered_models import Offer, record_listing
from core.db.errors import DATABASE_ERRORS, is_outage
from core.db.executors import run_in_db

T = TypeVar("T")
log = logging.getLogger("chat.models")

# Seconds that the start waits for the first attempt, and between attempts.
START_SECONDS = 6.0
MIN_PAUSE, MAX_PAUSE = 5.0, 60.0
# How often a process looks for an old list.
LIST_CHECK_INTERVAL = 600.0


class ModelDiscovery:
    """Asks until the environment's server has said what it offers, and then again and again."""

    def __init__(self) -> None:
        self.is_attempted = asyncio.Event()
        self.is_listed = False
        self.unreadable_keys = 0

    async def run(self) -> None:
        """Offer the models of the environment's server, then keep all lists and keys up to date.

        Without a list the server is asked again, ever more slowly.
        """
        pause = MIN_PAUSE
        while True:
            await self.run_once()
            await asyncio.sleep(LIST_CHECK_INTERVAL if self.is_listed else pause)
            pause = min(pause * 2, MAX_PAUSE)

    async def run_once(self) -> None:
        """Do each step; a failure of one leaves the others and the next round alone."""
        await run_logged(self.reencrypt_keys())
        if not self.is_listed:
            self.is_listed = await run_logged(self.attempt()) or False
        for connection in await run_logged(run_in_db(claim_old_lists)) or ():
            await run_logged(self.refresh_list(connection))

    async def reencrypt_keys(self) -> None:
        """Encrypt the keys of connections again if ENCRYPTION_KEY was set since."""
        counts = await run_in_db(reencrypt_keys)
        if counts.renewed:
            log.info("connections: keys encrypted with ENCRYPTION_KEY: %d", counts.renewed)
        if counts.unreadable and counts.unreadable != self.unreadable_keys:
            log.warning(
                "connections: keys that can't be read any more: %d; enter them again in the admin",
                counts.unreadable,
            )
        self.unreadable_keys = counts.unreadable

    async def attempt(self) -> bool:
        """Ask the environment's server once, and return whether that worked."""
        try:
            listed, problem = await self.look()
            offer = await run_in_db(apply_first_list, listed)
            self.report(offer, listed, problem)
        finally:
            self.is_attempted.set()
        return not problem

    async def look(self) -> tuple[list[ListedModel], str]:
        """Return the list, or an empty one and the error code.

        Hugging Face is not asked: the catalogue of a new installation has models of it.
        """
        if not settings.INFERENCE_BASE_URL:
            return [], ""
        try:
            listed = await list_models(endpoint())
        except ChatError as error:
            return [], error.code
        return listed, "" if listed else "no_model_list"

    def report(self, offer: Offer, listed: list[ListedModel], problem: str) -> None:
        """Log what was done, and a problem once as long as it lasts."""
        if problem and problem != discovery.problem:
            log.warning(
                "model server: it listed no models (code=%s); set INFERENCE_MODEL or "
                "add a model in the admin, or wait: it is asked again",
                problem,
            )
        if offer.added:
            log.info("model server: offered %d of %d models", len(offer.added), len(listed) or 1)
        if offer.default:
            log.info("model server: %s is now the default model", offer.default)
        discovery.problem = problem

    async def refresh_list(self, connection: Connection) -> None:
        """Ask a server whose list is old; one that does not answer changes nothing."""
        try:
            listed = await list_models(connection_endpoint(connection))
        except ChatError:
            return
        if gone := await run_in_db(record_listing, connection, listed):
            log.warning("connection %s no longer offers %d models", connection.pk, gone)


async def run_logged(step: Awaitable[T]) -> T | None:
    """Return the result of a step, or None after its failure was logged.

    `core.db.outages` logs outages of the database.
    """
    try:
        return await step
    except DATABASE_ERRORS as error:
        if not is_outage(error):
            log.error("writing the models of a server failed", exc_info=error)
    except Exception as error:
        # Not its text, which may hold the address of a server.
        log.error("looking for models failed (%s)", type(error).__name__)
    return None


model_discovery = ModelDiscovery()
