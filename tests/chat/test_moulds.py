"""Pages are filled, not rendered, and nothing of a person stays in what is kept."""

from uuid import uuid4

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone, translation

from accounts.models import User
from chat.conversations import drafts
from chat.conversations.reading import Row, rows
from chat.fragments import moulds, pages
from chat.fragments.moulds import filled
from chat.fragments.shown import Line, shown
from chat.models import Conversation, Status, Suggestion
from chat.views.reading import read
from tests.chat.conftest import Counted
from tests.chat.factories import branch, said

pytestmark = pytest.mark.django_db
HOSTILE = "\"'<b>&{{ x }} \ue000id\ue001 %s"


@pytest.mark.parametrize("unread", [True, False])
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_line_is_what_its_template_makes(language: str, unread: bool) -> None:
    row = Row(uuid4(), HOSTILE, timezone.now(), answering=False, unread=unread)
    with translation.override(language):
        assert pages.row_html(row) == render_to_string("chat/_row.html", {"row": row})


@pytest.mark.parametrize("status", [Status.COMPLETE, Status.FAILED, Status.STOPPED])
def test_a_message_is_what_its_template_makes(owner: User, status: str) -> None:
    for message in branch(said(owner, HOSTILE)):
        message.status = status
        made = shown(Line(message))
        assert pages.message_html(made) == render_to_string("chat/_message.html", {"m": made})


def test_a_row_of_the_database_makes_no_mould(owner: User) -> None:
    with pytest.raises(TypeError):
        filled("chat/_older.html", {"conversation": said(owner, "Why?"), "older": uuid4()}, {})


def test_what_an_administrator_writes_is_no_hole(owner_client: Client) -> None:
    Suggestion.objects.create(text="Why \ue000title\ue001 and \ue000other\ue001?")
    page = owner_client.get("/")
    assert page.status_code == 200
    assert "Why \ue000title\ue001 and \ue000other\ue001?" in page.content.decode()


def visit(client: Client, user: User, text: str) -> tuple[list[str], Conversation]:
    """The new chat, a conversation and the sidebar of a person whose things all hold `text`."""
    conversation = said(user, f"{text} question")
    Conversation.objects.filter(pk=conversation.pk).update(title=f"{text} title")
    for place in (conversation.pk, None):
        drafts.keep(user, place, uuid4(), f"{text} draft")
    paths = ("/", f"/c/{conversation.pk}/", "/rows/?before=2100-01-01T00:00:00%2B00:00_" + "0" * 32)
    return [client.get(path).content.decode() for path in paths], conversation


def test_the_next_persons_pages_are_filled_and_hold_only_what_is_theirs(
    owner_client: Client, owner: User, stranger_client: Client, stranger: User
) -> None:
    moulds.mould.cache_clear()
    first, mine = visit(owner_client, owner, "Secret")
    before = moulds.mould.cache_info().misses
    second, _ = visit(stranger_client, stranger, "Other")
    assert moulds.mould.cache_info().misses == before > 0
    for html in second:
        assert "Secret" not in html
        assert owner.email not in html
        assert mine.pk.hex not in html
        assert str(mine.pk) not in html
        assert "\ue000" not in html
    tokens = [client.cookies["chat_csrf"].value for client in (owner_client, stranger_client)]
    assert tokens[0] != tokens[1]
    assert "Secret draft" in first[0]
    assert "Secret title" in first[1]
    assert "Other draft" in second[0]
    assert "Other title" in second[2]


def test_a_page_is_few_statements(owner: User, queries: Counted) -> None:
    """As of, models, prompts, draft, suggestions, rows; no more for more rows."""
    for _ in range(3):
        said(owner, "Why?")
    with queries:
        found = read(owner, None)
    assert len(found.listed.newest) == 3
    assert queries.count <= 6
    with queries:
        rows(owner)
    assert queries.count == 1
