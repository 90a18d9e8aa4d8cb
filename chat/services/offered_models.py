"""Add models that a server lists to the catalogue."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from chat.llm.providers import ListedModel
from chat.models import ChatModel
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


def to_chat_model(listed: ListedModel) -> ChatModel:
    """Return an unsaved model with limits that fit its context window."""
    window = listed.context_window or 0
    window = window if window >= MIN_WINDOW else DEFAULT_WINDOW
    return ChatModel(
        repo_id=listed.repo_id,
        label=label_of(listed.repo_id),
        context_window=window,
        max_output=min(DEFAULT_OUTPUT, window // 4),
        position=POSITION,
    )


def add_models(listed: Iterable[ListedModel]) -> list[ChatModel]:
    """Add the listed models that the catalogue does not have; return those that were added."""
    wanted = {item.repo_id: item for item in listed}
    known = ChatModel.objects.filter(repo_id__in=wanted).values_list("repo_id", flat=True)
    for name in known:
        del wanted[name]
    return ChatModel.objects.bulk_create([to_chat_model(item) for item in wanted.values()])


def offer_first_models(listed: Sequence[ListedModel], named: str = "") -> Offer:
    """Offer the models of the server in the environment, unless the catalogue has one of them.

    With `named` only that model is offered, whether the server lists it or not, and it becomes the
    default. Without, the first of them becomes the default, unless an administrator has chosen
    another default than those of a new installation.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # Two processes that start together offer the models once.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", (ADVISORY_LOCK,))
        names = [item.repo_id for item in listed]
        if named:
            by_name = {item.repo_id: item for item in listed}
            added = add_models([by_name.get(named, ListedModel(named))])
        elif ChatModel.objects.filter(repo_id__in=names, enabled=True).exists():
            added = []
        else:
            chat_models = [item for item in listed if is_chat_model(item.repo_id)]
            added = add_models(chat_models[:MAX_AUTOMATIC])
        default = choose_default([named] if named else names, keep_own=not named)
        return Offer(tuple(model.repo_id for model in added), default)


def choose_default(names: Sequence[str], *, keep_own: bool) -> str:
    """Make the first enabled model of these names the default; return "" if nothing changes.

    With `keep_own`, a default that an administrator chose stays.
    """
    current = ChatModel.objects.filter(is_default=True).first()
    if current is not None and current.repo_id in names:
        return ""
    if keep_own and current is not None and current.repo_id not in FIRST_MODELS:
        return ""
    rows = {model.repo_id: model for model in ChatModel.objects.filter(repo_id__in=names)}
    usable = [rows[name] for name in names if name in rows and (rows[name].enabled or not keep_own)]
    if not usable:
        return ""
    make_default_model(usable[0])
    return usable[0].repo_id
