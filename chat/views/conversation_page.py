"""Load everything that the page of a conversation, or of a new chat, shows."""

import uuid
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils.safestring import SafeString

from accounts.models import User
from chat.models import Conversation, Draft, Message
from chat.rendering.components import thread_view
from chat.rendering.components.model_settings import options_context
from chat.rendering.components.page import PageBody, SearchTarget, SidebarView
from chat.selectors import change_feed, messages
from chat.selectors.change_feed import Snapshot
from chat.selectors.context_usage import ContextUsage, measure_context
from chat.selectors.messages import ThreadPage
from chat.selectors.next_answer import changed_names
from chat.selectors.sidebar_page import SidebarPage, load_sidebar_page
from chat.selectors.sidebar_rows import is_unread
from chat.services import drafts, preferences
from chat.streaming.run_manager import runs
from chat.views.auth import current_user
from chat.views.search_params import SearchParams


@dataclass(frozen=True, slots=True)
class PageParams:
    """What a request for a page contains besides the conversation.

    `target` is the message to scroll to. A page that is open already needs no sidebar, and no draft
    if the draft was just sent.
    """

    search: SearchParams = field(default_factory=SearchParams)
    target: UUID | None = None
    needs_sidebar: bool = True
    needs_draft: bool = True

    @classmethod
    def from_request(cls, request: HttpRequest) -> Self:
        """Read the search (see `SearchParams`) and `m`, the message that it found."""
        return cls(SearchParams.from_request(request), parse_target(request.GET.get("m", "")))


def parse_target(text: str) -> UUID | None:
    """Return the ID, None for any other text."""
    try:
        return UUID(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class PageSidebar:
    """The rows of the sidebar, the snapshot before they were read, and the search above them."""

    page: SidebarPage
    as_of: Snapshot
    query: str
    results: SafeString

    @classmethod
    def load(cls, user: User, conversation_id: UUID | None, params: PageParams) -> Self:
        # Before the rows: a change in between is then found again and not missed.
        as_of = change_feed.current_snapshot()
        query, results = params.search.first_page(user, params.target or conversation_id)
        return cls(load_sidebar_page(user, conversation_id), as_of, query, results)


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """A conversation with the end of its shown branch and all that its page shows around it.

    For a new chat, `conversation`, `thread` and `usage` are None. `sidebar` is None if only the
    body was asked for.
    """

    conversation: Conversation | None
    thread: ThreadPage | None
    target: SearchTarget
    options: dict[str, Any]
    draft: Draft | None
    suggestions: tuple[str, ...]
    sidebar: PageSidebar | None
    usage: ContextUsage | None
    changed: tuple[str, ...] = ()

    @classmethod
    def load(
        cls, user: User, conversation_id: UUID | None, params: PageParams | None = None
    ) -> Self:
        """Read a person's conversation, or a new chat if `conversation_id` is None.

        Raises Conversation.DoesNotExist.
        """
        params = params or PageParams()
        conversation, thread, target = load_thread(user, conversation_id, params.target)
        return cls(
            conversation,
            thread,
            target,
            options=options_context(conversation, user.pk),
            draft=drafts.find_draft(user, conversation) if params.needs_draft else None,
            suggestions=() if conversation else tuple(preferences.list_suggestions()),
            sidebar=(
                PageSidebar.load(user, conversation_id, params) if params.needs_sidebar else None
            ),
            usage=measure_context(conversation, thread) if conversation else None,
            changed=changed_names(conversation) if conversation else (),
        )

    @property
    def is_unread(self) -> bool:
        """Return whether the newest answer came after its owner last looked."""
        row = self.conversation
        return row is not None and is_unread(row.answered_at, row.seen_at)

    def body(self, request: HttpRequest) -> PageBody:
        """Return the data of the page's body, for one request.

        Call it on the event loop: a live answer must not be rendered by two threads at once.
        """
        return PageBody(
            self.conversation,
            self.options,
            client_id=uuid.uuid4(),
            token=get_token(request),
            unread=self.is_unread,
            draft=self.draft,
            suggestions=self.suggestions,
            window=self.usage,
            thread=self.thread_html(),
            sought=self.target,
            name=current_user(request).display_name,
            changed=self.changed,
        )

    def sidebar_view(self, *, is_open: bool) -> SidebarView:
        """Return the data of the sidebar; on a phone an open sidebar covers the page.

        Raises ValueError if only the body was loaded.
        """
        side = self.sidebar
        if side is None:
            raise ValueError("the sidebar was not loaded")
        rows = thread_view.sidebar_page_html(side.page, side.as_of)
        return SidebarView(rows, side.query, side.results, is_open, deep=side.page.is_deep)

    def thread_html(self) -> str:
        """Render the messages, with the live answer if this process writes it."""
        if self.conversation is None or self.thread is None:
            return ""
        live = runs.find_live_answer(self.conversation.active_leaf_id)
        return thread_view.thread_html(self.conversation, self.thread, self.usage, live)


def load_thread(
    user: User, conversation_id: UUID | None, target: UUID | None
) -> tuple[Conversation | None, ThreadPage | None, SearchTarget]:
    """Read a conversation, the end of its shown branch, and where the target message is.

    The page is extended to hold the target if that is near enough. Raises
    Conversation.DoesNotExist.
    """
    if conversation_id is None:
        return None, None, SearchTarget()
    if target is None:
        return *messages.load_thread(user, conversation_id), SearchTarget()
    conversation, thread, is_shown = messages.load_thread_around(user, conversation_id, target)
    if is_shown:
        return conversation, thread, SearchTarget(here=target)
    others = Message.objects.owned_by(user).filter(pk=target, conversation=conversation)
    return conversation, thread, SearchTarget(elsewhere=target if others.exists() else None)
