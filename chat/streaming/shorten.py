"""Ask once more with fewer turns when a server says that the conversation is too long for it."""

from chat.errors import ChatError
from chat.events import Outcome
from chat.models import Message, Run
from chat.streaming.generate import PreparedRequest, Room, prepare_request
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
        await keep_window(prepared.model_id, prepared.endpoint.fingerprint, named)
    try:
        return await run_in_db(assemble_shorter, run, message, prepared, named)
    except DATABASE_ERRORS:
        return None


def assemble_shorter(
    run: Run, message: Message, prepared: PreparedRequest, named: int | None
) -> PreparedRequest | None:
    """Assemble the request with less room, until it is another one. Reads the database."""
    for room in smaller_rooms(prepared, named):
        try:
            shorter = prepare_request(run, message, room)
        except ChatError:
            continue
        if shorter.request != prepared.request:
            return shorter
    return None


def smaller_rooms(prepared: PreparedRequest, named: int | None) -> list[Room]:
    """Return rooms to try: within the window that the server named, then a guess.

    A long question may only fit beside a short answer. The guess leaves `KEPT_SHARE` of the prompt:
    the server counts more tokens than we do, or its window is unknown.
    """
    longest = prepared.request.sampling.max_tokens
    rooms = []
    if named is not None and named <= prepared.prompt_tokens + longest:
        rooms += [Room(named, min(longest, max(1, named // share))) for share in (2, 8)]
    return [*rooms, Room(int(prepared.prompt_tokens * KEPT_SHARE) + longest, longest)]
