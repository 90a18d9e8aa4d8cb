"""What is accepted: sizes and characters of text, and how much in a minute."""

from chat.limits.bucket import Bucket, take
from chat.limits.commands import COMMANDS, DRAFTS, check_command_rate
from chat.limits.text import (
    MESSAGE_CHARS,
    TITLE_CHARS,
    check_length,
    checked_text,
    checked_title,
    storable,
    title_from,
)

__all__ = [
    "COMMANDS",
    "DRAFTS",
    "MESSAGE_CHARS",
    "TITLE_CHARS",
    "Bucket",
    "check_command_rate",
    "check_length",
    "checked_text",
    "checked_title",
    "storable",
    "take",
    "title_from",
]
