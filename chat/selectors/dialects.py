"""Read what servers have taught about their models."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from chat.llm.providers import PLAIN, Dialect
from chat.models import ChatModel, ModelDialect

# A column for `run_config`, so that a turn reads the dialects with its model.
KNOWN_DIALECTS = """
(SELECT json_agg(d)::text FROM chat_modeldialect d WHERE d.model_id = model.id) AS dialects
"""


def attach_dialects(model: ChatModel, column: str | None) -> ChatModel:
    """Keep the value of `KNOWN_DIALECTS` with its model, and return the model."""
    model.known_dialects = json.loads(column) if column else []
    return model


def dialect_of(model: ChatModel, server: str) -> Dialect:
    """Return the dialect of a model on the server with this fingerprint.

    An administrator may have said that the model takes no system prompt. Reads the database only if
    the model was not loaded by `run_config`.
    """
    rows: Iterable[Mapping[str, Any]] | None = model.known_dialects
    if rows is None:
        rows = ModelDialect.objects.filter(model=model.pk).values()
    dialect = next((to_dialect(row) for row in rows if row["server"] == server), PLAIN)
    return replace(dialect, merges_system=True) if model.has_system_role is False else dialect


def to_dialect(row: Mapping[str, Any]) -> Dialect:
    return Dialect(frozenset(row["omitted"]), row["token_parameter"], row["merges_system"])
