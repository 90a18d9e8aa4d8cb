"""Ask once more with fewer turns when a server says that the conversation is too long for it."""

from chat.errors import ChatError
from chat.events import Outcome
from chat.models import Message, Run
from chat.streaming.generate import PreparedRequest, prepare_request
from chat.streaming.learning import keep_window
from core.db.errors import DATABASE_ERRORS
from core.db.executors import run_in_db

# How much of the prompt may stay if the server names no context window.
KEPT_SHARE = 0.6


async def shorten_request(
    run: Run, message: Message, prepared: PreparedRequest, outcome: Outcome
) -> PreparedRequest | None:
    """Return a shorter request in place of one that failed with `context_too_long`.

    Saves the context window that the server named. Returns None if the request failed otherwise,
    or if nothing can be left out of it.
    """
    if outcome.error_code != "context_too_long":
        return None
    named = outcome.evidence.window
    if named is not None:
        await keep_window(prepared.model_id, prepared.server, named)
    try:
        return await run_in_db(assemble_shorter, run, message, prepared, named)
    except DATABASE_ERRORS:
        return None


def assemble_shorter(
    run: Run, message: Message, prepared: PreparedRequest, named: int | None
) -> PreparedRequest | None:
    """Assemble the request for smaller windows, until it is another one. Reads the database."""
    for window in smaller_windows(prepared, named):
        try:
            shorter = prepare_request(run, message, window)
        except ChatError:
            continue
        if shorter.request != prepared.request:
            return shorter
    return None


def smaller_windows(prepared: PreparedRequest, named: int | None) -> list[int]:
    """Return windows in tokens to try: the one that the server named, then a guess.

    The guess leaves `KEPT_SHARE` of the prompt: the server counts more tokens than we do, or its
    window is unknown.
    """
    kept = int(prepared.prompt_tokens * KEPT_SHARE)
    guess = kept + min(prepared.request.sampling.max_tokens, kept)
    current = prepared.prompt_tokens + prepared.request.sampling.max_tokens
    smaller = [named] if named is not None and named <= current else []
    return [max(2, window) for window in [*smaller, guess]]
