"""Sockets outlive the request that opened them, but not the right to have them."""

import asyncio
from collections.abc import AsyncIterator
from importlib import import_module
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.sessions import EndReason, Login, check_logins
from chat.events import AccountChanged, Changed, ChangeKind, SessionRenewed, SignedOut
from chat.models import Conversation
from chat.pubsub import pubsub
from chat.realtime.connection_registry import (
    RECONNECT,
    RENEWAL_SECONDS,
    SIGNED_OUT,
    ConnectionRegistry,
)
from chat.realtime.open_page import OpenPage
from chat.services import conversation_actions
from core.db.executors import run_in_db
from tests.support.factories import said
from tests.support.frames import has_patch


class Seats(ConnectionRegistry):
    """A hub whose clocks do not run: the test says when it is time."""

    def startup(self) -> None:
        pubsub.listeners.add(self.on_event)


@pytest.fixture
async def seats() -> AsyncIterator[Seats]:
    hub = Seats()
    yield hub
    pubsub.listeners.discard(hub.on_event)


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def seated(
    hub: ConnectionRegistry, user: User, key: str, conversation: Conversation | None = None
) -> list[tuple[int, str]]:
    """The codes and reasons that this seat is closed with."""
    closes: list[tuple[int, str]] = []

    def close(code: int, reason: EndReason) -> None:
        hub.leave(feed)
        closes.append((code, reason))

    feed = OpenPage(user, key, conversation.pk if conversation else None)
    hub.join(feed, close)
    return closes


async def told(hub: ConnectionRegistry, event: AccountChanged) -> None:
    """The hub hears this, and has looked at the database."""
    hub.on_event(event)
    await asyncio.gather(*hub.tasks)


def store(key: str) -> object:
    return import_module(settings.SESSION_ENGINE).SessionStore(key)


async def test_sessions_that_are_over_lose_their_sockets(
    committed: None, seats: Seats, owner: User, stranger: User
) -> None:
    keys = [await run_in_db(session_of, user) for user in (owner, owner, stranger)]
    codes = [
        seated(seats, user, key) for user, key in zip((owner, owner, stranger), keys, strict=True)
    ]
    await seats.check_sessions()
    assert codes == [[], [], []]
    await run_in_db(lambda: store(keys[0]).flush())  # type: ignore[attr-defined]
    await seats.check_sessions()
    # Its browser may have a session again; the next handshake says.
    assert codes == [[(RECONNECT, "signed-out")], [], []]


async def test_a_person_who_is_switched_off_loses_every_socket(
    committed: None, seats: Seats, owner: User, stranger: User
) -> None:
    keys = [await run_in_db(session_of, user) for user in (owner, owner, stranger)]
    codes = [
        seated(seats, user, key) for user, key in zip((owner, owner, stranger), keys, strict=True)
    ]
    await run_in_db(User.objects.filter(pk=owner.pk).update, is_active=False)
    await seats.check_sessions()
    assert codes == [[(SIGNED_OUT, "deactivated")], [(SIGNED_OUT, "deactivated")], []]


async def test_a_changed_password_ends_the_other_sockets(
    committed: None, seats: Seats, owner: User
) -> None:
    codes = seated(seats, owner, await run_in_db(session_of, owner))
    await run_in_db(User.objects.filter(pk=owner.pk).update, password="other")
    await seats.check_sessions()
    assert codes == [(SIGNED_OUT, "password-changed")]


async def test_a_deleted_person_loses_every_socket(
    committed: None, seats: Seats, owner: User, stranger: User
) -> None:
    codes = [seated(seats, user, await run_in_db(session_of, user)) for user in (owner, stranger)]
    await run_in_db(owner.delete)
    await seats.check_sessions()
    assert codes == [[(SIGNED_OUT, "account-deleted")], []]


async def test_one_account_is_looked_at_when_it_changed(
    committed: None, seats: Seats, owner: User, stranger: User
) -> None:
    codes = [seated(seats, user, await run_in_db(session_of, user)) for user in (owner, stranger)]
    await told(seats, AccountChanged(owner.pk))
    assert codes == [[], []]
    await run_in_db(User.objects.update, is_active=False)
    await told(seats, AccountChanged(owner.pk))
    assert codes == [[(SIGNED_OUT, "deactivated")], []]


async def test_a_renewed_session_connects_again(committed: None, seats: Seats, owner: User) -> None:
    """Whichever of the two events comes first, and nobody else is let in with its old key."""
    codes = seated(seats, owner, "old")
    seats.on_event(SessionRenewed("old"))
    assert codes == [(RECONNECT, "signed-out")]
    assert seats.is_renewed("old")
    late = seated(seats, owner, "old")
    seats.on_event(SignedOut("old"))
    assert late == [(RECONNECT, "signed-out")]
    seats.renewed["old"] -= RENEWAL_SECONDS
    assert not seats.is_renewed("old")
    await seats.check_sessions()
    assert seats.renewed == {}


async def test_sessions_are_checked_by_one_query_however_many(
    committed: None, seats: Seats, owner: User
) -> None:
    keys = [await run_in_db(session_of, owner) for _ in range(30)]
    codes = [seated(seats, owner, key) for key in keys]
    asked: list[int] = []

    def counted(logins: dict[Login, str]) -> int:
        with CaptureQueriesContext(connection) as queries:
            changed = check_logins(logins)
        asked.append(len(queries))
        return len(changed)

    first = {(key, owner.pk): "" for key in keys}
    assert await run_in_db(counted, first) == 30
    await seats.check_sessions()
    assert await run_in_db(counted, seats.revisions) == 0
    await run_in_db(lambda: store(keys[7]).flush())  # type: ignore[attr-defined]
    assert await run_in_db(counted, seats.revisions) == 1
    assert asked == [1, 1, 1]
    assert not any(codes)


async def test_signing_out_closes_at_once_what_came_with_the_session(
    committed: None, seats: Seats, owner: User
) -> None:
    codes = [seated(seats, owner, key) for key in ("one", "two")]
    seats.on_event(SignedOut("one"))
    assert codes == [[(SIGNED_OUT, "signed-out")], []]


async def test_events_reach_the_owner_alone(
    committed: None, seats: Seats, owner: User, stranger: User
) -> None:
    conversation = await run_in_db(said, owner)
    feeds = [OpenPage(user, "key", conversation.pk) for user in (owner, stranger)]
    for feed in feeds:
        feed.is_thread_stale = False
        seats.join(feed, lambda code, reason: None)
    seats.on_event(Changed(owner.pk, conversation.pk, ChangeKind.THREAD))
    assert [feed.is_thread_stale for feed in feeds] == [True, False]
    assert [feed.wake.is_set() for feed in feeds] == [True, False]


async def test_what_was_not_heard_is_seen_in_the_database(
    committed: None, seats: Seats, owner: User
) -> None:
    conversation = await run_in_db(said, owner)
    feed = OpenPage(owner, "key", conversation.pk)
    seats.join(feed, lambda code, reason: None)
    first = await feed.next_frame()
    assert first is not None
    assert first.event == "thread"
    await seats.compare()
    assert not feed.wake.is_set()
    await run_in_db(conversation_actions.delete, owner, conversation.pk)
    await seats.compare()
    assert feed.wake.is_set()
    gone = await feed.next_frame()
    assert gone is not None
    assert (gone.event, has_patch(gone, "delete", f"row-{conversation.pk.hex}")) == ("gone", True)
    assert await feed.next_frame() is None
    feed.wake.clear()
    await seats.compare()
    assert not feed.wake.is_set()
    await run_in_db(conversation_actions.restore, owner, conversation.pk)
    await seats.compare()
    back = await feed.next_frame()
    assert back is not None
    assert (back.event, has_patch(back, None, "sidebar-list")) == ("thread", True)
    assert await feed.next_frame() is None


async def test_those_who_left_are_forgotten(committed: None, seats: Seats, owner: User) -> None:
    feeds = [OpenPage(owner, "key", uuid4()) for _ in range(3)]
    for feed in feeds:
        seats.join(feed, lambda code, reason: None)
    for feed in feeds:
        seats.leave(feed)
        seats.leave(feed)
    assert not seats.close_by_page
    assert not seats.by_user
    await asyncio.sleep(0)
