"""All sockets of this process, and a look at the database for what they did not hear."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine
from uuid import UUID

from django.conf import settings

from accounts.sessions import user_of_session
from chat.broadcast import broadcast
from chat.consumers.feed import Feed
from chat.conversations import reading
from chat.conversations.changes import written_since
from chat.events import Changed, Event, SignedOut
from chat.runs import runs
from chat.runs.patience import AWAY, survive
from config.logs import Trouble
from config.threads import in_db

log = logging.getLogger("chat.hub")

# Events may get lost; every so often each open conversation is compared with the database.
COMPARE_EVERY = 3.0
# Sessions end by time, by a password change or by an administrator, without an event.
CHECK_SESSIONS_EVERY = 60.0

RESTARTING = 4001
SIGNED_OUT = 4401
Close = Callable[[int], None]


class Hub:
    """Used from the event loop. `close` of a member closes its socket with a code."""

    def __init__(self) -> None:
        self.members: dict[Feed, Close] = {}
        self.people: dict[UUID, set[Feed]] = defaultdict(set)
        self.tasks: set[asyncio.Task[None]] = set()

    def join(self, feed: Feed, close: Close) -> None:
        if not self.tasks:
            self.begin()
        self.members[feed] = close
        self.people[feed.user.pk].add(feed)

    def is_full(self, person: UUID) -> bool:
        """Whether this person has as many sockets here as one may have."""
        most: int = settings.SOCKETS_PER_PERSON
        return bool(settings.LIMITS) and len(self.people.get(person, ())) >= most

    def leave(self, feed: Feed) -> None:
        feed.leave()
        self.members.pop(feed, None)
        group = self.people.get(feed.user.pk)
        if group is not None:
            group.discard(feed)
            if not group:
                del self.people[feed.user.pk]

    def begin(self) -> None:
        runs.begin()
        broadcast.listeners.add(self.heard)
        for name, clock, pause in (
            ("comparing pages", self.compare, COMPARE_EVERY),
            ("checking sessions", self.check_sessions, CHECK_SESSIONS_EVERY),
        ):
            task = asyncio.create_task(every(pause, clock, Trouble(log, name, AWAY)))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    def heard(self, event: Event) -> None:
        if isinstance(event, Changed):
            for feed in list(self.people.get(event.owner_id, ())):
                feed.heard(event)
        elif isinstance(event, SignedOut):
            self.close_where(lambda feed: feed.session_key == event.session_key, SIGNED_OUT)

    def close_where(self, matches: Callable[[Feed], bool], code: int) -> None:
        for feed, close in list(self.members.items()):
            if matches(feed):
                close(code)

    async def compare(self) -> None:
        await self.compare_threads()
        await self.compare_sidebars()

    async def compare_sidebars(self) -> None:
        """One statement for all people of the process; it costs by what changed."""
        feeds = list(self.members)
        if not feeds:
            return
        people: dict[UUID, int] = {}
        for feed in feeds:
            since = feed.sidebar.since
            if since is not None:
                people[feed.user.pk] = min(since.low, people.get(feed.user.pk, since.low))
        found = await in_db(written_since, people)
        for feed in feeds:
            feed.written(found)

    async def compare_threads(self) -> None:
        """One statement for all open conversations of the process."""
        feeds = [feed for feed in self.members if feed.conversation_id]
        open_ones = {feed.conversation_id for feed in feeds if feed.conversation_id}
        states = await in_db(reading.states, open_ones)
        for feed in feeds:
            state = states.get(feed.conversation_id)  # type: ignore[arg-type]
            if state is not None and state.gone == feed.gone:
                feed.behind(state.version if not feed.gone else feed.version)
            elif not feed.gone or state is not None:
                feed.doubt()
                feed.wake.set()

    async def check_sessions(self) -> None:
        """Close the sockets of sessions that are over."""
        for key in {feed.session_key for feed in self.members}:
            user = await in_db(user_of_session, key)
            pk = user.pk if user else None
            self.close_where(
                lambda feed, key=key, pk=pk: feed.session_key == key and feed.user.pk != pk,  # type: ignore[misc]
                SIGNED_OUT,
            )

    def close_all(self, code: int) -> None:
        self.close_where(lambda feed: True, code)


async def every(
    seconds: float, work: Callable[[], Coroutine[object, object, object]], trouble: Trouble
) -> None:
    """Do this again and again; after a round that fails the next one comes."""
    while True:
        await asyncio.sleep(seconds)
        await survive(work, trouble)


hub = Hub()
