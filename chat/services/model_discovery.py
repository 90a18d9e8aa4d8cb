"""Offer the models of the server in the environment when the site starts."""

import asyncio
import logging

from django.conf import settings

from chat.errors import ErrorCode, ProviderError, error_code
from chat.llm.endpoints import endpoint
from chat.llm.providers import ListedModel, list_models
from chat.models import ChatModel
from chat.services.offered_models import FIRST_MODELS, Offer, offer_first_models
from core.db.errors import DATABASE_ERRORS
from core.db.executors import run_in_db

log = logging.getLogger("chat.models")

# Seconds that the start waits for the first attempt, and between attempts.
START_SECONDS = 6.0
MIN_PAUSE, MAX_PAUSE = 5.0, 60.0


class ModelDiscovery:
    """Asks until the server has said what it offers; `problem` is the last attempt's error code."""

    def __init__(self) -> None:
        self.problem = ""
        self.is_attempted = asyncio.Event()

    @property
    def is_needed(self) -> bool:
        """Return whether the environment names a server or a model of Hugging Face.

        Hugging Face's list is not read without INFERENCE_MODEL: the catalogue has models of it.
        """
        server = settings.INFERENCE_BASE_URL or (settings.HF_TOKEN and settings.INFERENCE_MODEL)
        return bool(server and not settings.LOCAL_MODEL)

    async def run(self) -> None:
        """Offer the server's models; try again, ever more slowly, until it has listed them."""
        pause = MIN_PAUSE
        while not await self.attempt():
            await asyncio.sleep(pause)
            pause = min(pause * 2, MAX_PAUSE)

    async def attempt(self) -> bool:
        """Ask once, and return whether that worked."""
        try:
            listed, problem = await self.look()
            offer = await run_in_db(offer_first_models, listed, settings.INFERENCE_MODEL)
        except DATABASE_ERRORS:
            return False  # `core.db.outages` logs it
        finally:
            self.is_attempted.set()
        self.report(offer, listed, problem)
        return not problem

    async def look(self) -> tuple[list[ListedModel], str]:
        """Return the list, or an empty one and the error code."""
        try:
            listed = await list_models(endpoint())
        except ProviderError as error:
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
            log.info(
                "model server: offered %d of %d models", len(offer.added), len(listed) or 1
            )
        if offer.default:
            log.info("model server: %s is now the default model", offer.default)
        self.problem = problem

    def problem_with(self, model: ChatModel | None) -> ErrorCode | None:
        """Return why a model of a new installation may be unknown to the server, else None."""
        is_first = model is not None and model.repo_id in FIRST_MODELS
        return error_code(self.problem) if self.problem and is_first else None


model_discovery = ModelDiscovery()
