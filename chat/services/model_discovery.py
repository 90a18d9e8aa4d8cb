"""Ask model servers what they offer: at the start that of the environment, then all every hour."""

import asyncio
import logging
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from chat.errors import ChatError, ErrorCode, error_code
from chat.llm.endpoints import connection_endpoint, endpoint
from chat.llm.providers import ListedModel, list_models
from chat.models import ChatModel, Connection
from chat.models.connection import EnvironmentServer
from chat.services.offered_models import (
    Offer,
    environment_connection,
    forget_listing,
    is_of_new_installation,
    offer_first_models,
    record_listing,
)
from core.db.errors import DATABASE_ERRORS
from core.db.executors import run_in_db

log = logging.getLogger("chat.models")

# Seconds that the start waits for the first attempt, and between attempts.
START_SECONDS = 6.0
MIN_PAUSE, MAX_PAUSE = 5.0, 60.0
# How old a list may get, and how often a process looks for one that is older.
LIST_AGE = timedelta(hours=1)
LIST_CHECK_INTERVAL = 600.0


class ModelDiscovery:
    """Asks until the server has said what it offers; `problem` is the last attempt's error code."""

    def __init__(self) -> None:
        self.problem = ""
        self.is_attempted = asyncio.Event()

    async def run(self) -> None:
        """Offer the models of the environment's server, then keep all lists up to date.

        Without a list the server is asked again, ever more slowly.
        """
        pause = MIN_PAUSE
        while not await self.attempt():
            await asyncio.sleep(pause)
            pause = min(pause * 2, MAX_PAUSE)
        while True:
            await asyncio.sleep(LIST_CHECK_INTERVAL)
            await self.refresh_lists()

    async def attempt(self) -> bool:
        """Ask the environment's server once, and return whether that worked."""
        try:
            listed, problem = await self.look()
            offer = await run_in_db(apply_first_list, listed)
            self.report(offer, listed, problem)
        except DATABASE_ERRORS:
            return False  # `core.db.outages` logs it
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
        if problem and problem != self.problem:
            log.warning(
                "model server: it listed no models (code=%s); set INFERENCE_MODEL or "
                "add a model in the admin, or wait: it is asked again",
                problem,
            )
        if offer.added:
            log.info("model server: offered %d of %d models", len(offer.added), len(listed) or 1)
        if offer.default:
            log.info("model server: %s is now the default model", offer.default)
        self.problem = problem

    async def refresh_lists(self) -> None:
        """Ask the servers whose lists are old; a server that does not answer changes nothing."""
        try:
            for connection in await run_in_db(claim_old_lists):
                try:
                    listed = await list_models(connection_endpoint(connection))
                except ChatError:
                    continue
                if gone := await run_in_db(record_listing, connection, listed):
                    log.warning("connection %s no longer offers %d models", connection.pk, gone)
        except DATABASE_ERRORS:
            return

    def problem_with(self, model: ChatModel | None) -> ErrorCode | None:
        """Return why a model of a new installation may be unknown to the server, else None."""
        is_first = model is not None and is_of_new_installation(model)
        return error_code(self.problem) if self.problem and is_first else None


def apply_first_list(listed: list[ListedModel]) -> Offer:
    """Write what the environment's server lists; database work."""
    if not settings.INFERENCE_BASE_URL:
        forget_listing()
    server = EnvironmentServer.HF_TOKEN
    if settings.INFERENCE_BASE_URL:
        server = EnvironmentServer.BASE_URL
    elif not (settings.HF_TOKEN and settings.INFERENCE_MODEL):
        return Offer()
    connection, offer = environment_connection(server), Offer()
    if not settings.LOCAL_MODEL:
        offer = offer_first_models(connection, listed, settings.INFERENCE_MODEL)
    if listed:
        record_listing(connection, listed)
    return offer


def claim_old_lists() -> list[Connection]:
    """Return the connections with models whose list is old, each to one process only."""
    old = Q(checked_at__isnull=True) | Q(checked_at__lt=Now() - LIST_AGE)
    candidates = Connection.objects.filter(old, models__listed_at__isnull=False).distinct()
    claimed = []
    for connection in candidates:
        row = Connection.objects.filter(old, pk=connection.pk)
        if row.update(checked_at=Now()):
            claimed.append(connection)
    return claimed


model_discovery = ModelDiscovery()
