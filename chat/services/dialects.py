"""Remember what servers teach about their models, and forget it."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Least

from chat.llm.providers import PLAIN, Dialect
from chat.models import ChatModel, ModelDialect, Run
from chat.selectors.run_config import SAMPLING_COLUMNS
from core.db.sql import fetch

# A smaller context window than this is hardly one; a message may name other numbers.
MIN_WINDOW = 16
# Two processes may learn at the same time: what one of them leaves out stays left out. A model that
# was deleted meanwhile has nothing to remember.
REMEMBER = """
INSERT INTO chat_modeldialect AS known
    (model_id, server, omitted, token_parameter, merges_system, context_window)
SELECT id, %(server)s, %(omitted)s::varchar[], %(tokens)s, %(merges)s, %(window)s
FROM chat_chatmodel WHERE id = %(model)s
ON CONFLICT (model_id, server) DO UPDATE SET
    omitted = ARRAY(
        SELECT DISTINCT name FROM unnest(known.omitted || EXCLUDED.omitted) name ORDER BY name
    ),
    token_parameter = CASE
        WHEN %(has_learned)s THEN EXCLUDED.token_parameter ELSE known.token_parameter
    END,
    merges_system = known.merges_system OR EXCLUDED.merges_system,
    context_window = COALESCE(EXCLUDED.context_window, known.context_window),
    learned_at = statement_timestamp()
RETURNING id
"""


def remember_dialect(
    model_id: UUID, server: str, dialect: Dialect, run_id: UUID | None = None
) -> None:
    """Keep the dialect that a server accepts for a model; `server` is its fingerprint.

    The run that taught it records as null what was left out of its request.
    """
    remember(model_id, server, dialect, None)
    unsent = SAMPLING_COLUMNS & dialect.omitted
    if run_id is not None and unsent:
        live = Run.objects.filter(pk=run_id, ended_at__isnull=True)
        live.update(**dict.fromkeys(unsent))


def remember_window(model_id: UUID, server: str, window: int) -> None:
    """Keep the context window that a server named, in tokens."""
    remember(model_id, server, PLAIN, window)


def remember(model_id: UUID, server: str, dialect: Dialect, window: int | None) -> None:
    values = {
        "model": model_id,
        "server": server,
        "omitted": sorted(dialect.omitted),
        "tokens": dialect.token_parameter,
        "merges": dialect.merges_system,
        "window": window,
        "has_learned": window is None,
    }
    fetch(REMEMBER, values)


def forget_dialects(models: Iterable[ChatModel]) -> int:
    """Forget what all servers have taught about these models; return how many rows that were."""
    deleted, _ = ModelDialect.objects.filter(model__in=[model.pk for model in models]).delete()
    return deleted


def adopt_window(model: ChatModel) -> int | None:
    """Give the model the context window that a server named last, and return it.

    The longest answer is lowered to half of it. Returns None if no server named one, or if the
    model has it already.
    """
    named = ModelDialect.objects.filter(model=model.pk, context_window__gte=MIN_WINDOW)
    window = named.order_by("-learned_at").values_list("context_window", flat=True).first()
    if window is None:
        return None
    updated = (
        ChatModel.objects.filter(pk=model.pk)
        .exclude(context_window=window)
        .update(context_window=window, max_output=Least(F("max_output"), window // 2))
    )
    return window if updated else None
