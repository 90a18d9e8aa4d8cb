"""Render a conversation to be printed: all of it, with nothing to press."""

from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from accounts.context import Look
from chat.models import Conversation
from chat.rendering.components.message_view import message_items, to_message_view
from chat.selectors.messages import ThreadPage

# Stands for the messages while the page around them is rendered; no title can contain it.
MESSAGES = "\x00messages\x00"


def print_page_parts(conversation: Conversation, look: Look) -> tuple[str, str]:
    """Return the HTML of the page before and after its messages."""
    context: dict[str, Any] = {
        "conversation": conversation,
        **look,
        "messages_html": mark_safe(MESSAGES),  # noqa: S308 (a constant)
    }
    before, _, after = render_to_string("chat/print.html", context).partition(MESSAGES)
    return before, after


def print_messages_html(conversation: Conversation, page: ThreadPage) -> SafeString:
    """Render one page of messages."""
    views = map(to_message_view, message_items(page, conversation.active_leaf_id))
    return mark_safe(  # noqa: S308 (made by a template)
        "".join(render_to_string("chat/_print_message.html", {"m": view}) for view in views)
    )
