"""A conversation is printed whole, for its owner only."""

import re
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from accounts.models import User
from chat.models import Conversation, Message
from chat.selectors.branch_pages import list_page_ends
from chat.selectors.messages import load_thread
from chat.services import conversation_actions, turns
from tests.support.factories import PROCESS, append, asked, long_conversation, run_of, said

pytestmark = pytest.mark.django_db


def address(conversation: Conversation) -> str:
    return f"/c/{conversation.pk}/print/"


def printed(client: Client, conversation: Conversation) -> str:
    response = client.get(address(conversation))
    assert response.status_code == 200
    return async_to_sync(joined)(response)


async def joined(response: Any) -> str:
    return b"".join([part async for part in response.streaming_content]).decode()


@pytest.mark.parametrize("count", [1, 29, 30, 31, 120])
def test_all_messages_are_printed_in_their_order(
    owner_client: Client, owner: User, count: int
) -> None:
    conversation = long_conversation(owner, count)
    html = printed(owner_client, conversation)
    texts = re.findall(r'<div class="message-body"[^>]*>(.*?)</div>', html, re.S)
    assert len(texts) == count
    rows = Message.objects.filter(conversation=conversation).order_by("seq")
    for row, text in zip(rows, texts, strict=True):
        assert row.text in text
    assert html.rstrip().endswith("</html>")
    assert "hx-" not in html.split("<main", 1)[1]


@pytest.mark.parametrize("who", ["stranger_client", "staff_client"])
def test_others_find_nothing(request: pytest.FixtureRequest, owner: User, who: str) -> None:
    client: Client = request.getfixturevalue(who)
    response = client.get(address(said(owner, "A secret question?")))
    assert response.status_code == 404
    assert "secret" not in response.content.decode()


def test_those_who_are_not_signed_in_sign_in_first(client: Client, owner: User) -> None:
    response = client.get(address(said(owner)))
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=%2Fc%2F")


def test_a_deleted_conversation_is_not_printed(owner_client: Client, owner: User) -> None:
    conversation = said(owner)
    conversation_actions.delete(owner, conversation.pk)
    assert owner_client.get(address(conversation)).status_code == 404


def test_only_the_shown_branch_is_printed(owner_client: Client, owner: User) -> None:
    conversation = said(owner, "First?", "Second?")
    first = Message.objects.get(conversation=conversation, text="First?")
    turns.edit(owner, first.pk, uuid4(), "First, changed?", PROCESS)
    conversation.refresh_from_db()
    html = printed(owner_client, conversation)
    assert "First, changed?" in html
    assert "Second?" not in html


def test_the_saved_text_of_a_live_answer_is_printed(owner_client: Client, owner: User) -> None:
    turn = asked(owner, "Why?")
    append(run_of(turn), 0, "Because so far")
    assert "Because so far" in printed(owner_client, turn.conversation)


def test_a_title_and_a_question_are_escaped(owner_client: Client, owner: User) -> None:
    conversation = said(owner, "<script>alert(1)</script>")
    assert "<script>alert" not in printed(owner_client, conversation)


def test_pages_end_where_the_next_one_begins(owner: User) -> None:
    conversation = long_conversation(owner, 65)
    ends = list_page_ends(conversation)
    pages = [load_thread(owner, conversation.pk, end)[1].messages for end in ends]
    assert [len(page) for page in pages] == [5, 30, 30]
    assert [message.seq for page in pages for message in page] == list(range(1, 66))
