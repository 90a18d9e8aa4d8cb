"""Write what model servers list: that of the environment at the start, all when they get old."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from chat.errors import ErrorCode, error_code
from chat.llm.endpoints import environment_endpoint
from chat.llm.providers import ListedModel
from chat.models import ChatModel, Connection, Run
from chat.models.connection import EnvironmentServer
from chat.services.offered_models import (
    Offer,
    environment_connection,
    forget_listing,
    is_of_new_installation,
    models_of,
    offer_first_models,
    record_listing,
)

# How old a list may get before its server is asked again.
LIST_AGE = timedelta(hours=1)


@dataclass(slots=True)
class Discovery:
    """What this process knows of the environment's server.

    `problem` is the error code of the last attempt to list its models, or "". `answered` are the
    models that it has answered for.
    """

    problem: str = ""
    answered: set[UUID] = field(default_factory=set)


discovery = Discovery()


def problem_with(model: ChatModel | None) -> ErrorCode | None:
    """Return why a model of a new installation may be unknown to its server, else None.

    A model that has answered on this site is known. Reads the database while there is a problem.
    """
    if not discovery.problem or model is None or not is_of_new_installation(model):
        return None
    return None if has_answered(model) else error_code(discovery.problem)


def has_answered(model: ChatModel) -> bool:
    """Return whether an answer of this model has ever come to its end."""
    if model.pk not in discovery.answered:
        runs = Run.objects.filter(model=model, ended_at__isnull=False, error_code="")
        if not runs.filter(first_token_ms__isnull=False).exists():
            return False
        discovery.answered.add(model.pk)
    return True


def apply_first_list(listed: list[ListedModel]) -> Offer:
    """Write what the environment's server lists, and the rows of its servers; database work."""
    for row in (EnvironmentServer.BASE_URL, EnvironmentServer.HF_TOKEN):
        if environment_endpoint(row).kind != "none":
            environment_connection(row)
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
    """Return the connections with models whose list is old, each to one process only.

    A model that was never listed, and is not marked, cannot vanish.
    """
    old = Q(checked_at__isnull=True) | Q(checked_at__lt=Now() - LIST_AGE)
    was_listed = Q(listed_at__isnull=False) | Q(missing_since__isnull=False)
    claimed = []
    for connection in Connection.objects.filter(old):
        if not models_of(connection).filter(was_listed).exists():
            continue
        row = Connection.objects.filter(old, pk=connection.pk)
        if row.update(checked_at=Now()):
            claimed.append(connection)
    return claimed
