"""Add models that a server lists to the catalogue."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db import connection as database
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_noop

from chat.llm.endpoints import endpoint, environment_endpoint, is_usable, provider_name
from chat.llm.providers import ListedModel
from chat.models import ChatModel, Connection, Run
from chat.models.connection import EnvironmentServer
from chat.services.dialects import forget_dialects
from chat.services.system_prompts import make_default_model

# So many models of a server are offered without being asked for.
MAX_AUTOMATIC = 20
# For a server that does not say, and the longest answer of a model that is added.
DEFAULT_WINDOW = 8192
DEFAULT_OUTPUT = 4096
MIN_WINDOW = 64
# Before the models of the first migration, after the demonstration model.
POSITION = 6
# The models of the first migration, which most servers do not have.
FIRST_MODELS = frozenset(
    {
        "mistralai/Mistral-7B-Instruct-v0.3",
        "meta-llama/Meta-Llama-3-70B-Instruct",
        "mistralai/Mixtral-8x7B-Instruct-v0.1",
        "bigscience/bloom",
        "openai-community/gpt2",
    }
)
NOT_CHAT = re.compile(
    r"embed|rerank|\bbge\b|\bgte\b|\be5\b|minilm|whisper|transcribe|\btts\b|speech|moderation"
    r"|dall-e|stable-diffusion|\bsdxl\b|\bflux\b|\bclip\b|guard",
    re.IGNORECASE,
)
ADVISORY_LOCK = 7302
# For models that the start added, so that the page says where they come from.
FOUND_NOTE = gettext_noop("This model was found on the site's model server.")


@dataclass(frozen=True, slots=True)
class Offer:
    """What was done: the names of the added models, and of a new default model or ""."""

    added: tuple[str, ...] = ()
    default: str = ""


def is_chat_model(name: str) -> bool:
    """Return whether a model can chat, judged by its name: embeddings and the like cannot."""
    return NOT_CHAT.search(name.replace("_", "-")) is None


def label_of(name: str) -> str:
    """Return a label for a model's name: without the owner, the folder and the file type."""
    last = name.rstrip("/").rpartition("/")[2]
    return last.removesuffix(".gguf")[:100] or name[:100]


def environment_connection(server: EnvironmentServer) -> Connection:
    """Return the row of a server of the environment; it is created if needed."""
    row, _ = Connection.objects.get_or_create(
        environment=server,
        defaults={
            "name": server.value,
            "kind": "hf" if server == EnvironmentServer.HF_TOKEN else "openai",
        },
    )
    return row


def models_of(connection: Connection) -> QuerySet[ChatModel]:
    """Return the models of a connection.

    Those without a connection belong to the server of the environment that takes precedence.
    """
    own = Q(connection=connection)
    server = connection.environment
    if server and environment_endpoint(server) == endpoint():
        own |= Q(connection__isnull=True)
    return ChatModel.objects.filter(own)


def to_chat_model(connection: Connection, listed: ListedModel) -> ChatModel:
    """Return an unsaved model with limits that fit its context window."""
    window = listed.context_window or 0
    window = window if window >= MIN_WINDOW else DEFAULT_WINDOW
    return ChatModel(
        connection=connection,
        repo_id=listed.repo_id,
        label=label_of(listed.repo_id),
        context_window=window,
        max_output=min(DEFAULT_OUTPUT, window // 4),
        position=POSITION,
    )


def add_models(
    connection: Connection, listed: Iterable[ListedModel], note: str = ""
) -> list[ChatModel]:
    """Add the listed models that the catalogue does not have; return those that were added.

    Call it in a transaction: it locks out others who add models.
    """
    lock_catalogue()
    wanted = {item.repo_id: item for item in listed}
    known = models_of(connection).filter(repo_id__in=wanted).values_list("repo_id", flat=True)
    for name in set(known):
        del wanted[name]
    rows = [to_chat_model(connection, item) for item in wanted.values()]
    for row in rows:
        row.note = note
    return ChatModel.objects.bulk_create(rows)


def lock_catalogue() -> None:
    """Let one transaction at a time add models."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", (ADVISORY_LOCK,))


def record_listing(connection: Connection, listed: Sequence[ListedModel]) -> int:
    """Note which models of a connection its server lists; return how many have vanished now.

    Only a model that was listed before, or one of a new installation at the first list of a server
    in INFERENCE_BASE_URL, can vanish: some servers answer to names that they do not list. An empty
    list says nothing: gateways send one while they start.
    """
    if not listed:
        return 0
    names = [item.repo_id for item in listed]
    models, first = models_of(connection), Q(pk__in=[])
    if connection.environment == EnvironmentServer.BASE_URL and connection.listed_at is None:
        first = Q(connection__isnull=True, repo_id__in=FIRST_MODELS)
        # One that has answered is known, though the server does not list it.
        first &= ~Q(Exists(answers_of(connection).filter(model=OuterRef("pk"))))
    with transaction.atomic():
        models.filter(repo_id__in=names).update(listed_at=Now(), missing_since=None)
        Connection.objects.filter(pk=connection.pk).update(listed_at=Now(), checked_at=Now())
        gone = models.exclude(repo_id__in=names).filter(missing_since__isnull=True)
        return gone.filter(Q(listed_at__isnull=False) | first).update(missing_since=Now())


def forget_listing() -> None:
    """Offer the models without a connection again: another server of the environment has them."""
    gone = ChatModel.objects.filter(connection__isnull=True, missing_since__isnull=False)
    offer_again(gone)
    Connection.objects.filter(environment=EnvironmentServer.BASE_URL).update(listed_at=None)


def offer_again(models: QuerySet[ChatModel]) -> int:
    """Take back that the models have vanished, until a server lists and then omits them."""
    return models.update(missing_since=None, listed_at=None)


def forget_facts(model: ChatModel, keep: Iterable[str]) -> None:
    """Forget what its server has shown of a model that now has another name or another server.

    The fields in `keep` were entered with the new name.
    """
    facts = {"listed_at", "missing_since", "has_system_role", "can_think"}
    ChatModel.objects.filter(pk=model.pk).update(**dict.fromkeys(facts.difference(keep)))
    forget_dialects([model])


def offer_first_models(
    connection: Connection, listed: Sequence[ListedModel], named: str = ""
) -> Offer:
    """Offer the models of a server of the environment, once for each server.

    Nothing is added if the catalogue has one of them. With `named` only that model is offered at
    every start, whether the server lists it or not, and it becomes the default. Without, the first
    of them becomes the default, unless an administrator has chosen another default than those of a
    new installation.
    """
    with transaction.atomic():
        # Two processes that start together offer the models once.
        lock_catalogue()
        by_name = {item.repo_id: item for item in listed}
        models = models_of(connection)
        if named:
            added = add_models(connection, [by_name.get(named, ListedModel(named))], FOUND_NOTE)
        elif not listed or not needs_offer(connection, by_name):
            return Offer()
        elif models.filter(repo_id__in=by_name, enabled=True).exists():
            added = []
        else:
            chat_models = [item for item in listed if is_chat_model(item.repo_id)]
            added = add_models(connection, chat_models[:MAX_AUTOMATIC], FOUND_NOTE)
        default = choose_default(models, [named] if named else list(by_name), keep_own=not named)
        return Offer(tuple(model.repo_id for model in added), default)


def needs_offer(connection: Connection, names: Collection[str]) -> bool:
    """Return whether a start offers the models of this server, and note that it was here.

    It does at the first list of a server, but not for an older installation whose models have
    answered there, and again when the server has none of the models that it offered.
    """
    server = environment_endpoint(connection.environment).fingerprint
    row = Connection.objects.filter(pk=connection.pk)
    previous = row.values_list("offered_server", flat=True).get()
    if previous == server:
        offered = ChatModel.objects.filter(connection=connection, enabled=True)
        return offered.exists() and not offered.filter(repo_id__in=names).exists()
    row.update(offered_server=server)
    return bool(previous) or not answers_of(connection).exists()


def answers_of(connection: Connection) -> QuerySet[Run]:
    """Return the complete answers of a server of the environment; runs name its kind only."""
    return Run.objects.filter(
        model__in=models_of(connection),
        provider=provider_name(ChatModel(connection=connection)),
        ended_at__isnull=False,
        error_code="",
        first_token_ms__isnull=False,
    )


def choose_default(models: QuerySet[ChatModel], names: Sequence[str], *, keep_own: bool) -> str:
    """Make the first enabled one of the models the default; return "" if nothing changes.

    With `keep_own`, a default that an administrator chose stays.
    """
    current = ChatModel.objects.filter(is_default=True).first()
    rows = {model.repo_id: model for model in models.filter(repo_id__in=names)}
    if current is not None and current in rows.values():
        return ""
    if keep_own and current is not None and not is_of_new_installation(current):
        return ""
    usable = [rows[name] for name in names if name in rows and (rows[name].enabled or not keep_own)]
    if not usable:
        return ""
    make_default_model(usable[0])
    return usable[0].repo_id


def is_of_new_installation(model: ChatModel) -> bool:
    """Return whether the model came with the first migration."""
    return model.connection_id is None and model.repo_id in FIRST_MODELS


def should_replace_default() -> bool:
    """Return whether a model that is added becomes the default.

    It does if there is no usable default, or only the demonstration model.
    """
    current = ChatModel.objects.select_related("connection").filter(is_default=True).first()
    return current is None or current.is_local or not is_usable(current)
