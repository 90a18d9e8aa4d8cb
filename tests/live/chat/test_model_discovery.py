"""A start with INFERENCE_BASE_URL alone answers the first question."""

from pathlib import Path

import pytest

from launcher.postgres import Cluster
from tests.fake_llm import Respond, UpstreamThread, answer, closed_port
from tests.support.people import Person, signed_up
from tests.support.polling import eventually
from tests.support.site import Site, prepared_database


@pytest.fixture
def new_site(
    cluster: Cluster, tmp_path: Path, upstream: UpstreamThread, request: pytest.FixtureRequest
) -> dict[str, str]:
    """The environment of a site that has never been started."""
    name = f"new_{abs(hash(request.node.name)):x}"
    return prepared_database(cluster.url(name), tmp_path) | {
        "INFERENCE_BASE_URL": upstream.base_url
    }


def ask(person: Person) -> str:
    """The page with the first answer."""
    key = person.start("Hello?")
    with person.socket(key) as socket:
        socket.until_status("complete")
    return person.page(key)


def test_the_first_question_goes_to_a_model_that_the_server_has(
    new_site: dict[str, str], upstream: UpstreamThread
) -> None:
    upstream.offer({"nomic-embed-text": {}, "llama3.2:3b": {}})
    upstream.script(answer("Hello."))
    with Site(new_site) as site:
        person = signed_up(site.url, "first@example.org")
        assert "Hello." in ask(person)
        assert upstream.chats[0].body["model"] == "llama3.2:3b"
        assert "llama3.2:3b" in person.get("/").text
        assert "This model was found on the site&#x27;s model server." in person.get("/").text
        assert "offered 1 of 2 models" in site.log()
        assert upstream.base_url not in site.log()
        person.http.close()


def test_a_named_model_is_asked_without_a_list(
    new_site: dict[str, str], upstream: UpstreamThread
) -> None:
    upstream.offer({}, Respond(404, b"nothing here", "text/plain"))
    with Site(new_site | {"INFERENCE_MODEL": "my-model"}) as site:
        person = signed_up(site.url, "named@example.org")
        ask(person)
        assert upstream.chats[0].body["model"] == "my-model"
        person.http.close()


def test_a_server_without_a_list_is_a_clear_sentence(
    new_site: dict[str, str], upstream: UpstreamThread
) -> None:
    upstream.offer({}, Respond(200, b"<html>Hello</html>", "text/html"))
    with Site(new_site) as site:
        person = signed_up(site.url, "clear@example.org")
        page = person.get("/").text
        assert "say which models it offers" in page
        assert "INFERENCE_MODEL" in page
        assert "listed no models (code=no_model_list)" in site.log()
        person.http.close()


def test_a_server_that_starts_later_is_found(
    new_site: dict[str, str], upstream: UpstreamThread
) -> None:
    upstream.offer({}, Respond(503, b"loading"))
    with Site(new_site) as site:
        person = signed_up(site.url, "later@example.org")
        assert "busy" in person.get("/").text
        upstream.offer({"llama3.2:3b": {}})
        eventually(lambda: "llama3.2:3b is now the default" in site.log(), 20)
        assert "llama3.2:3b" in person.get("/").text
        ask(person)
        assert upstream.chats[-1].body["model"] == "llama3.2:3b"
        person.http.close()


def test_no_server_does_not_keep_the_site_from_starting(new_site: dict[str, str]) -> None:
    values = new_site | {"INFERENCE_BASE_URL": f"http://127.0.0.1:{closed_port()}/v1"}
    with Site(values) as site:
        eventually(lambda: "listed no models (code=connect_refused)" in site.log())


@pytest.mark.parametrize("address", ["http://[::1/v1", "http://host:99999/v1"])
def test_an_impossible_address_is_said(new_site: dict[str, str], address: str) -> None:
    with Site(new_site | {"INFERENCE_BASE_URL": address}) as site:
        eventually(lambda: "listed no models (code=not_configured)" in site.log())
        person = signed_up(site.url, "impossible@example.org")
        assert "No model is set up on this site yet." in person.get("/").text
        person.http.close()


def test_the_demonstration_model_is_the_only_one_of_its_server(
    new_site: dict[str, str], upstream: UpstreamThread
) -> None:
    name = "SmolLM2-135M-Instruct"
    upstream.offer({name: {"meta": {"n_ctx": 8192}}})
    with Site(new_site | {"LOCAL_MODEL": name}) as site:
        site.manage("migrate")
        person = signed_up(site.url, "demo@example.org")
        eventually(lambda: "Mixtral" not in person.get("/").text)
        page = person.get("/").text
        assert f"{name} (demonstration)" in page
        ask(person)
        assert upstream.chats[0].body["model"] == name
        assert "offered" not in site.log()
        person.http.close()


SAVE_KEY = """
from chat.models import Connection
from core.encryption import encrypt
Connection.objects.create(name="A", address="http://127.0.0.1:9/v1", encrypted_key=encrypt("sk-1"))
"""
READ_KEY = """
from chat.llm.endpoints import read_key
from chat.models import Connection
print("read", read_key(Connection.objects.get(name="A")))
"""


def test_a_start_with_an_encryption_key_outlives_the_secret_key(new_site: dict[str, str]) -> None:
    with Site(new_site) as site:
        site.manage("shell", "-c", SAVE_KEY)
    new_site["ENCRYPTION_KEY"] = "a long random string"
    with Site(new_site) as site:
        eventually(lambda: "keys encrypted with ENCRYPTION_KEY: 1" in site.log())
    new_site["SECRET_KEY"] = "another-" * 10
    with Site(new_site) as site:
        assert "read sk-1" in site.manage("shell", "-c", READ_KEY)
        assert "can't be read" not in site.log()
