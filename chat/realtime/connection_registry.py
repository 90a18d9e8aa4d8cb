"""All sockets of this process, and a look at the database for what they did not hear."""

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
from chat.realtime.page_state import PageState
from chat.selectors import messages
from chat.selectors.change_feed import load_changes
from chat.streaming.retry import run_guarded
from chat.streaming.run_manager import runs
from core.db.executors import run_in_db
from core.logging import OutageLogger
from core.tasks import TaskSet

log = logging.getLogger("chat.hub")

# Events may get lost; every so often each open conversation is compared with the database.
COMPARE_INTERVAL = 3.0
# Sessions end by time, and rights by SQL, by a command or in a shell, without an event.
SESSION_CHECK_INTERVAL = 3.0
# How long a browser may take to learn the new key of its renewed session.
RENEWAL_SECONDS = 10.0

RECONNECT = 4000
RESTARTING = 4001
REPLACED = 4002
SIGNED_OUT = 4401
# With a code, and for SIGNED_OUT the reason.
Close = Callable[[int, EndReason], None]


class ConnectionRegistry:
    """Used from the event loop. `close` of a member closes its socket.

    `revisions` is what the database had of each login at the last check; `renewed` are old session
    keys, with the time of the event loop up to which their browsers may still come with them.
    """

    def __init__(self) -> None:
        self.close_by_page: dict[PageState, Close] = {}
        self.by_user: dict[UUID, set[PageState]] = defaultdict(set)
        self.tasks = TaskSet()
        self.revisions: dict[Login, str] = {}
        self.renewed: dict[str, float] = {}
        self.checking = OutageLogger(log, "checking sessions")

    def join(self, feed: PageState, close: Close) -> None:
        if not self.tasks:
            self.startup()
        self.close_by_page[feed] = close
        self.by_user[feed.user.pk].add(feed)

    def is_full(self, person: UUID) -> bool:
        """Whether this person has as many sockets here as one may have."""
        most: int = settings.SOCKETS_PER_PERSON
        return bool(settings.LIMITS) and len(self.by_user.get(person, ())) >= most

    def close_previous(self, person: UUID, page: str) -> None:
        """Close the socket that this page has had until now: it gave that one up, and a dead one
        would count as an open page for as long as nobody finds out."""
        for feed in list(self.by_user.get(person, ())):
            if page and feed.page == page:
                self.close_by_page[feed](REPLACED, EndReason.ENDED)

    def leave(self, feed: PageState) -> None:
        feed.leave()
        self.close_by_page.pop(feed, None)
        group = self.by_user.get(feed.user.pk)
        if group is not None:
            group.discard(feed)
            if not group:
                del self.by_user[feed.user.pk]

    def startup(self) -> None:
        runs.startup()
        pubsub.listeners.add(self.on_event)
        self.tasks.start(
            run_every(
                COMPARE_INTERVAL,
                self.compare,
                OutageLogger(log, "comparing pages"),
            )
        )
        self.tasks.start(run_every(SESSION_CHECK_INTERVAL, self.check_sessions, self.checking))

    def on_event(self, event: Event) -> None:
        if isinstance(event, Changed):
            for feed in list(self.by_user.get(event.owner_id, ())):
                feed.on_change(event)
        elif isinstance(event, SignedOut):
            self.close_session(event.session_key)
        elif isinstance(event, SessionRenewed):
            until = asyncio.get_running_loop().time() + RENEWAL_SECONDS
            self.renewed[event.session_key] = until
            self.close_session(event.session_key)
        elif isinstance(event, AccountChanged) and event.user_id in self.by_user:
            self.tasks.start(run_guarded(partial(self.check_account, event.user_id), self.checking))

    def close_session(self, session_key: str) -> None:
        """A page of a renewed session comes back with the new key, if its browser has it."""
        code = RECONNECT if self.is_renewed(session_key) else SIGNED_OUT
        self.close_where(lambda feed: feed.session_key == session_key, code)

    def is_renewed(self, session_key: str) -> bool:
        """Whether the browser of this session may not have heard yet of its new key."""
        until = self.renewed.get(session_key)
        return until is not None and asyncio.get_running_loop().time() < until

    def close_where(
        self,
        matches: Callable[[PageState], bool],
        code: int,
        reason: EndReason = EndReason.ENDED,
    ) -> None:
        for feed, close in list(self.close_by_page.items()):
            if matches(feed):
                close(code, reason)

    async def compare(self) -> None:
        await self.compare_threads()
        await self.compare_sidebars()

    async def compare_sidebars(self) -> None:
        """One statement for all people of the process; it costs by what changed."""
        feeds = list(self.close_by_page)
        if not feeds:
            return
        people: dict[UUID, int] = {}
        for feed in feeds:
            since = feed.sidebar.since
            if since is not None:
                people[feed.user.pk] = min(since.low, people.get(feed.user.pk, since.low))
        found = await run_in_db(load_changes, people)
        for feed in feeds:
            feed.on_sidebar_changes(found)

    async def compare_threads(self) -> None:
        """One statement for all open conversations of the process."""
        feeds = [feed for feed in self.close_by_page if feed.conversation_id]
        open_ones = {feed.conversation_id for feed in feeds if feed.conversation_id}
        states = await run_in_db(messages.load_states, open_ones)
        for feed in feeds:
            state = states.get(feed.conversation_id)  # type: ignore[arg-type]
            if state is not None and state.gone == feed.is_deleted:
                feed.check_version(state.version if not feed.is_deleted else feed.version)
            elif not feed.is_deleted or state is not None:
                feed.mark_thread_stale()
                feed.wake.set()

    async def check_sessions(self) -> None:
        """Close the sockets of all logins that are over: one statement, which costs by what
        changed."""
        now = asyncio.get_running_loop().time()
        self.renewed = {key: until for key, until in self.renewed.items() if now < until}
        logins = {login_of(feed) for feed in self.close_by_page}
        self.revisions = {login: self.revisions.get(login, "") for login in logins}
        for login, reason in (await self.ended(logins)).items():
            # Its browser may have a new session by now: the next handshake says.
            code = RECONNECT if reason is EndReason.ENDED else SIGNED_OUT
            self.close_login(login, code, reason)

    async def check_account(self, user_id: UUID) -> None:
        """Close the sockets of one person's logins that are over. Sessions that were deleted have
        events of their own, which know whether they were renewed."""
        logins = {login_of(feed) for feed in self.by_user.get(user_id, ())}
        for login, reason in (await self.ended(logins)).items():
            if reason is not EndReason.ENDED:
                self.close_login(login, SIGNED_OUT, reason)

    async def ended(self, logins: set[Login]) -> dict[Login, EndReason]:
        """Those of these logins that are over, and why."""
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
        self.close_where(lambda feed: login_of(feed) == login, code, reason)

    def close_all(self, code: int) -> None:
        self.close_where(lambda feed: True, code)


def login_of(feed: PageState) -> Login:
    return feed.session_key, feed.user.pk


async def run_every(
    seconds: float, work: Callable[[], Coroutine[object, object, object]], trouble: OutageLogger
) -> None:
    """Do this again and again; after a round that fails the next one comes."""
    while True:
        await asyncio.sleep(seconds)
        await run_guarded(work, trouble)


connections = ConnectionRegistry()
