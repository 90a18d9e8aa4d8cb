"""Pages for the owner, and for nobody else."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from chat.errors import FAULTS
from chat.models import ChatModel, Conversation, Message, Status
from chat.rendering.components.thread_view import format_row_cursor
from chat.rendering.markdown import RENDERER_VERSION
from chat.selectors.sidebar_rows import list_rows
from chat.services import conversation_actions, turns
from tests.support.chat import Counted
from tests.support.factories import (
    PROCESS,
    append,
    asked,
    branch,
    end,
    long_conversation,
    run_of,
    said,
)

pytestmark = pytest.mark.django_db
NO_ID = "00000000-0000-4000-8000-000000000000"  # of nothing that exists


def pages_of(conversation: Conversation) -> list[str]:
    first = branch(conversation)[0]
    return [f"/c/{conversation.pk}/", f"/c/{conversation.pk}/before/{first.pk}/"]


def articles(html: str) -> list[tuple[str, str]]:
    return re.findall(r'<article [^>]*data-role="(\w+)" data-status="(\w+)"', html)


# The three people
def test_the_owner_sees_the_conversation(owner_client: Client, owner: User) -> None:
    conversation = said(owner, "Why?", "And?")
    for path in pages_of(conversation):
        assert owner_client.get(path).status_code == 200
    page = owner_client.get(pages_of(conversation)[0]).content.decode()
    assert articles(page) == [("user", "complete"), ("assistant", "complete")] * 2
    assert f'id="thread-version" value="{conversation.version}"' in page


@pytest.mark.parametrize("who", ["stranger_client", "staff_client"])
def test_others_find_nothing(request: pytest.FixtureRequest, owner: User, who: str) -> None:
    client: Client = request.getfixturevalue(who)
    conversation = said(owner, "A secret question?")
    for path in pages_of(conversation):
        response = client.get(path)
        assert response.status_code == 404
        assert "secret" not in response.content.decode()
    assert "secret" not in client.get("/").content.decode()
    assert client.head(pages_of(conversation)[0]).status_code == 404


def test_those_who_are_not_signed_in_come_back_after_it(client: Client, owner: User) -> None:
    conversation = said(owner)
    for path in ("/", *pages_of(conversation), "/rows/?before=1"):
        response = client.get(path)
        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/login/?next=%2F")
    assert response["Location"].endswith("next=%2Frows%2F%3Fbefore%3D1")


def test_a_part_of_a_page_is_not_exchanged_for_the_sign_in_page(
    client: Client, owner: User
) -> None:
    conversation = said(owner)
    answer = branch(conversation)[1]
    parts = (
        "/rows/?before=1",
        *(f"/m/{answer.pk}/{name}/" for name in ("about", "source", "thoughts")),
    )
    for path in (*parts, pages_of(conversation)[1]):
        response = client.get(path, headers={"HX-Request": "true"})
        assert response.status_code == 401
        assert response["HX-Retarget"] == "#composer-notice"
        assert "You are signed out." in response.content.decode()
        assert "password" not in response.content.decode()


def test_a_saved_wording_says_that_it_was_not_sent_and_can_be(
    owner_client: Client, owner: User
) -> None:
    conversation = said(owner, "Why?")
    question = branch(conversation)[0]
    saved = turns.save_edit(owner, question.pk, uuid4(), "Why not?")
    page = owner_client.get(f"/c/{conversation.pk}/").content.decode()
    assert articles(page) == [("user", "complete")]
    assert "This version is saved but has not been sent." in page
    assert f'hx-post="/m/{saved.active_leaf_id}/regenerate/"' in page
    assert "2 of 2" in page
    conversation_actions.choose_branch(owner, question.pk)
    page = owner_client.get(f"/c/{conversation.pk}/").content.decode()
    assert articles(page) == [("user", "complete"), ("assistant", "complete")]
    assert "has not been sent" not in page


def test_a_deleted_conversation_is_not_there(owner_client: Client, owner: User) -> None:
    conversation = said(owner)
    conversation_actions.delete(owner, conversation.pk)
    for path in pages_of(conversation):
        assert owner_client.get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/c/x/", "/c/01/", f"/c/{NO_ID}/", f"/c/{NO_ID}/before/{NO_ID}/", "/m/x/edit/"]
)
def test_what_never_was_is_not_there(owner_client: Client, path: str) -> None:
    assert owner_client.get(path).status_code == 404


def test_a_page_is_read_only(owner_client: Client, owner: User) -> None:
    for path in ("/", *pages_of(said(owner))):
        assert owner_client.post(path).status_code == 405


# The thread
def test_a_long_conversation_opens_on_its_end(
    owner_client: Client, owner: User, queries: Counted
) -> None:
    conversation, short = long_conversation(owner, 2_000), long_conversation(owner, 40)
    with queries:
        owner_client.get(f"/c/{short.pk}/")
    enough = queries.count
    with queries:
        page = owner_client.get(f"/c/{conversation.pk}/").content.decode()
    assert len(articles(page)) == 30
    assert "message 2000<" in page
    assert "message 1970<" not in page
    assert queries.count <= enough <= 20
    (older,) = re.findall(r'hx-get="(/c/[^"]*/before/[^"]*/)"', page)
    above = owner_client.get(older).content.decode()
    assert len(articles(above)) == 30
    assert "message 1970<" in above
    assert "message 1971<" not in above


def test_the_text_of_people_and_models_is_never_markup(owner_client: Client, owner: User) -> None:
    turn = asked(owner, "<script>alert(1)</script> & <b>x</b>")
    end(turn, "<img src=x onerror=alert(2)> **bold** [x](javascript:alert(3))")
    page = owner_client.get(f"/c/{turn.conversation.pk}/").content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "javascript:" not in page
    assert "<strong>bold</strong>" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_live_answer_of_another_process_shows_what_is_saved(
    owner_client: Client, owner: User
) -> None:
    turn = asked(owner)
    append(run_of(turn), 0, "Light *scat")
    page = owner_client.get(f"/c/{turn.conversation.pk}/").content.decode()
    assert articles(page)[-1] == ("assistant", "streaming")
    assert "Light" in page


def test_a_continued_answer_of_another_process_shows_old_and_new_text(
    owner_client: Client, owner: User
) -> None:
    from_before = asked(owner)
    end(from_before, "Half ", Status.STOPPED)
    key = from_before.answer.pk
    Message.objects.filter(pk=key).update(html="<p>Half</p>", renderer_version=RENDERER_VERSION)
    more = turns.continue_answer(owner, key, PROCESS)
    append(run_of(more), 5, "of it")
    page = owner_client.get(f"/c/{more.conversation.pk}/").content.decode()
    assert "Half of it" in page


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_a_failed_answer_says_what_happened_and_offers_to_retry(
    owner_client: Client, owner: User, code: str
) -> None:
    turn = asked(owner)
    end(turn, "So far.", Status.FAILED, code=code)
    page = owner_client.get(f"/c/{turn.conversation.pk}/").content.decode()
    assert FAULTS[code].sentence.replace("'", "&#x27;") in page
    assert 'aria-label="Retry"' in page
    assert "So far." in page
    assert ">Continue<" in page


@pytest.mark.parametrize(
    ("status", "reason", "note", "goes_on"),
    [
        (Status.COMPLETE, "stop", "", False),
        (Status.COMPLETE, "length", "was cut off here", True),
        (Status.COMPLETE, "answer_too_long", "was cut off here", True),
        (Status.COMPLETE, "content_filter", "content filter", True),
        (Status.COMPLETE, "other", "an unknown reason", True),
        (Status.STOPPED, "", "You stopped", True),
        (Status.COMPLETE, "refusal", "The model refused", False),
        (Status.INTERRUPTED, "", "The server restarted", True),
        (Status.INTERRUPTED, "no_finish", "ended before it was complete", True),
    ],
)
def test_how_an_answer_ended_is_said(
    owner_client: Client, owner: User, status: Status, reason: str, note: str, goes_on: bool
) -> None:
    turn = asked(owner)
    end(turn, "So far.", status, reason=reason)
    page = owner_client.get(f"/c/{turn.conversation.pk}/").content.decode()
    assert note in page
    assert ('class="message-note"' in page) is bool(note)
    assert (">Continue<" in page) is goes_on
    again = "Retry" if status == Status.INTERRUPTED else "Regenerate"
    assert f'aria-label="{again}"' in page


def test_a_site_without_a_model_says_so(owner_client: Client) -> None:
    ChatModel.objects.update(enabled=False)
    page = owner_client.get("/").content.decode()
    assert "No model is set up on this site yet." in page


# The sidebar
def test_the_sidebar_goes_on_where_it_ended(
    owner_client: Client, owner: User, queries: Counted
) -> None:
    now = timezone.now()
    for number in range(90):
        Conversation.objects.create(
            owner=owner,
            title=f"row {number}.",
            last_activity_at=now - timedelta(minutes=number // 3),
        )
    html = owner_client.get("/").content.decode()
    seen: list[str] = []
    while True:
        seen += re.findall(r'class="row-title"[^>]*>(row \d+\.)<', html)
        found = re.search(r'hx-get="(/rows/[^"]*)"', html)
        if not found:
            break
        with queries:
            html = owner_client.get(found[1].replace("&amp;", "&")).content.decode()
        assert queries.count <= 4
    assert sorted(seen) == sorted(f"row {number}." for number in range(90))


@pytest.mark.parametrize(
    "before",
    [
        "",
        "x",
        "2026-11-01T00:00:00+00:00",
        "2026-11-01T00:00:00+00:00_",
        "2026-11-01T00:00:00_01900000000070008000000000000000",
        "2026-11-01T00:00:00+00:00_zz",
        "_01900000000070008000000000000000",
        "99999-01-01T00:00:00+00:00_01900000000070008000000000000000",
        "%00",
        "%ed%a0%80",
    ],
)
def test_a_cursor_that_is_none_is_not_found(owner_client: Client, before: str) -> None:
    assert owner_client.get(f"/rows/?before={before}").status_code == 404


@pytest.mark.parametrize("year", ["0001-01-01T00:00:00%2B10:00", "9999-12-31T23:59:59-10:00"])
def test_a_cursor_at_the_end_of_time_is_no_error(owner_client: Client, year: str) -> None:
    key = uuid4().hex
    assert owner_client.get(f"/rows/?before={year}_{key}").status_code in (200, 404)


def test_a_group_that_goes_on_has_no_second_heading(owner_client: Client, owner: User) -> None:
    said(owner, "Old?")
    last = list_rows(owner)[-1]
    Conversation.objects.create(
        owner=owner, title="Older", last_activity_at=last.last_activity_at - timedelta(seconds=1)
    )
    path = f"/rows/?before={format_row_cursor(last).replace('+', '%2B')}"
    assert "Older" in owner_client.get(f"{path}&group=today").content.decode()
    assert "<h2" not in owner_client.get(f"{path}&group=today").content.decode()
    hostile = owner_client.get(f"{path}&group=%22%3E%3Cscript%3E").content.decode()
    assert "<script" not in hostile
