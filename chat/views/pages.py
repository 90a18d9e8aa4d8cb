"""Pages: a new chat, a conversation, older messages, and search results."""

from uuid import UUID

from django.contrib.messages import get_messages
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers

from accounts.context import read_look
from chat.rendering.components import thread_view
from chat.rendering.components.page import page_html
from chat.rendering.components.template_cache import render_cached
from chat.selectors import messages
from chat.views.auth import current_user, page, run_as_user
from chat.views.conversation_page import ConversationPage, PageParams
from chat.views.search_params import SearchParams
from chat.views.sidebar import parse_cursor
from core.web.htmx import is_htmx


@page
async def new_chat(request: HttpRequest) -> HttpResponse:
    """Show an empty chat."""
    return page_response(request, await run_as_user(request, ConversationPage.load, None))


@page
async def conversation(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """Show a conversation, opened at its end or at the message that a search found."""
    params = PageParams.from_request(request)
    loaded = await run_as_user(request, ConversationPage.load, conversation_id, params)
    return page_response(request, loaded)


@page
async def search(request: HttpRequest) -> HttpResponse:
    """Show search results, in the open sidebar for htmx, else beside an empty chat."""
    params = SearchParams.from_request(request)
    if is_htmx(request):
        before = parse_cursor(request.GET["before"]) if "before" in request.GET else None
        group = request.GET.get("group", "")
        response = HttpResponse(await run_as_user(request, params.next_page, before, group))
    else:
        loaded = await run_as_user(request, ConversationPage.load, None, PageParams(params))
        response = page_response(request, loaded, sidebar_open=True)
    patch_vary_headers(response, ["HX-Request"])
    return response


@page
async def older(request: HttpRequest, conversation_id: UUID, message_id: UUID) -> HttpResponse:
    """Show the page of messages that ends with this one, above those on the page."""
    conversation, thread = await run_as_user(
        request, messages.load_thread, conversation_id, message_id
    )
    if not thread.messages:
        raise Http404
    return HttpResponse(thread_view.thread_html(conversation, thread))


def page_response(
    request: HttpRequest, loaded: ConversationPage, *, sidebar_open: bool = False
) -> HttpResponse:
    """Render a whole page; on a phone an open sidebar covers it."""
    html = page_html(
        current_user(request),
        loaded.body(request),
        look=read_look(request),
        side=loaded.sidebar_view(is_open=sidebar_open),
        notes=messages_html(request),
    )
    return HttpResponse(html)


def messages_html(request: HttpRequest) -> str:
    """Render the pending messages of Django's messages framework, mostly none."""
    pending = get_messages(request)
    if pending:
        return render_to_string("_messages.html", {"messages": pending})
    return render_cached("_messages.html", {"messages": ()}, {})
