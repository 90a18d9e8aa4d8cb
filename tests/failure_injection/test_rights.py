"""Open pages end with the right to them: at once by an event, soon where nobody tells."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.failure_injection import ended
from tests.failure_injection.conftest import Pair
from tests.failure_injection.ended import Closing, Watched, read_to_end, watched
from tests.fake_llm import UpstreamThread
from tests.support.frames import html_of
from tests.support.people import Socket, signed_in
from tests.support.polling import eventually
from tests.support.rows import Rows
from tests.support.site import Site

# On a busy machine; in peace it takes some hundredths, and up to a whole round of the comparison.
BY_EVENT = 2.0
BY_COMPARISON = 6.0


@pytest.fixture
def rows(site_database: dict[str, str]) -> Rows:
    return Rows(site_database["DATABASE_URL"])


@pytest.fixture(scope="module")
def deaf(site_database: dict[str, str], upstream_server: UpstreamThread) -> Iterator[list[Site]]:
    """Two processes without a channel layer: neither hears what happens in the other."""
    values = site_database | {"INFERENCE_BASE_URL": upstream_server.base_url}
    with Site(values) as one, Site(values) as two:
        yield [one, two]


def check_closed(target: Watched, due: float, limit: float, *events: str) -> list[Closing]:
    """Every page was told one of these in its last frame, and was closed for good in time."""
    closings = target.closings()
    seconds = [round(closing.closed_at - due, 2) for closing in closings]
    print(f"closed after {seconds} s")
    assert {closing.last_event for closing in closings} <= set(events)
    assert {closing.code for closing in closings} == {4401}
    assert max(seconds) < limit
    return closings


def check_hung_up(upstream: UpstreamThread, due: float, limit: float) -> None:
    upstream.wait_for(lambda up: all(request.hung_up for request in up.chats), limit)
    (request,) = upstream.chats
    assert request.hung_up_at is not None
    print(f"hung up after {request.hung_up_at - due:.2f} s")
    assert request.hung_up_at - due < limit


Way = Callable[[Site, Rows, Watched], float]
EVENTS: list[tuple[Way, str, bool]] = [
    (ended.deactivate, "deactivated", True),
    (ended.delete, "account-deleted", True),
    (ended.delete_from_list, "account-deleted", True),
    (ended.set_password, "password-changed", False),
    (ended.change_password_elsewhere, "password-changed", False),
    (ended.reset_by_mail, "password-changed", False),
    (ended.sign_out, "signed-out", False),
]


def named(value: object) -> str | None:
    return getattr(value, "__name__", None)


@pytest.mark.parametrize(("end", "event", "stops"), EVENTS, ids=named)
def test_pages_of_every_process_close_at_once(
    pair: Pair, rows: Rows, upstream: UpstreamThread, end: Way, event: str, stops: bool
) -> None:
    before = len(pair.one.log())
    with watched([pair.one, pair.two], rows, upstream) as target:
        due = end(pair.one, rows, target)
        check_closed(target, due, BY_EVENT, event)
        if stops:
            check_hung_up(upstream, due, BY_EVENT)
        else:
            eventually(lambda: rows.answer(target.conversation)["status"] == "streaming")
    assert "ERROR" not in pair.one.log()[before:]


def test_what_a_deactivated_person_was_told_is_kept(
    pair: Pair, rows: Rows, upstream: UpstreamThread
) -> None:
    with watched([pair.one], rows, upstream) as target:
        due = ended.deactivate(pair.two, rows, target)
        check_hung_up(upstream, due, BY_EVENT)
        row = eventually(lambda: stopped(rows, target)) or {}
    assert row["text"].startswith("word word")


def stopped(rows: Rows, target: Watched) -> dict[str, Any] | None:
    row = rows.answer(target.conversation)
    return row if row["status"] == "stopped" else None


# The person's own change of password
def test_pages_of_the_own_browser_come_back_and_others_are_signed_out(
    pair: Pair, rows: Rows, upstream: UpstreamThread
) -> None:
    with watched([pair.one, pair.two], rows, upstream) as target:
        old, place = target.person.session, f"/ws/c/{target.conversation}/?again=1"
        elsewhere = signed_in(pair.two.url, target.person.email)
        with elsewhere.socket() as other:
            due = ended.change_password(target.person)
            assert {closing.code for closing in target.closings()} == {4000}
            assert max(closing.closed_at for closing in target.closings()) - due < BY_EVENT
            signed_out = read_to_end(other)
            assert (signed_out.code, signed_out.last_event) == (4401, "password-changed")
            assert "Sign in" in signed_out.notice
        for site in (pair.one, pair.two):
            with Socket.open(site.url, place, target.person.session) as page:
                assert "word" in html_of(page.until_text("word"))
            # Whoever has only the old key gets nothing, and is told nothing wrong meanwhile.
            with Socket.open(site.url, place, old) as late, pytest.raises(ConnectionClosed) as end:
                late.frame()
            assert end.value.rcvd is not None
            assert end.value.rcvd.code == 4000
        elsewhere.http.close()


# Without an event
WAYS: list[tuple[Way, str, bool]] = [
    (ended.deactivate_row, "deactivated", True),
    (ended.delete_in_shell, "account-deleted", True),
    (ended.set_password_in_shell, "password-changed", False),
    (ended.deactivate, "deactivated", True),
    (ended.set_password, "password-changed", False),
]


@pytest.mark.parametrize(("end", "event", "stops"), WAYS, ids=named)
def test_what_nobody_told_is_seen_in_the_database(
    deaf: list[Site], rows: Rows, upstream: UpstreamThread, end: Way, event: str, stops: bool
) -> None:
    """The first process writes the answer, and what happens happens in the second or in none."""
    before = len(deaf[0].log())
    with watched(deaf, rows, upstream) as target:
        due = end(deaf[1], rows, target)
        check_closed(target, due, BY_COMPARISON, event)
        if stops:
            check_hung_up(upstream, due, BY_COMPARISON)
    assert "ERROR" not in deaf[0].log()[before:]


@pytest.mark.parametrize("end", [ended.delete_session, ended.let_session_expire], ids=named)
def test_a_page_whose_session_is_gone_comes_again_and_is_told(
    deaf: list[Site], rows: Rows, upstream: UpstreamThread, end: Way
) -> None:
    """Its browser may have another session by now."""
    with watched(deaf, rows, upstream) as target:
        due = end(deaf[1], rows, target)
        closings = target.closings()
        assert {closing.code for closing in closings} == {4000}
        assert max(closing.closed_at for closing in closings) - due < BY_COMPARISON
        with target.person.socket(target.conversation, "?again=1") as again:
            assert again.frame()["event"] == "signed-out"
            assert again.close_code() == 4401
