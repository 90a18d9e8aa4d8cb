"""Connections in the admin: keys, looking, offering, testing, and who may."""

import logging
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.db.models.functions import Now
from django.test import Client
from django.views.debug import SafeExceptionReporterFilter

from accounts.models import User
from chat.llm.endpoints import server_of
from chat.llm.providers import ListedModel
from chat.models import ChatModel, Connection
from chat.models.connection import EnvironmentServer
from chat.services.dialects import remember_window
from chat.services.model_lists import apply_first_list
from chat.services.offered_models import add_models, environment_connection, record_listing
from chat.services.system_prompts import make_default_model
from core.encryption import decrypt, encrypt
from tests.fake_llm import (
    Delay,
    Delta,
    Repeat,
    Respond,
    Stall,
    UpstreamThread,
    answer,
    closed_port,
    script,
)
from tests.support.environment import forget_environment
from tests.support.factories import default_model

pytestmark = pytest.mark.django_db

PAGE = "/admin/chat/connection/"
KEY = "sk-SECRET-42"


@pytest.fixture(autouse=True)
def no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    assert KEY not in caplog.text


@pytest.fixture
def connection(upstream: UpstreamThread) -> Connection:
    return Connection.objects.create(
        name="Workshop", address=upstream.base_url, encrypted_key=encrypt(KEY)
    )


@pytest.fixture
def model(connection: Connection) -> ChatModel:
    (made,) = add_models(connection, [ListedModel("llama3.2:3b", 8192)])
    return made


def add(client: Client, **fields: str) -> Any:
    values = {"name": "Workshop", "kind": "openai", "address": "", "provider": "auto", "key": ""}
    if not {"_addanother", "_continue"}.intersection(fields):
        values["_save"] = "Save"
    return client.post(f"{PAGE}add/", values | fields, follow=True)


def change(client: Client, connection: Connection, **fields: str) -> Any:
    values = {
        "name": connection.name,
        "kind": connection.kind,
        "address": connection.address,
        "provider": connection.provider,
        "key": "",
    }
    return client.post(f"{PAGE}{connection.pk}/change/", values | fields, follow=True)


def text_of(response: Any) -> str:
    assert response.status_code == 200
    html = response.content.decode()
    assert KEY not in html
    return re.sub(r"\s+", " ", html)


# Adding
def test_a_server_of_one_model_answers_at_once(
    staff_client: Client, upstream: UpstreamThread
) -> None:
    upstream.offer({"llama3.2:3b": {"max_model_len": 4096}})
    page = text_of(add(staff_client, address=upstream.base_url, key=f" {KEY}\n"))
    assert "1 model was added" in page
    assert "The default model is now llama3.2:3b." in page
    connection = Connection.objects.get(environment="")
    assert KEY not in connection.encrypted_key
    assert decrypt(connection.encrypted_key) == KEY
    assert upstream.requests[0].headers["authorization"] == f"Bearer {KEY}"
    model = default_model()
    assert (model.connection, model.repo_id, model.context_window) == (
        connection,
        "llama3.2:3b",
        4096,
    )


def test_of_several_models_the_administrator_chooses(
    staff_client: Client, upstream: UpstreamThread
) -> None:
    upstream.offer({"a": {}, "b": {}})
    response = add(staff_client, address=upstream.base_url)
    assert response.redirect_chain[-1][0].endswith("/offer/")
    assert not ChatModel.objects.filter(connection__isnull=False).exists()


def test_a_server_that_is_off_is_saved_with_a_hint(staff_client: Client) -> None:
    page = text_of(add(staff_client, address=f"http://127.0.0.1:{closed_port()}/v1", key=KEY))
    assert "Nothing listens at this address." in page
    assert Connection.objects.filter(environment="").exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"address": ""}, "Enter an address that starts with"),
        ({"address": "127.0.0.1:11434"}, "Enter an address that starts with"),
        ({"address": "ftp://host/"}, "Enter an address that starts with"),
        ({"address": "http://"}, "Enter an address that starts with"),
        ({"address": "http://h:99999/"}, "Enter an address that starts with"),
        ({"address": "http://[::1"}, "Enter an address that starts with"),
        ({"address": "http://me:pw@host/v1"}, "Enter the key in its own field"),
        ({"address": "http://169.254.169.254/v1"}, "metadata service"),
        ({"address": "http://2852039166/v1"}, "metadata service"),
        ({"address": "http://169.254.7.7/v1"}, "metadata service"),
        ({"address": "http://h/v1", "key": "a\nb"}, "a blank, a line break"),
        ({"address": "http://h/v1", "key": "a b"}, "a blank, a line break"),
        ({"address": "http://h/v1", "key": "ключ"}, "a blank, a line break"),
        ({"kind": "hf"}, "Hugging Face needs a token"),
        ({"kind": "other", "address": "http://h/v1"}, "not one of the available choices"),
    ],
)
def test_what_cannot_be_is_refused(
    staff_client: Client, fields: dict[str, str], sentence: str
) -> None:
    assert sentence in text_of(add(staff_client, **fields))
    assert not Connection.objects.filter(environment="").exists()


def test_the_root_of_tgi_has_no_path(staff_client: Client) -> None:
    add(staff_client, kind="tgi", address="http://127.0.0.1:9/v1/")
    assert Connection.objects.get(environment="").address == "http://127.0.0.1:9"


# Keys
def test_an_empty_key_keeps_the_saved_one(staff_client: Client, connection: Connection) -> None:
    text_of(change(staff_client, connection, name="Renamed"))
    connection.refresh_from_db()
    assert (connection.name, decrypt(connection.encrypted_key)) == ("Renamed", KEY)


def test_a_key_is_replaced_or_removed(staff_client: Client, connection: Connection) -> None:
    change(staff_client, connection, key="sk-new")
    connection.refresh_from_db()
    assert decrypt(connection.encrypted_key) == "sk-new"
    change(staff_client, connection, remove_key="on")
    connection.refresh_from_db()
    assert connection.encrypted_key == ""


OTHER_SERVERS = {
    "host": {"address": "http://attacker.example.org/v1"},
    "port": {"address": "http://127.0.0.1:9/v1"},
    "scheme": {"address": "https://127.0.0.1/v1"},
    "kind": {"kind": "hf", "address": ""},
    "name of the same machine": {"address": "http://localhost/v1"},
}


@pytest.mark.parametrize("fields", OTHER_SERVERS.values(), ids=OTHER_SERVERS)
def test_a_saved_key_is_not_sent_to_another_server(
    staff_client: Client, connection: Connection, fields: dict[str, str]
) -> None:
    Connection.objects.filter(pk=connection.pk).update(address="http://127.0.0.1/v1")
    page = text_of(change(staff_client, connection, **fields))
    assert "The saved key belongs to another server." in page
    connection.refresh_from_db()
    assert (connection.kind, connection.address) == ("openai", "http://127.0.0.1/v1")
    assert decrypt(connection.encrypted_key) == KEY


def test_the_token_of_hugging_face_is_not_sent_to_another_server(
    staff_client: Client, upstream: UpstreamThread
) -> None:
    row = Connection.objects.create(name="HF", kind="hf", encrypted_key=encrypt(KEY))
    other = {"kind": "openai", "address": upstream.base_url}
    assert "belongs to another server" in text_of(change(staff_client, row, **other))
    text_of(change(staff_client, row, **other, remove_key="on"))
    row.refresh_from_db()
    assert (row.kind, row.address, row.encrypted_key) == ("openai", upstream.base_url, "")
    report_of(staff_client, row)
    assert KEY not in str([request.headers for request in upstream.requests])


def test_another_server_may_have_a_key_of_its_own(
    staff_client: Client, connection: Connection
) -> None:
    text_of(change(staff_client, connection, address="http://other.example.org/v1", key="sk-new"))
    connection.refresh_from_db()
    assert connection.address == "http://other.example.org/v1"
    assert decrypt(connection.encrypted_key) == "sk-new"


SAME_SERVER = ["HTTP://127.0.0.1:80/v1", "http://127.0.0.1/api/v3", "http://127.0.0.1/v1?x=1"]


@pytest.mark.parametrize("address", SAME_SERVER)
def test_another_path_keeps_the_key(
    staff_client: Client, connection: Connection, address: str
) -> None:
    Connection.objects.filter(pk=connection.pk).update(address="http://127.0.0.1/v1")
    text_of(change(staff_client, connection, address=address))
    text_of(change(staff_client, connection, address="http://127.0.0.1", kind="tgi"))
    connection.refresh_from_db()
    assert (connection.kind, connection.address) == ("tgi", "http://127.0.0.1")
    assert decrypt(connection.encrypted_key) == KEY


@pytest.mark.parametrize("page", ["add", "change"])
def test_a_key_is_in_no_report_of_an_error(
    staff_client: Client, connection: Connection, page: str
) -> None:
    path = f"{PAGE}add/" if page == "add" else f"{PAGE}{connection.pk}/change/"
    # Without a name the page comes back, as it would not after an error of the code.
    response = staff_client.post(path, {"kind": "openai", "key": KEY})
    posted = SafeExceptionReporterFilter().get_post_parameters(response.wsgi_request)
    assert KEY not in str(posted)
    assert posted["kind"] == "openai"


def test_a_key_is_on_no_page(staff_client: Client, connection: Connection) -> None:
    change(staff_client, connection, key=KEY)
    for path in ("", f"{connection.pk}/change/", f"{connection.pk}/history/"):
        page = text_of(staff_client.get(PAGE + path))
        assert connection.encrypted_key not in page
        assert decrypt(connection.encrypted_key) not in page


def test_a_key_that_cannot_be_read_is_said(
    staff_client: Client, connection: Connection, model: ChatModel, settings: Any
) -> None:
    settings.ENCRYPTION_KEY = ""
    Connection.objects.filter(pk=connection.pk).update(encrypted_key="gAAAAA")
    assert "enter it again" in text_of(staff_client.get(PAGE))
    assert "enter it again" in text_of(staff_client.get(f"{PAGE}{connection.pk}/change/"))
    for page in ("offer", "test"):
        method = staff_client.get if page == "offer" else staff_client.post
        assert "can&#x27;t be read any more" in text_of(method(f"{PAGE}{connection.pk}/{page}/"))


def test_the_environments_server_is_shown_and_not_changed(
    staff_client: Client, settings: Any, upstream: UpstreamThread
) -> None:
    settings.INFERENCE_BASE_URL, settings.INFERENCE_API_KEY = upstream.base_url, KEY
    forget_environment()
    try:
        apply_first_list([])
        page = text_of(staff_client.get(PAGE))
        assert "Set by the environment" in page
        row = environment_connection(EnvironmentServer.BASE_URL)
        assert 'name="address"' not in text_of(staff_client.get(f"{PAGE}{row.pk}/change/"))
        values = {"name": "Mine", "kind": "openai", "address": "http://other/v1", "key": "sk-new"}
        assert staff_client.post(f"{PAGE}{row.pk}/change/", values).status_code == 403
        row.refresh_from_db()
        assert (row.name, row.address, row.encrypted_key) == ("INFERENCE_BASE_URL", "", "")
        assert staff_client.post(f"{PAGE}{row.pk}/delete/", {"post": "yes"}).status_code == 403
        upstream.offer({"llama3.2:3b": {}})
        assert "llama3.2:3b" in text_of(staff_client.get(f"{PAGE}{row.pk}/offer/"))
    finally:
        settings.INFERENCE_BASE_URL = settings.INFERENCE_API_KEY = ""
        forget_environment()


def test_a_password_in_the_environments_address_is_on_no_page(
    staff_client: Client, settings: Any, upstream: UpstreamThread
) -> None:
    address = upstream.base_url.replace("://", f"://me:{KEY}@")
    settings.INFERENCE_BASE_URL = f"{address}?sig={KEY}"
    forget_environment()
    try:
        row = environment_connection(EnvironmentServer.BASE_URL)
        (seeded,) = ChatModel.objects.filter(is_default=True)
        for page in (report_of(staff_client, row), report_of(staff_client, seeded)):
            assert "The address contains a user name or a password." in page
            assert f"{upstream.base_url}?sig=…" in page
        text_of(staff_client.get(f"{PAGE}{row.pk}/offer/"))
        assert not upstream.requests
    finally:
        settings.INFERENCE_BASE_URL = ""
        forget_environment()


# Offering
def offered(client: Client, connection: Connection, *names: str) -> str:
    values = {"model": list(names)}
    return text_of(client.post(f"{PAGE}{connection.pk}/offer/", values, follow=True))


def test_the_list_is_searched_and_added_from(
    staff_client: Client, connection: Connection, upstream: UpstreamThread
) -> None:
    upstream.offer({"nomic-embed-text": {}, "llama3.2:3b": {"max_model_len": 4096}, "qwen3": {}})
    page = text_of(staff_client.get(f"{PAGE}{connection.pk}/offer/"))
    assert page.index("llama3.2:3b") < page.index("nomic-embed-text")
    assert "4,096" in page
    assert "3 models" in page
    searched = text_of(staff_client.get(f"{PAGE}{connection.pk}/offer/?q=LLAMA+3b"))
    assert "1 model" in searched
    assert "qwen3" not in searched
    assert "2 models were added" in offered(staff_client, connection, "llama3.2:3b", "qwen3")
    rows = ChatModel.objects.filter(connection=connection)
    assert set(rows.values_list("repo_id", flat=True)) == {"llama3.2:3b", "qwen3"}
    assert "Nothing was added" in offered(staff_client, connection, "llama3.2:3b")
    assert "Nothing was added" in offered(staff_client, connection)


def test_a_name_that_is_not_listed_is_not_added(
    staff_client: Client, connection: Connection, upstream: UpstreamThread
) -> None:
    upstream.offer({"a": {}})
    assert "Nothing was added" in offered(staff_client, connection, "<script>", "b", "\x00")


def test_ten_thousand_models_are_searched(
    staff_client: Client, connection: Connection, upstream: UpstreamThread
) -> None:
    upstream.offer({f"owner/model-{number}": {} for number in range(10_000)})
    response = staff_client.get(f"{PAGE}{connection.pk}/offer/")
    page = text_of(response)
    assert "10,000 models" in page or "10000 models" in page
    assert "The first 200 are shown" in page
    assert len(response.content) < 400_000
    assert "model-9876<" in text_of(staff_client.get(f"{PAGE}{connection.pk}/offer/?q=9876"))


REFUSALS = {
    "html": (Respond(200, b"<html>", "text/html"), "The server listed no models."),
    "500": (Respond(500, b"secret"), "The server reported an error."),
    "401": (Respond(401, b"secret"), "The server rejected the key."),
    "302": (Respond(302, b""), "The server redirects to another address."),
    "none": (Respond(200, b'{"data": []}'), "The server listed no models."),
    "never": (Stall(), "The server did not answer in time."),
}


@pytest.mark.parametrize(("listing", "sentence"), REFUSALS.values(), ids=REFUSALS)
def test_a_refused_list_is_explained(
    staff_client: Client,
    connection: Connection,
    upstream: UpstreamThread,
    listing: Respond | Stall,
    sentence: str,
) -> None:
    upstream.offer({}, listing)
    page = text_of(staff_client.get(f"{PAGE}{connection.pk}/offer/"))
    assert sentence in page
    assert "Try again" in page
    assert "secret" not in page


# Testing
def report_of(client: Client, row: Connection | ChatModel) -> str:
    return text_of(client.post(f"/admin/chat/{row._meta.model_name}/{row.pk}/test/"))


def test_a_model_is_tested(
    staff_client: Client, model: ChatModel, upstream: UpstreamThread
) -> None:
    upstream.script(answer("Hel", "lo."))
    page = report_of(staff_client, model)
    for words in ("The test passed.", "Hello.", "exact: 7 read, 5 written", "accepted", "Workshop"):
        assert words in page
    assert upstream.chats[0].body["model"] == "llama3.2:3b"
    model.refresh_from_db()
    assert (model.has_system_role, model.can_think) == (True, False)


def test_a_refused_system_prompt_is_seen(
    staff_client: Client, model: ChatModel, upstream: UpstreamThread
) -> None:
    upstream.script(script(Respond(400, b'{"error": "System role not supported"}')), answer("Hi"))
    assert "The test passed." in report_of(staff_client, model)
    model.refresh_from_db()
    assert model.has_system_role is False


def test_a_long_answer_is_cut(
    staff_client: Client, model: ChatModel, upstream: UpstreamThread
) -> None:
    upstream.script(script(Repeat((Delta("word "), Delay(0.001)))))
    page = report_of(staff_client, model)
    assert "The test passed." in page
    assert "the test ended the long answer" in page
    upstream.wait_for(lambda up: up.chats[0].hung_up)


FAILURES = {
    "404": (Respond(404, b"{}"), "The server knows no such model or address."),
    "401": (Respond(401, b"{}"), "The server rejected the key."),
    "429": (Respond(429, b"{}"), "The server is getting too many requests."),
    "html": (Respond(200, b"<html>", "text/html"), "The server did not send an answer"),
}


@pytest.mark.parametrize(("failure", "sentence"), FAILURES.values(), ids=FAILURES)
def test_a_failed_test_says_what_to_do(
    staff_client: Client,
    model: ChatModel,
    upstream: UpstreamThread,
    failure: Respond,
    sentence: str,
) -> None:
    upstream.script(script(failure))
    page = report_of(staff_client, model)
    assert sentence in page
    assert upstream.base_url in page
    assert "The test passed" not in page


def test_nothing_listens(staff_client: Client, connection: Connection, model: ChatModel) -> None:
    address = f"http://127.0.0.1:{closed_port()}/v1"
    Connection.objects.filter(pk=connection.pk).update(address=address)
    for row in (model, connection):
        assert "Nothing listens at this address." in report_of(staff_client, row)


@pytest.fixture
def hub(upstream: UpstreamThread, settings: Any) -> ChatModel:
    """A model of Hugging Face, whose router the scripted server plays."""
    hosts = ("router.huggingface.co", "huggingface.co")
    settings.INFERENCE_HOST_MAP = dict.fromkeys(hosts, upstream.address)
    row = Connection.objects.create(name="HF", kind="hf", encrypted_key=encrypt("hf_SECRET"))
    (model,) = add_models(row, [ListedModel("o/m")])
    return model


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (
            400,
            b'{"error":{"message":"The requested model is not supported by any provider you have '
            b'enabled.","code":"model_not_supported"}}',
            "No provider serves this model on Hugging Face.",
        ),
        (404, b"{}", "No provider serves this model on Hugging Face."),
        (403, b"{}", "The token may not call Inference Providers."),
        (401, b"{}", "Hugging Face rejected the token."),
        (402, b"{}", "The credit for Inference Providers is used up."),
    ],
)
def test_hugging_faces_refusals_have_words(
    staff_client: Client,
    hub: ChatModel,
    upstream: UpstreamThread,
    status: int,
    body: bytes,
    sentence: str,
) -> None:
    upstream.script(script(Respond(status, body)))
    page = report_of(staff_client, hub)
    assert sentence in page
    assert "hf_SECRET" not in page


def test_hugging_faces_list_is_offered(
    staff_client: Client, hub: ChatModel, upstream: UpstreamThread
) -> None:
    assert hub.connection is not None
    upstream.offer({"o/m": {}, "o/n": {"providers": [{"context_length": 4096}]}})
    page = text_of(staff_client.get(f"{PAGE}{hub.connection.pk}/offer/"))
    assert "o/n" in page
    assert "4,096" in page
    assert "hf_SECRET" not in page
    assert "1 model was added" in offered(staff_client, hub.connection, "o/n")
    assert upstream.requests[-1].headers["authorization"] == "Bearer hf_SECRET"


def test_a_connection_without_models_tests_the_first_that_it_lists(
    staff_client: Client, connection: Connection, upstream: UpstreamThread
) -> None:
    upstream.offer({"bge-m3": {}, "qwen3": {}})
    upstream.script(answer("Hello."))
    assert "The test passed." in report_of(staff_client, connection)
    assert upstream.chats[0].body["model"] == "qwen3"


# Who
@pytest.mark.parametrize("page", ["", "add/", "{key}/change/", "{key}/offer/", "{key}/delete/"])
def test_connections_are_for_administrators(
    client: Client, owner_client: Client, connection: Connection, page: str
) -> None:
    path = PAGE + page.format(key=connection.pk)
    for visitor in (client, owner_client):
        assert visitor.get(path).status_code in (302, 403)
        assert visitor.post(path, {"model": "scripted"}).status_code in (302, 403)
    assert not ChatModel.objects.filter(connection=connection).exists()


def test_tests_are_for_administrators(
    client: Client, owner_client: Client, model: ChatModel, upstream: UpstreamThread
) -> None:
    for visitor in (client, owner_client):
        for row in (model, model.connection):
            assert row is not None
            path = f"/admin/chat/{row._meta.model_name}/{row.pk}/test/"
            assert visitor.post(path).status_code in (302, 403)
    assert not upstream.chats


def editor(*permissions: str) -> Client:
    """A member of the staff with a few rights."""
    user = User.objects.create_user(f"{uuid4().hex}@example.org", "password-42!", is_staff=True)
    rights = Permission.objects.filter(content_type__app_label="chat", codename__in=permissions)
    user.user_permissions.set(rights)
    assert len(rights) == len(permissions)
    client = Client()
    client.force_login(user)
    return client


def test_who_may_not_add_models_adds_none_with_a_connection(upstream: UpstreamThread) -> None:
    upstream.offer({"a": {}})
    client = editor("view_connection", "add_connection", "change_connection")
    response = add(client, address=upstream.base_url)
    assert Connection.objects.filter(environment="").exists()
    assert not ChatModel.objects.filter(repo_id="a").exists()
    assert response.redirect_chain[-1][0] == PAGE
    row = Connection.objects.get(environment="")
    page = text_of(client.get(f"{PAGE}{row.pk}/change/"))
    assert "/offer/" not in page
    assert "/test/" in page


def test_who_may_not_change_models_changes_no_default(
    connection: Connection, upstream: UpstreamThread
) -> None:
    ChatModel.objects.filter(is_default=True).update(is_local=True)
    before = default_model()
    upstream.offer({"a": {}})
    assert "1 model was added" in offered(
        editor("view_connection", "view_chatmodel", "add_chatmodel"), connection, "a"
    )
    assert default_model() == before


def test_a_test_needs_the_right_to_change(model: ChatModel, upstream: UpstreamThread) -> None:
    client = editor("view_connection", "view_chatmodel")
    for row in (model, model.connection):
        assert row is not None
        path = f"/admin/chat/{row._meta.model_name}/{row.pk}/"
        assert client.post(f"{path}test/").status_code == 403
        assert "/test/" not in text_of(client.get(f"{path}change/"))
    assert not upstream.chats


def test_the_environments_server_can_be_tested(
    staff_client: Client, settings: Any, upstream: UpstreamThread
) -> None:
    settings.INFERENCE_BASE_URL = upstream.base_url
    forget_environment()
    try:
        upstream.offer({"a": {}})
        upstream.script(answer("Hello."))
        row = environment_connection(EnvironmentServer.BASE_URL)
        assert "The test passed." in report_of(staff_client, row)
    finally:
        settings.INFERENCE_BASE_URL = ""
        forget_environment()


def test_looking_writes_nothing(
    staff_client: Client, connection: Connection, model: ChatModel, upstream: UpstreamThread
) -> None:
    ChatModel.objects.filter(pk=model.pk).update(listed_at=Now())
    upstream.offer({"other": {}})
    before = [*ChatModel.objects.values(), *Connection.objects.values()]
    for page in ("", f"{connection.pk}/change/", f"{connection.pk}/offer/"):
        text_of(staff_client.get(PAGE + page))
    assert [*ChatModel.objects.values(), *Connection.objects.values()] == before
    offered(staff_client, connection, "other")
    added = ChatModel.objects.get(repo_id="other")
    model.refresh_from_db()
    assert (added.listed_at is None, model.missing_since is None) == (False, False)


def test_after_saving_one_goes_where_one_wanted(
    staff_client: Client, upstream: UpstreamThread
) -> None:
    upstream.offer({"a": {}, "b": {}})
    again = add(staff_client, name="One", address=upstream.base_url, _addanother="1")
    assert again.redirect_chain[-1][0].endswith("/add/")
    stay = add(staff_client, name="Two", address=upstream.base_url, _continue="1")
    assert stay.redirect_chain[-1][0].endswith("/change/")


def test_an_unknown_connection_is_not_found(staff_client: Client) -> None:
    for key in (uuid4(), "x", "%00"):
        assert staff_client.get(f"{PAGE}{key}/offer/").status_code in (404, 302)
        assert staff_client.post(f"{PAGE}{key}/test/").status_code in (404, 302)
        assert staff_client.post(f"/admin/chat/chatmodel/{key}/test/").status_code in (404, 302)


def test_a_test_is_no_link(staff_client: Client, model: ChatModel) -> None:
    assert staff_client.get(f"/admin/chat/chatmodel/{model.pk}/test/").status_code == 405


def test_deleting_lists_what_goes_along(
    staff_client: Client, connection: Connection, model: ChatModel
) -> None:
    make_default_model(model)
    page = text_of(staff_client.get(f"{PAGE}{connection.pk}/delete/"))
    assert "llama3.2:3b" in page
    staff_client.post(f"{PAGE}{connection.pk}/delete/", {"post": "yes"})
    assert not ChatModel.objects.filter(pk=model.pk).exists()


# The page of a model
def model_fields(model: ChatModel, **fields: object) -> dict[str, object]:
    """What the page of a model posts, with some changes."""
    names = ("repo_id", "label", "kind", "context_window", "max_output", "position")
    values: dict[str, object] = {name: getattr(model, name) for name in names}
    values |= {"connection": model.connection_id or "", "enabled": "on"}
    values |= {"has_system_role": "unknown", "can_think": "unknown"}
    return {name: value for name, value in (values | fields).items() if value is not None}


def change_model(client: Client, model: ChatModel, **fields: object) -> str:
    path = f"/admin/chat/chatmodel/{model.pk}/change/"
    return text_of(client.post(path, model_fields(model, **fields), follow=True))


@pytest.mark.parametrize("name", ["http://127.0.0.1:9/v1", "HTTPS://host/x"])
def test_an_address_is_no_name_of_a_model_of_hugging_face(
    staff_client: Client, hub: ChatModel, model: ChatModel, name: str
) -> None:
    sentence = "The name of this model is an address"
    assert sentence in change_model(staff_client, hub, repo_id=name)
    assert sentence not in change_model(staff_client, model, repo_id=name)
    hub.refresh_from_db()
    model.refresh_from_db()
    assert (hub.repo_id, model.repo_id) == ("o/m", name)


def test_a_saved_address_as_a_name_is_not_asked(
    staff_client: Client, hub: ChatModel, upstream: UpstreamThread
) -> None:
    ChatModel.objects.filter(pk=hub.pk).update(repo_id=f"http://{upstream.address}/x")
    assert "The name of this model is an address" in report_of(staff_client, hub)
    assert not upstream.requests
    page = text_of(staff_client.get("/admin/chat/chatmodel/"))
    assert "The name of this model is an address" in page


def learn(model: ChatModel) -> None:
    """As if its server had shown all that it can."""
    ChatModel.objects.filter(pk=model.pk).update(
        listed_at=Now(), missing_since=Now(), has_system_role=False, can_think=True
    )
    model.refresh_from_db()
    remember_window(model.pk, server_of(model), 4096)


def facts_of(model: ChatModel) -> tuple[object, ...]:
    model.refresh_from_db()
    marks = (model.listed_at, model.missing_since, model.has_system_role, model.can_think)
    return (*marks, model.dialects.count())


FLAGS = {"has_system_role": "false", "can_think": "true"}


def test_another_name_forgets_what_was_known(staff_client: Client, model: ChatModel) -> None:
    learn(model)
    change_model(staff_client, model, repo_id="qwen3", **FLAGS)
    assert facts_of(model) == (None, None, None, None, 0)


def test_another_connection_forgets_too_and_keeps_what_was_edited(
    staff_client: Client, model: ChatModel
) -> None:
    learn(model)
    other = Connection.objects.create(name="Other", address="http://127.0.0.1:8/v1")
    change_model(staff_client, model, connection=other.pk, **FLAGS | {"can_think": "false"})
    assert facts_of(model) == (None, None, None, False, 0)


def test_another_label_forgets_nothing(staff_client: Client, model: ChatModel) -> None:
    learn(model)
    before = facts_of(model)
    change_model(staff_client, model, label="Other", **FLAGS)
    assert facts_of(model) == before
    assert model.label == "Other"


def test_another_address_offers_its_models_again(
    staff_client: Client, connection: Connection, model: ChatModel
) -> None:
    learn(model)
    address = f"{connection.address}/other"
    change(staff_client, connection, address=address)
    assert facts_of(model)[:3] == (None, None, False)


def test_a_model_that_was_marked_is_offered_again(
    staff_client: Client, connection: Connection, model: ChatModel
) -> None:
    learn(model)
    data = {"action": "offer_again", "_selected_action": [str(model.pk)]}
    page = text_of(staff_client.post("/admin/chat/chatmodel/", data, follow=True))
    assert "1 model is offered again." in page
    assert record_listing(connection, [ListedModel("other")]) == 0
    assert facts_of(model)[:2] == (None, None)


# The list of models
def save_list(
    client: Client, default: ChatModel | None, shown_default: str = "", **changes: str
) -> str:
    """Save the list as its page shows it, with some changes."""
    rows = list(ChatModel.objects.order_by("position", "label", "pk"))
    data = {
        "form-TOTAL_FORMS": str(len(rows)),
        "form-INITIAL_FORMS": str(len(rows)),
        "_save": "Save",
    }
    for index, row in enumerate(rows):
        data |= {f"form-{index}-id": str(row.pk), f"form-{index}-position": str(row.position)}
        if row.enabled:
            data[f"form-{index}-enabled"] = "on"
        for name, value in changes.items():
            if name == row.repo_id.replace("-", "_"):
                data[f"form-{index}-position"] = value
    if default is not None:
        data |= {"default_model": str(default.pk), "shown_default": shown_default}
    return text_of(client.post("/admin/chat/chatmodel/", data, follow=True))


def test_the_default_is_chosen_by_a_radio_button(staff_client: Client, model: ChatModel) -> None:
    page = text_of(staff_client.get("/admin/chat/chatmodel/"))
    assert page.count('type="radio"') == ChatModel.objects.count()
    ChatModel.objects.filter(pk=model.pk).update(enabled=False)
    save_list(staff_client, model)
    assert default_model() == model
    assert default_model().enabled


def test_the_order_is_edited_in_the_list(staff_client: Client, model: ChatModel) -> None:
    ChatModel.objects.filter(pk=model.pk).update(repo_id="a")
    save_list(staff_client, None, a="77")
    model.refresh_from_db()
    assert model.position == 77


def test_a_stale_list_does_not_bring_the_earlier_default_back(
    staff_client: Client, model: ChatModel
) -> None:
    earlier = default_model()
    page = text_of(staff_client.get("/admin/chat/chatmodel/"))
    shown = re.findall('name="shown_default" value="([^"]+)"', page)
    assert shown == [str(earlier.pk)]
    make_default_model(model)
    save_list(staff_client, earlier, shown_default=shown[0])
    assert default_model() == model
    save_list(staff_client, earlier, shown_default=str(model.pk))
    assert default_model() == earlier


def test_a_list_that_is_not_valid_changes_no_default(
    staff_client: Client, model: ChatModel
) -> None:
    earlier = default_model()
    ChatModel.objects.filter(pk=model.pk).update(repo_id="a", enabled=False)
    page = save_list(staff_client, model, a="-1", shown_default=str(earlier.pk))
    assert "Please correct the error" in page
    assert f'name="shown_default" value="{earlier.pk}"' in page
    assert default_model() == earlier
    model.refresh_from_db()
    assert not model.enabled


@pytest.mark.parametrize("key", ["", "x", str(uuid4())], ids=["none", "odd", "unknown"])
def test_an_unknown_default_changes_nothing(staff_client: Client, key: str) -> None:
    before = default_model()
    data = {"form-TOTAL_FORMS": "0", "form-INITIAL_FORMS": "0", "_save": "Save"}
    staff_client.post("/admin/chat/chatmodel/", data | {"default_model": key})
    assert default_model() == before


def test_a_vanished_model_is_marked(staff_client: Client, model: ChatModel) -> None:
    ChatModel.objects.filter(pk=model.pk).update(missing_since=Now())
    assert "Not offered by its server since" in text_of(staff_client.get("/admin/chat/chatmodel/"))
