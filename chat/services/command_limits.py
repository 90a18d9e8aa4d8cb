"""How many commands beside messages one person may give: far more than anybody does by hand."""

from uuid import UUID

from django.conf import settings

from chat.errors import ChatError
from chat.services.rate_limit import RateLimit, consume

# Buckets of their own: what is typed is saved without being asked for, and must take nothing away.
COMMANDS, DRAFTS = "commands", "drafts"


def check_command_rate(person_id: UUID, budget: str = COMMANDS) -> None:
    """Take one from the person's budget. Raises ChatError `too_many_commands` when it is empty."""
    if not settings.LIMITS:
        return
    rate = settings.COMMANDS_PER_MINUTE
    if wait := consume(f"{budget}:{person_id}", RateLimit(burst=rate, rate=rate / 60)):
        raise ChatError("too_many_commands", retry_after=wait)
