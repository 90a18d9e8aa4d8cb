"""All sockets of this process, and the clocks that compare them with the database."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine
from functools import partial
from uuid import UUID

from django.conf import settings

from accounts.sessions import EndReason, Login, check_logins
from chat.events import AccountChanged, Changed, Event, SessionRenewed, SignedOut
from chat.pubsub import pubsub
from chat.realtime.open_page import OpenPage
from chat.selectors import messages
from chat.selectors.change_feed import load_changes
from chat.streaming.retry import run_guarded
from chat.streaming.run_manager import runs
from core.db.executors import run_in_db
from core.logging import FailureLogger
from core.tasks import TaskSet

log = logging.getLogger("chat.hub")

# Seconds between comparisons of all open pages with the database, since events may be lost.
COMPARE_INTERVAL = 3.0
# Seconds between checks of all sessions: they expire, and SQL or a shell ends them, without an
# event.
SESSION_CHECK_INTERVAL = 3.0
# Seconds that a browser may take to learn the new key of its renewed session.
RENEWAL_SECONDS = 10.0

RECONNECT = 4000
RESTARTING = 4001
REPLACED = 4002
SIGNED_OUT = 4401
# Called with the close code, and for SIGNED_OUT with the reason.
Close = Callable[[int, EndReason], None]


class ConnectionRegistry:
    """Used from the event loop.

    `close_by_page` has the callable that closes the socket of a page. `revisions` are those that
    the database had of each login at the last check. `renewed` maps old session keys to the time of
    the event loop until which their browsers may still use them.
    """

    def __init__(self) -> None:
        self.close_by_page: dict[OpenPage, Close] = {}
        self.by_user: dict[UUID, set[OpenPage]] = defaultdict(set)
        self.tasks = TaskSet()
        self.revisions: dict[Login, str] = {}
        self.renewed: dict[str, float] = {}
        self.checking = FailureLogger(log, "checking sessions")

    def join(self, page: OpenPage, close: Close) -> None:
        """Register a page, with the callable that closes its socket."""
        if not self.tasks:
            self.startup()
        self.close_by_page[page] = close
        self.by_user[page.user.pk].add(page)

    def is_full(self, user_id: UUID) -> bool:
        """Return whether a user has as many sockets in this process as one may have."""
        limit: int = settings.SOCKETS_PER_PERSON
        return bool(settings.LIMITS) and len(self.by_user.get(user_id, ())) >= limit

    def close_previous(self, user_id: UUID, page_id: str) -> None:
        """Close the earlier socket of a page that opens another one.

        The page has given it up, and a dead socket would count as an open page until its timeout.
        """
        for page in list(self.by_user.get(user_id, ())):
            if page_id and page.page_id == page_id:
                self.close_by_page[page](REPLACED, EndReason.ENDED)

    def leave(self, page: OpenPage) -> None:
        """Forget a page; does nothing if it was forgotten already."""
        page.leave()
        self.close_by_page.pop(page, None)
        pages = self.by_user.get(page.user.pk)
        if pages is not None:
            pages.discard(page)
            if not pages:
                del self.by_user[page.user.pk]

    def startup(self) -> None:
        """Listen to events and start the clocks."""
        runs.startup()
        pubsub.listeners.add(self.on_event)
        comparing = FailureLogger(log, "comparing pages")
        self.tasks.start(run_every(COMPARE_INTERVAL, self.compare, comparing))
        self.tasks.start(run_every(SESSION_CHECK_INTERVAL, self.check_sessions, self.checking))

    def on_event(self, event: Event) -> None:
        if isinstance(event, Changed):
            for page in list(self.by_user.get(event.owner_id, ())):
                page.on_change(event)
        elif isinstance(event, SignedOut):
            self.close_session(event.session_key)
        elif isinstance(event, SessionRenewed):
            deadline = asyncio.get_running_loop().time() + RENEWAL_SECONDS
            self.renewed[event.session_key] = deadline
            self.close_session(event.session_key)
        elif isinstance(event, AccountChanged) and event.user_id in self.by_user:
            self.tasks.start(run_guarded(partial(self.check_account, event.user_id), self.checking))

    def close_session(self, session_key: str) -> None:
        """Close the sockets of a session; pages of a renewed one come back with the new key."""
        code = RECONNECT if self.is_renewed(session_key) else SIGNED_OUT
        self.close_where(lambda page: page.session_key == session_key, code)

    def is_renewed(self, session_key: str) -> bool:
        """Return whether the browser of this session may not know its new key yet."""
        deadline = self.renewed.get(session_key)
        return deadline is not None and asyncio.get_running_loop().time() < deadline

    def close_where(
        self,
        matches: Callable[[OpenPage], bool],
        code: int,
        reason: EndReason = EndReason.ENDED,
    ) -> None:
        for page, close in list(self.close_by_page.items()):
            if matches(page):
                close(code, reason)

    async def compare(self) -> None:
        """Compare all pages with the database."""
        await self.compare_threads()
        await self.compare_sidebars()

    async def compare_sidebars(self) -> None:
        """Compare all sidebars with one statement, whose cost depends on what changed."""
        pages = list(self.close_by_page)
        if not pages:
            return
        oldest: dict[UUID, int] = {}
        for page in pages:
            since = page.rows.since
            if since is not None:
                oldest[page.user.pk] = min(since.low, oldest.get(page.user.pk, since.low))
        changes = await run_in_db(load_changes, oldest)
        for page in pages:
            page.on_sidebar_changes(changes)

    async def compare_threads(self) -> None:
        """Compare all open conversations with one statement."""
        pages = [page for page in self.close_by_page if page.conversation_id]
        ids = {page.conversation_id for page in pages if page.conversation_id}
        states = await run_in_db(messages.load_states, ids)
        for page in pages:
            state = states.get(page.conversation_id)  # type: ignore[arg-type]
            page.check_thread(None if state is None or state.gone else state.version)

    async def check_sessions(self) -> None:
        """Close the sockets of all logins that are over.

        It takes one statement, whose cost depends on what changed.
        """
        time = asyncio.get_running_loop().time()
        self.renewed = {key: until for key, until in self.renewed.items() if time < until}
        logins = {login_of(page) for page in self.close_by_page}
        self.revisions = {login: self.revisions.get(login, "") for login in logins}
        for login, reason in (await self.load_ended(logins)).items():
            # The browser may have a new session; the next handshake tells.
            code = RECONNECT if reason is EndReason.ENDED else SIGNED_OUT
            self.close_login(login, code, reason)

    async def check_account(self, user_id: UUID) -> None:
        """Close the sockets of one user's logins that are over.

        Deleted sessions have events of their own, which tell whether they were renewed.
        """
        logins = {login_of(page) for page in self.by_user.get(user_id, ())}
        for login, reason in (await self.load_ended(logins)).items():
            if reason is not EndReason.ENDED:
                self.close_login(login, SIGNED_OUT, reason)

    async def load_ended(self, logins: set[Login]) -> dict[Login, EndReason]:
        """Return those of these logins that are over, with the reason."""
        if not logins:
            return {}
        states = await run_in_db(check_logins, {key: self.revisions.get(key, "") for key in logins})
        self.revisions |= {login: state.revision for login, state in states.items()}
        return {
            login: state.end_reason
            for login, state in states.items()
            if state.end_reason is not None
        }

    def close_login(self, login: Login, code: int, reason: EndReason) -> None:
        self.close_where(lambda page: login_of(page) == login, code, reason)

    def close_all(self, code: int) -> None:
        self.close_where(lambda page: True, code)


def login_of(page: OpenPage) -> Login:
    return page.session_key, page.user.pk


async def run_every(
    seconds: float, work: Callable[[], Coroutine[object, object, object]], outages: FailureLogger
) -> None:
    """Run `work` again and again, for as long as the process lives; failures are logged."""
    while True:
        await asyncio.sleep(seconds)
        await run_guarded(work, outages)


connections = ConnectionRegistry()
