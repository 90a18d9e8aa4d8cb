"""A whole conversation on one page, for the printer."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import translation

from accounts.context import read_look
from accounts.models import User
from chat.models import Conversation
from chat.rendering.components.print_page import print_messages_html, print_page_parts
from chat.selectors import messages
from chat.selectors.branch_pages import list_page_ends
from chat.views.auth import page, run_as_user


@page
async def print_page(request: HttpRequest, conversation_id: UUID) -> HttpResponseBase:
    """Show all messages of the shown branch; they are read and sent page by page."""
    conversation, ends = await run_as_user(request, load_ends, conversation_id)
    before, after = print_page_parts(conversation, read_look(request))
    parts = stream_parts(request, conversation, ends, (before, after))
    return StreamingHttpResponse(parts)


def load_ends(user: User, conversation_id: UUID) -> tuple[Conversation, list[UUID]]:
    conversation = messages.get_conversation(user, conversation_id)
    return conversation, list_page_ends(conversation)


async def stream_parts(
    request: HttpRequest,
    conversation: Conversation,
    ends: Sequence[UUID],
    around: tuple[str, str],
) -> AsyncIterator[str]:
    """Yield the page in parts, so that only one page of messages is in memory.

    If the conversation is deleted meanwhile, the page ends where it is.
    """
    language = translation.get_language()
    yield around[0]
    for end in ends:
        try:
            _, thread = await run_as_user(request, messages.load_thread, conversation.pk, end)
        except Conversation.DoesNotExist:
            break
        with translation.override(language):
            html = print_messages_html(conversation, thread)
        yield html
    yield around[1]
