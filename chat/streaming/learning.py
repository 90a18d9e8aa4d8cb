"""Save what a server teaches while it answers."""

import logging
from collections.abc import Callable
from typing import ParamSpec
from uuid import UUID

from chat.llm.providers import Dialect
from chat.services import dialects
from core.db.errors import DATABASE_ERRORS
from core.db.executors import run_in_db

log = logging.getLogger("chat.streaming")
P = ParamSpec("P")


async def keep_dialect(model_id: UUID, server: str, dialect: Dialect, run_id: UUID) -> None:
    """Save the dialect that a server accepts for a model: no process asks it wrong again."""
    log.warning(
        "learnt how to ask model %s: without=%s, tokens=%s, system=%s",
        model_id,
        ",".join(sorted(dialect.omitted)) or "none",
        dialect.token_parameter or "none",
        "merged" if dialect.merges_system else "own",
    )
    await save(dialects.remember_dialect, model_id, server, dialect, run_id)


async def keep_window(model_id: UUID, server: str, window: int) -> None:
    """Save the context window that a server named, for administrators."""
    log.warning("the server of model %s says that its context window is %d", model_id, window)
    await save(dialects.remember_window, model_id, server, window)


async def save(work: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
    """Do database work whose failure only means that the same is learnt again."""
    try:
        await run_in_db(work, *args, **kwargs)
    except DATABASE_ERRORS as error:
        log.warning("what a server taught was not saved: %s", type(error).__name__)
