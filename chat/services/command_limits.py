"""Limit the rate of commands other than messages, for each person.

The limit is far above what anybody reaches by hand.
"""

from uuid import UUID

from django.conf import settings

from chat.errors import ChatError
from chat.services.rate_limit import RateLimit, consume

# Drafts have a bucket of their own: the page saves them by itself, and that must not use up the
# budget for commands.
COMMANDS, DRAFTS = "commands", "drafts"


def check_command_rate(person_id: UUID, budget: str = COMMANDS) -> None:
    """Take one token from the person's budget.

    Raises ChatError `too_many_commands` if there is none left.
    """
    if not settings.LIMITS:
        return
    rate = settings.COMMANDS_PER_MINUTE
    if wait := consume(f"{budget}:{person_id}", RateLimit(burst=rate, rate=rate / 60)):
        raise ChatError("too_many_commands", retry_after=wait)
