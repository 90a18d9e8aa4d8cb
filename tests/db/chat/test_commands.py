"""Commands: who may give them, what they refuse, and that a refusal loses nothing."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from django.test import Client

from accounts.models import User
from chat.models import Conversation, Message, Run
from chat.services import conversation_actions
from tests.support.factories import asked, branch, said

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
TEXT = {"text": "Why not?", "client_id": str(uuid4())}


@dataclass(frozen=True)
class Command:
    """`of` says which id stands in the path."""

    name: str
    of: str
    fields: dict[str, str]

    def path(self, conversation: Conversation) -> str:
        question, answer = branch(conversation)[:2]
        key: UUID = {"c": conversation.pk, "question": question.pk, "answer": answer.pk}[self.of]
        return f"/{self.of[0] if self.of == 'c' else 'm'}/{key}/{self.name}/"


COMMANDS = [
    Command("send", "c", TEXT),
    Command("stop", "c", {}),
    Command("rename", "c", {"title": "Mine"}),
    Command("delete", "c", {}),
    Command("restore", "c", {}),
    Command("regenerate", "answer", {}),
    Command("edit", "question", TEXT),
    Command("continue", "answer", {}),
    Command("choose", "answer", {}),
    Command("save", "question", TEXT),
]
START = "/c/"
every_command = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
with_and_without_htmx = pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "form"])


@pytest.fixture
def conversation(owner: User) -> Conversation:
    return said(owner, "One?", "Two?")


def everything() -> list[Any]:
    """All rows that a command could change."""
    return [list(model.objects.order_by("pk").values()) for model in (Conversation, Message, Run)]


# Who
@every_command
@with_and_without_htmx
def test_a_stranger_gets_404(
    stranger_client: Client, conversation: Conversation, command: Command, headers: dict[str, str]
) -> None:
    before = everything()
    response = stranger_client.post(command.path(conversation), command.fields, headers=headers)
    assert response.status_code == 404
    assert "does not exist or is not yours" in response.content.decode()
    assert everything() == before


@every_command
def test_what_never_was_is_404(
    owner_client: Client, conversation: Conversation, command: Command
) -> None:
    path = f"/{'c' if command.of == 'c' else 'm'}/{uuid4()}/{command.name}/"
    assert owner_client.post(path, command.fields, headers=HTMX).status_code == 404


@every_command
def test_what_was_deleted_is_404(
    owner_client: Client, owner: User, conversation: Conversation, command: Command
) -> None:
    conversation_actions.delete(owner, conversation.pk)
    status = 204 if command.name == "restore" else 404
    response = owner_client.post(command.path(conversation), command.fields, headers=HTMX)
    assert response.status_code == status


@pytest.mark.parametrize("path", [START, *(command.name for command in COMMANDS)])
@with_and_without_htmx
def test_those_who_are_not_signed_in_are_told(
    client: Client, conversation: Conversation, path: str, headers: dict[str, str]
) -> None:
    found = [command for command in COMMANDS if command.name == path]
    before = everything()
    path = found[0].path(conversation) if found else path
    response = client.post(path, TEXT, headers=headers)
    html = response.content.decode()
    assert response.status_code == 401
    assert "You are signed out. Sign in to continue. Your text is saved." in html
    if headers:
        assert 'href="/accounts/login/"' in html
        assert response["HX-Retarget"] == "#composer-notice"
        assert response["HX-Reswap"] == "innerHTML"
    else:
        assert 'href="/accounts/login/?next=%2F"' in html
        assert "Why not?" in html
    assert everything() == before


@pytest.mark.parametrize(
    ("referer", "path"),
    [
        ("http://testserver/c/7/?q=a%20b#end", "%2Fc%2F7%2F%3Fq%3Da%2520b"),
        ("http://testserver//elsewhere.example/", "%2F%2Felsewhere.example%2F"),
        ("https://elsewhere.example/c/7/", "%2F"),
        ("http://[", "%2F"),
        ("", "%2F"),
    ],
)
def test_signing_in_leads_back_to_the_page_of_the_form(
    client: Client, referer: str, path: str
) -> None:
    html = client.post(START, TEXT, headers={"Referer": referer}).content.decode()
    assert f'href="/accounts/login/?next={path}"' in html


@pytest.mark.parametrize("path", [START, *(command.name for command in COMMANDS)])
def test_a_command_is_posted(owner_client: Client, conversation: Conversation, path: str) -> None:
    found = [command for command in COMMANDS if command.name == path]
    path = found[0].path(conversation) if found else path
    before = everything()
    for method in ("get", "head", "put", "delete", "patch"):
        assert getattr(owner_client, method)(path).status_code == 405
    assert everything() == before


@pytest.mark.parametrize("path", [START, *(command.name for command in COMMANDS)])
@with_and_without_htmx
def test_a_command_without_its_token_is_refused_with_a_sentence(
    owner: User, conversation: Conversation, path: str, headers: dict[str, str]
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    found = [command for command in COMMANDS if command.name == path]
    before = everything()
    response = client.post(
        found[0].path(conversation) if found else path,
        found[0].fields if found else TEXT,
        headers=headers,
    )
    assert response.status_code == 403
    assert "This page is out of date. Your text is saved." in response.content.decode()
    assert ("HX-Retarget" in response) is bool(headers)
    assert everything() == before


def test_a_command_with_its_token_is_taken(owner: User, conversation: Conversation) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    client.get("/")
    path = f"/c/{conversation.pk}/rename/"
    headers = HTMX | {"X-CSRFToken": client.cookies["chat_csrf"].value}
    assert client.post(path, {"title": "Mine"}, headers=headers).status_code == 200
    foreign = headers | {"Origin": "https://evil.example.org"}
    assert client.post(path, {"title": "Theirs"}, headers=foreign).status_code == 403


# What is refused
LONG = "x" * 32_001
BAD: dict[str, tuple[dict[str, str], int, str]] = {
    "empty": ({"text": ""}, 400, "Write a message first."),
    "blank": ({"text": " \n "}, 400, "Write a message first."),
    "invisible": ({"text": "\u200b\u3164"}, 400, "Write a message first."),
    "too long": ({"text": LONG}, 413, "32001 characters, and the limit is 32000."),
    "control": ({"text": "\x00\x1b\x0b"}, 400, "Write a message first."),
    "no id": ({"client_id": ""}, 400, "The request is incomplete."),
    "bad id": ({"client_id": "x" * 36}, 400, "The request is incomplete."),
    "unknown field": ({"role": "system"}, 400, "an unknown field"),
}
FORMS = [START, "send", "edit"]


def path_of(form: str, conversation: Conversation) -> str:
    found = [command for command in COMMANDS if command.name == form]
    return found[0].path(conversation) if found else form


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@with_and_without_htmx
def test_a_bad_question_is_refused_and_kept(
    owner_client: Client,
    conversation: Conversation,
    form: str,
    bad: tuple[dict[str, str], int, str],
    headers: dict[str, str],
) -> None:
    change, status, sentence = bad
    before = everything()
    fields = TEXT | change
    response = owner_client.post(path_of(form, conversation), fields, headers=headers)
    html = response.content.decode()
    assert response.status_code == status
    assert sentence in html
    assert everything() == before
    if headers:
        assert response["HX-Retarget"] == "#composer-notice"
    elif fields["text"].strip() and fields["text"].isprintable():
        assert f"readonly>\n{fields['text']}</textarea>" in html


def test_a_paste_never_fails(owner_client: Client, conversation: Conversation) -> None:
    path = path_of("save", conversation)
    fields = TEXT | {"text": "red:\x1b[31m\x00 \U0001f600\r\none\x0btwo\tthree"}
    assert owner_client.post(path, fields, headers=HTMX).status_code == 200
    stored = Message.objects.get(client_id=fields["client_id"])
    assert stored.text == "red:[31m \U0001f600\none\ntwo\tthree"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("text=a&text=b&client_id=" + TEXT["client_id"], "application/x-www-form-urlencoded"),
        ("text=a", "application/x-www-form-urlencoded"),
        ("text=%ed%a0%80%ff", "application/x-www-form-urlencoded"),
        ('{"text": "a"}', "application/json"),
        ("", "text/plain"),
        ("--x\r\nbroken", "multipart/form-data; boundary=x"),
        ("broken", "multipart/form-data"),
        (
            '--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n+2AA-\r\n--x--\r\n',
            "multipart/form-data; boundary=x; charset=utf-7",
        ),
        (
            '--x\r\nContent-Disposition: form-data; name="text"; filename="a.txt"\r\n\r\nhi\r\n'
            "--x--\r\n",
            "multipart/form-data; boundary=x",
        ),
    ],
    ids=["double", "alone", "bytes", "json", "nothing", "cut", "no boundary", "utf-7", "file"],
)
@with_and_without_htmx
def test_bodies_of_all_kinds_are_refused_and_no_error(
    owner_client: Client,
    conversation: Conversation,
    form: str,
    body: str,
    kind: str,
    headers: dict[str, str],
) -> None:
    before = everything()
    response = owner_client.post(path_of(form, conversation), body, kind, headers=headers)
    assert response.status_code == 400
    assert "<p" in response.content.decode()
    assert everything() == before


@with_and_without_htmx
def test_a_body_of_many_megabytes_is_refused_with_a_sentence(
    owner_client: Client, headers: dict[str, str]
) -> None:
    body = "text=" + quote("é" * 1_000_000)
    kind = "application/x-www-form-urlencoded"
    response = owner_client.post(START, body, kind, headers=headers)
    assert response.status_code in (400, 413)
    assert "could not understand" in response.content.decode()


@pytest.mark.parametrize(
    "name", ["stop", "regenerate", "continue", "choose", "delete", "restore", "rename"]
)
def test_commands_take_only_their_fields(
    owner_client: Client, owner: User, conversation: Conversation, name: str
) -> None:
    if name == "restore":
        conversation_actions.delete(owner, conversation.pk)
    (command,) = [command for command in COMMANDS if command.name == name]
    before = everything()
    fields = command.fields | {"owner": str(uuid4())}
    response = owner_client.post(command.path(conversation), fields, headers=HTMX)
    assert response.status_code == 400
    assert everything() == before


@pytest.mark.parametrize("name", ["send", "edit", "regenerate", "continue"])
@with_and_without_htmx
def test_while_an_answer_runs_the_text_is_kept(
    owner_client: Client, owner: User, name: str, headers: dict[str, str]
) -> None:
    conversation = asked(owner, "Why?").conversation
    (command,) = [command for command in COMMANDS if command.name == name]
    response = owner_client.post(command.path(conversation), command.fields, headers=headers)
    html = response.content.decode()
    assert response.status_code == 409
    assert "An answer is still being written." in html
    if command.fields and not headers:
        assert "Why not?</textarea>" in html


@pytest.mark.parametrize("title", ["", "\u200b", "\x00"])
def test_a_bad_title_is_refused(
    owner_client: Client, conversation: Conversation, title: str
) -> None:
    response = owner_client.post(f"/c/{conversation.pk}/rename/", {"title": title}, headers=HTMX)
    assert response.status_code == 400
    conversation.refresh_from_db()
    assert conversation.title == "One?"


# What they answer
def test_rename_answers_with_the_row_and_the_heading(
    owner_client: Client, conversation: Conversation
) -> None:
    path = f"/c/{conversation.pk}/rename/"
    html = owner_client.post(path, {"title": "<b>Mine</b>"}, headers=HTMX).content.decode()
    assert f'hx-target="#row-{conversation.pk.hex}" hx-swap="outerMorph"' in html
    assert 'hx-target="#conversation-title"' in html
    assert "&lt;b&gt;Mine&lt;/b&gt;" in html
    assert "<b>" not in html
    assert owner_client.post(path, {"title": "Form"})["Location"] == f"/c/{conversation.pk}/"


def test_delete_offers_to_undo_it(owner_client: Client, conversation: Conversation) -> None:
    response = owner_client.post(f"/c/{conversation.pk}/delete/", headers=HTMX)
    html = response.content.decode()
    assert f'hx-target="#row-{conversation.pk.hex}" hx-swap="delete"' in html
    assert f'hx-post="/c/{conversation.pk}/restore/"' in html
    assert Conversation.objects.get().deleted_at is not None
    assert "HX-Replace-Url" not in response
    assert "HX-Retarget" not in response
    again = owner_client.post(f"/c/{conversation.pk}/restore/", headers=HTMX)
    assert (again.status_code, "HX-Redirect" in again) == (204, False)
    assert Conversation.objects.get().deleted_at is None


def test_deleting_what_the_page_shows_makes_it_a_new_chat(
    owner_client: Client, conversation: Conversation
) -> None:
    shows = {**HTMX, "HX-Current-URL": f"https://chat.example/c/{conversation.pk}/?m=1#end"}
    response = owner_client.post(f"/c/{conversation.pk}/delete/", headers=shows)
    html = response.content.decode()
    assert response["HX-Replace-Url"] == "/"
    assert response["HX-Retarget"] == "#main"
    assert 'hx-target="#toasts" hx-swap="afterbegin"' in html
    assert 'action="/c/"' in html
    assert """hx-vals='{"open":"1"}'""" in html


@pytest.mark.parametrize(
    ("at", "fields", "is_opened"),
    [
        ("/c/{pk}/", {}, True),  # the other tab that showed it
        ("/", {"open": "1"}, True),  # the new chat that took its place
        ("/", {}, False),
        ("/c/00000000-0000-4000-8000-000000000000/", {"open": "1"}, False),
        ("//[", {}, False),
    ],
)
def test_undo_opens_a_conversation_only_where_it_was_open(
    owner_client: Client, conversation: Conversation, at: str, fields: Any, is_opened: bool
) -> None:
    path = f"/c/{conversation.pk}/"
    owner_client.post(f"{path}delete/", headers=HTMX)
    url = at.format(pk=conversation.pk)
    url = url if url.startswith("//") else f"https://chat.example{url}"
    headers = {**HTMX, "HX-Current-URL": url}
    response = owner_client.post(f"{path}restore/", fields, headers=headers)
    assert response.status_code == 204
    assert response.get("HX-Redirect") == (path if is_opened else None)


def test_delete_and_restore_as_plain_forms(
    owner_client: Client, conversation: Conversation
) -> None:
    assert owner_client.post(f"/c/{conversation.pk}/delete/")["Location"] == "/"
    back = owner_client.post(f"/c/{conversation.pk}/restore/")
    assert back["Location"] == f"/c/{conversation.pk}/"


def test_stop_without_an_answer_is_no_error(
    owner_client: Client, conversation: Conversation
) -> None:
    before = everything()
    response = owner_client.post(f"/c/{conversation.pk}/stop/", headers=HTMX)
    assert response.status_code == 200
    assert everything() == before
    open_socket = HTMX | {"Chat-Socket": "open"}
    response = owner_client.post(f"/c/{conversation.pk}/stop/", headers=open_socket)
    assert (response.status_code, response.content) == (204, b"")


def test_without_a_socket_the_thread_comes_with_the_answer(
    owner_client: Client, conversation: Conversation
) -> None:
    answer = branch(conversation)[1]
    html = owner_client.post(f"/m/{answer.pk}/choose/", headers=HTMX).content.decode()
    assert '<hx-partial hx-target="#thread" hx-swap="innerMorph">' in html
    assert html.count("<article") == 4
    assert f'id="thread-version" value="{conversation.version + 1}"' in html
