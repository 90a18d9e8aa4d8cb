"""The sidebar of a page deep in a long history: few lines, the right ones, and the gap filled."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.test import Client

from accounts.models import User
from chat.events import ChangeKind
from chat.models import Conversation
from chat.realtime.frame import Frame
from chat.realtime.open_page import OpenPage
from chat.realtime.page_state import PageSnapshot
from chat.realtime.pending_rows import PendingRows, load_sidebar
from chat.realtime.snapshots import snapshot_of_row
from chat.rendering.components.thread_view import sidebar_page_html
from chat.selectors import change_feed
from chat.selectors.sidebar_page import (
    CONTEXT_ROWS,
    PAGE_SIZE,
    TOP_ROWS,
    SidebarPage,
    load_sidebar_page,
)
from chat.selectors.sidebar_rows import SidebarRow, list_rows
from chat.services import conversation_actions
from tests.support.chat import Counted
from tests.support.factories import said
from tests.support.frames import html_of

pytestmark = pytest.mark.django_db
COUNT = 400
# A title, or a heading where a group begins.
LINE = re.compile(r'class="row-title"[^>]*>(\d+)<|class="rows-heading">([^<]*)<')
MORE = re.compile(r'<div class="load-more( load-gap)?" hx-get="(/rows/[^"]*)"')


@pytest.fixture
def made(owner: User) -> list[SidebarRow]:
    """Conversations of the last fourteen months, titled by their number, some at equal times."""
    now = datetime.now(UTC)
    Conversation.objects.bulk_create(
        Conversation(owner=owner, title=str(n), last_activity_at=now - timedelta(days=n // 3 * 3))
        for n in range(COUNT)
    )
    return list_rows(owner, size=COUNT)


@pytest.mark.parametrize("at", [0, 15, 16, 39, 40, 41, 64, 65, 66, 200, COUNT - 25, COUNT - 1])
def test_a_page_lists_the_newest_and_those_around_the_open_one(
    owner: User, made: list[SidebarRow], queries: Counted, at: int
) -> None:
    with queries:
        found = load_sidebar_page(owner, made[at].id)
    assert queries.count <= 4
    assert len(found.rows) <= PAGE_SIZE + 2 * CONTEXT_ROWS + 1
    listed = [*found.newest, *found.around]
    first = PAGE_SIZE if found.above is None else TOP_ROWS
    assert found.newest[:first] == made[:first]
    places = [made.index(row) for row in listed]
    assert places == sorted(set(places))
    near = range(max(at - CONTEXT_ROWS, 0), min(at + CONTEXT_ROWS + 1, COUNT))
    assert set(near) <= set(places)
    assert found.has_more or places[-1] == COUNT - 1
    jumps = [place for before, place in pairwise(places) if place != before + 1]
    assert jumps == ([] if found.above is None else [at - CONTEXT_ROWS])
    assert found.above is None or found.above == made[at - CONTEXT_ROWS - 1]
    assert found.is_deep == (at >= PAGE_SIZE - CONTEXT_ROWS)


def test_the_first_ones_cost_one_statement(
    owner: User, made: list[SidebarRow], queries: Counted
) -> None:
    for shown in (None, made[15].id):
        with queries:
            load_sidebar_page(owner, shown)
        assert queries.count == 1


def test_somebody_elses_conversation_is_not_looked_around(
    owner: User, stranger: User, made: list[SidebarRow]
) -> None:
    other = Conversation.objects.create(owner=stranger, title="Theirs")
    found = load_sidebar_page(owner, other.pk)
    assert (found.newest, found.around, found.has_more) == (made[:PAGE_SIZE], (), True)


@pytest.mark.parametrize("side", ["down", "up", "both"])
def test_a_gap_is_filled_without_gap_or_double(
    owner: User, owner_client: Client, made: list[SidebarRow], side: str
) -> None:
    """Whatever side the reader comes from; each heading stands once, where its group begins."""
    html = str(
        sidebar_page_html(load_sidebar_page(owner, made[300].id), change_feed.current_snapshot())
    )
    for number in range(20):
        found = MORE.search(html)
        if found is None:
            break
        path = found[2].replace("&amp;", "&")
        if found[1] and (side == "up" or (side == "both" and number % 2)):
            path += "&up=1"
        end = html.index("</div>", found.end()) + len("</div>")
        html = html[: found.start()] + owner_client.get(path).content.decode() + html[end:]
    whole = sidebar_page_html(SidebarPage(made, has_more=False), change_feed.current_snapshot())
    assert LINE.findall(html) == LINE.findall(whole)


def read_rows(page: OpenPage) -> Frame | None:
    """What `OpenPage.sidebar_frame` sends, on this thread and within the test's transaction."""
    snapshot = load_sidebar(page.user, page.rows.take(), page.state.sidebar)
    return page.apply(PageSnapshot(sidebar=snapshot))


def test_a_list_that_is_sent_again_holds_the_open_one(owner: User, made: list[SidebarRow]) -> None:
    for shown, held in ((made[200].id, True), (None, False)):
        page = OpenPage(owner, "key", shown, rows=PendingRows(None, True, shown))
        assert (f'id="row-{made[200].id.hex}"' in html_of(read_rows(page))) == held
        assert (made[200].id in page.state.sidebar.rows) == held


@pytest.mark.parametrize("times", [1, 2])
def test_what_is_known_of_one_event_is_not_all_of_two(owner: User, times: int) -> None:
    """The end of an answer, and a new title that another tab gave meanwhile."""
    closed = said(owner, "Why?")
    page = OpenPage(owner, "key", None)
    for _ in range(times):
        page.rows.add(closed.pk, ChangeKind.SIDEBAR_ROW)
    conversation_actions.rename(owner, closed.pk, "A new title")
    row = snapshot_of_row(closed, answering=False, bumped=False)
    committed = page.committed_row(closed, ChangeKind.SIDEBAR_ROW, row)
    assert "Why?" in html_of(page.apply(PageSnapshot(sidebar=committed)))
    assert page.rows.is_empty is (times == 1)
    if times == 2:
        assert "A new title" in html_of(read_rows(page))
    assert read_rows(page) is None
