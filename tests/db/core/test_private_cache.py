"""What caches may do with private pages: ask first, and keep the browser's own memory of them."""

from uuid import UUID

import pytest
from django.test import Client

from accounts.models import User
from chat.models import Message, Role
from tests.support.factories import said

PRIVATE = "private, no-cache"


@pytest.fixture
def answer_id(owner: User) -> UUID:
    conversation = said(owner, "One?")
    return Message.objects.get(conversation=conversation, role=Role.ASSISTANT).pk


def paths_of_chat(answer_id: UUID) -> list[str]:
    conversation = Message.objects.get(pk=answer_id).conversation_id
    return [
        *("/", f"/c/{conversation}/", "/search/?q=one", "/rows/?before=x", "/nothing/"),
        *(f"/m/{answer_id}/about/", f"/m/{answer_id}/source/"),
        f"/m/{answer_id}/thoughts/",
    ]


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "part"])
def test_pages_and_parts_of_the_chat(
    owner_client: Client, client: Client, answer_id: UUID, headers: dict[str, str]
) -> None:
    for path in paths_of_chat(answer_id):
        for person in (owner_client, client):
            response = person.get(path, headers=headers)
            assert response["Cache-Control"] == PRIVATE, path
            assert "Expires" not in response


@pytest.mark.parametrize(
    "path",
    ["email/", "password/change/", "reauthenticate/", "login/", "logout/", "signup/", "inactive/"],
)
def test_pages_of_accounts(owner_client: Client, client: Client, db: None, path: str) -> None:
    for person in (owner_client, client):
        assert person.get(f"/accounts/{path}")["Cache-Control"] == PRIVATE


@pytest.mark.parametrize("path", ["/admin/", "/admin/accounts/user/", "/admin/chat/systemprompt/"])
def test_pages_of_the_admin_are_guarded_too(staff_client: Client, path: str) -> None:
    response = staff_client.get(path)
    assert response.status_code == 200
    assert response["Cache-Control"] == PRIVATE
    assert "js/session.js" in response.content.decode()


def test_commands(owner_client: Client, answer_id: UUID) -> None:
    response = owner_client.post(f"/m/{answer_id}/feedback/", {"value": "1"})
    assert (response.status_code, response["Cache-Control"]) == (302, PRIVATE)


def test_what_is_public_stays_public(client: Client) -> None:
    assert client.get("/favicon.ico")["Cache-Control"] == "public, max-age=86400"


def test_a_sign_out_from_the_admin_clears_the_cache_too(staff_client: Client) -> None:
    assert staff_client.post("/admin/logout/")["Clear-Site-Data"] == '"cache"'
    assert "Clear-Site-Data" not in staff_client.post("/accounts/logout/")
