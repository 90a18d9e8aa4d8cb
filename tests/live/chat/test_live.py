"""Live everywhere: what is changed in one tab shows in the others, events heard or not."""

import re
from uuid import UUID, uuid4

import pytest
from django.utils import timezone, translation

from accounts.models import User
from chat.models import ChatModel, Conversation, SystemPrompt
from chat.realtime.connection_registry import ConnectionRegistry
from chat.realtime.open_page import OpenPage
from chat.realtime.pending_rows import PendingRows
from chat.selectors import change_feed
from chat.selectors.change_feed import Changes, Snapshot
from chat.services import conversation_actions, read_state
from core.db.executors import run_in_db
from tests.support.chat import Counted
from tests.support.factories import said
from tests.support.frames import has_patch, html_of
from tests.support.people import Person, Socket
from tests.support.rows import Rows


def answer_of(page: str) -> str:
    return str(re.findall(r'data-message-id="([^"]*)" data-role="assistant"', page)[-1])


def model_called(rows: Rows, label: str) -> str:
    return str(rows.one("SELECT id FROM chat_chatmodel WHERE label = %s", label)["id"])


# Over the wire
def test_a_rename_changes_the_heading_elsewhere(visitor: Person, finished: UUID) -> None:
    with visitor.looking_at(finished) as socket:
        visitor.post(f"/c/{finished}/rename/", title="Sky & <sea>")
        frame = socket.until(lambda frame: frame["event"] == "thread")
        assert has_patch(frame, None, "conversation-title")
        assert "Sky &amp; &lt;sea&gt;" in html_of(frame)
        assert "<article" not in html_of(frame)
        assert f'id="thread-version" value="{visitor.version(finished)}"' in html_of(frame)


def test_choices_are_pushed(visitor: Person, finished: UUID, rows: Rows) -> None:
    model = model_called(rows, "Llama 3 70B")
    with visitor.looking_at(finished) as socket:
        visitor.post(f"/c/{finished}/options/", model=model, temperature="0.25")
        frame = socket.until(lambda frame: frame["event"] == "thread")
        assert has_patch(frame, "outerMorph", "model-settings")
        assert f'<option value="{model}" selected>' in html_of(frame)
        assert 'value="0.25"' in html_of(frame)
        assert "<article" not in html_of(frame)


def test_thumbs_are_pushed(visitor: Person, finished: UUID) -> None:
    key = answer_of(visitor.page(finished))
    with visitor.looking_at(finished) as socket:
        visitor.post(f"/m/{key}/feedback/", value="1")
        buttons = f"feedback-{UUID(key).hex}"
        frame = socket.until(lambda frame: has_patch(frame, "outerMorph", buttons))
        assert 'aria-pressed="true" aria-label="Good answer"' in html_of(frame)
        assert "<article" not in html_of(frame)
        visitor.post(f"/m/{key}/feedback/", value="")
        frame = socket.until(lambda frame: has_patch(frame, "outerMorph", buttons))
        assert 'aria-pressed="true"' not in html_of(frame)


def test_a_page_that_was_away_gets_the_heading_and_the_choices(
    visitor: Person, finished: UUID
) -> None:
    at = visitor.version(finished)
    visitor.post(f"/c/{finished}/rename/", title="Renamed meanwhile")
    with visitor.socket(finished, f"?at={at}") as socket:
        frame = socket.until(lambda frame: frame["event"] == "thread")
        assert "Renamed meanwhile" in html_of(frame)
        assert has_patch(frame, None, "model-settings")


def test_a_lost_event_of_the_sidebar_is_made_up_for(
    visitor: Person, finished: UUID, rows: Rows
) -> None:
    """Written past every event, as when the layer drops them."""
    as_of = re.findall(r'id="sidebar-snapshot" value="([\d.]+)"', visitor.page(finished))[0]
    title = f"Unheard {uuid4()}"
    rows.do("UPDATE chat_conversation SET title = %s WHERE id = %s", title, finished)
    with visitor.socket(None, f"?rows={as_of}") as socket:
        frame = socket.until_text(title)
        assert (frame["event"], "sidebar-snapshot" in html_of(frame)) == ("sidebar", True)
        other = f"Again {uuid4()}"
        rows.do("UPDATE chat_conversation SET title = %s WHERE id = %s", other, finished)
        frame = socket.until_text(other)
        # Its place did not change, so the line is enough.
        assert has_patch(frame, "outerMorph", f"row-{finished.hex}")
        assert title not in html_of(frame)


# What a look costs, and what it finds
async def test_nothing_is_sent_when_nothing_was_lost(committed: None, owner: User) -> None:
    conversation = await run_in_db(said, owner)
    since = await run_in_db(change_feed.current_snapshot)
    page = OpenPage(owner, "key", None, rows=PendingRows(since))

    async def compare() -> Changes:
        assert page.rows.since is not None
        changes = await run_in_db(change_feed.load_changes, {owner.pk: page.rows.since.low})
        page.on_sidebar_changes(changes)
        return changes

    for _ in range(2):
        await compare()
        assert page.rows.is_empty
    await run_in_db(conversation_actions.rename, owner, conversation.pk, "Lost")
    changes = await compare()
    assert "Lost" in html_of(await page.sidebar_frame())
    page.on_sidebar_changes(changes)
    assert page.rows.is_empty


async def test_every_kind_of_change_is_found(committed: None, owner: User) -> None:
    conversation = await run_in_db(said, owner)
    key = conversation.pk
    for change in (
        lambda: conversation_actions.rename(owner, key, "New"),
        lambda: read_state.mark_read(owner, key),
        lambda: conversation_actions.delete(owner, key),
        lambda: conversation_actions.restore(owner, key),
    ):
        since = (await run_in_db(change_feed.current_snapshot)).low
        assert not (await run_in_db(change_feed.load_changes, {owner.pk: since})).people
        await run_in_db(change)
        found = (await run_in_db(change_feed.load_changes, {owner.pk: since})).people
        assert [written.id for written in found[owner.pk]] == [key]


def test_a_look_costs_one_statement_at_any_length(
    committed: None, owner: User, stranger: User, queries: Counted
) -> None:
    Conversation.objects.bulk_create(
        Conversation(owner=person, title=f"Old {number}")
        for number in range(300)
        for person in (owner, stranger)
    )
    with queries:
        look = change_feed.load_changes({owner.pk: 0, stranger.pk: 2**62})
    assert queries.count == 1
    assert len(look.people[owner.pk]) == change_feed.MAX_CHANGES
    assert stranger.pk not in look.people


async def test_the_clock_looks_for_everybody_at_once(
    committed: None, owner: User, stranger: User
) -> None:
    conversation = await run_in_db(said, owner)
    hub, since = ConnectionRegistry(), await run_in_db(change_feed.current_snapshot)
    feeds = [
        OpenPage(user, "key", None, rows=PendingRows(since)) for user in (owner, owner, stranger)
    ]
    for feed in feeds:
        hub.close_by_page[feed] = lambda code, reason: None
    await run_in_db(conversation_actions.delete, owner, conversation.pk)
    await hub.compare()
    frames = [await feed.next_frame() for feed in feeds]
    assert [frame and frame.event for frame in frames] == ["sidebar", "sidebar", None]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("10.10", [True, False, False, False]),
        ("10.13", [True, True, True, True]),
        ("10.13.11", [True, True, False, True]),
        ("10.12.10.11", [True, False, False, False]),
    ],
)
def test_a_snapshot_saw_what_was_over(text: str, seen: list[bool]) -> None:
    snapshot = Snapshot.parse(text)
    assert snapshot is not None
    assert str(snapshot) == text
    assert [snapshot.includes(number) for number in (9, 10, 11, 12)] == seen
    assert change_feed.parse_snapshot("10:13:11,12") == Snapshot(10, 13, frozenset({11, 12}))
    assert change_feed.parse_snapshot("10:10:") == Snapshot(10, 10)


@pytest.mark.parametrize(
    "text", ["", "1", "x.y", "1.", "1.2:3", "٣.٣", "1." * 200, "9" * 30 + ".1"]
)
def test_what_is_no_snapshot_is_none(text: str) -> None:
    assert Snapshot.parse(text) is None


def test_a_socket_speaks_its_browsers_language(visitor: Person, finished: UUID) -> None:
    headers = {"Cookie": f"chat_session={visitor.session}", "Accept-Language": "de-DE,de;q=0.9"}
    path = f"/ws/c/{finished}/?at={visitor.version(finished)}&again=1"
    with Socket.open(visitor.url, path, additional_headers=headers) as socket:
        frame = socket.until(lambda frame: frame["event"] == "sidebar")
        assert ">Heute</h2>" in html_of(frame)


async def test_work_beside_the_loop_has_the_language_and_the_zone_of_its_caller() -> None:
    with translation.override("fr"), timezone.override("Asia/Tokyo"):
        language = await run_in_db(translation.get_language)
        assert (language, await run_in_db(timezone.get_current_timezone_name)) == (
            "fr",
            "Asia/Tokyo",
        )


# What is chosen and no longer there
@pytest.mark.django_db
def test_a_model_that_was_switched_off_is_named(
    owner: User, owner_client: object, stranger_client: object
) -> None:
    conversation = said(owner)
    gone = ChatModel.objects.get(label="Llama 3 70B")
    Conversation.objects.filter(pk=conversation.pk).update(model=gone)
    ChatModel.objects.filter(pk=gone.pk).update(enabled=False)
    page = owner_client.get(f"/c/{conversation.pk}/").content.decode()  # type: ignore[attr-defined]
    assert "“Llama 3 70B” is no longer available. " in page


@pytest.mark.django_db
@pytest.mark.parametrize("default_offered", [True, False])
def test_a_prompt_that_was_switched_off_leaves_the_default(
    owner: User, owner_client: object, default_offered: bool
) -> None:
    conversation = said(owner)
    default = SystemPrompt.objects.get(is_default=True)
    SystemPrompt.objects.filter(pk=default.pk).update(enabled=default_offered)
    for name, enabled in (("A first one", True), ("Switched off", False)):
        SystemPrompt.objects.create(name=name, enabled=enabled, published=default.published)
    gone = SystemPrompt.objects.get(name="Switched off")
    Conversation.objects.filter(pk=conversation.pk).update(prompt=gone)
    page = owner_client.get(f"/c/{conversation.pk}/").content.decode()  # type: ignore[attr-defined]
    chosen = re.findall(r'<option value="([^"]*)" selected>Default<', page)
    assert chosen == [str(default.pk) if default_offered else ""]
