"""Addresses that no model server has are refused, however they are spelled."""

import socket
from typing import Any

import pytest

from chat.llm.providers import list_models, unsupported_reason
from chat.llm.providers.addresses import (
    RefusedAddressError,
    address_policy,
    check_address,
    is_refused,
    is_refused_url,
    to_address,
)
from chat.provider_error import ProviderError
from tests.fake_llm import Upstream, answer
from tests.unit.llm.tools import TOKEN, ask, chat_request, completion_request, hf, openai

REFUSED = [
    "http://169.254.169.254/v1",
    "http://169.254.169.254:80/latest/meta-data/",
    "http://user:pass@169.254.169.254/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/",
    "http://169.254.43518/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::169.254.169.254]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://[::169.254.169.254]/",
    "http://[64:ff9b:1::169.254.169.254]/",
    "http://[64:ff9b:1:fffe::169.254.169.254]/",
    "http://[64:ff9b:1:a9fe:a9:fe00::]/",
    "http://[64:ff9b:1:a9:fe:a9fe::]/",
    "http://[64:ff9b:1::a9:fea9:fe00:0]/",
    "http://[64:ff9b::100.100.100.200]/",
    "http://169.254.42.42/",
    "http://169.254.0.23/",
    "http://[fe80::a9fe:a9fe]/",
    "http://[fe80::a9fe:a9fe%25eth0]/",
    "http://[fd00:42::42]/",
    "http://[fd00:c1::a9fe:a9fe]/",
    "http://[fd00:a9fe:a9fe::1]/",
    "http://[fd00:ec2::254]/",
    "http://169.254.170.2/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://metadata.google.internal/v1",
    "http://METADATA.google.internal./v1",
    "http://metadata/v1",
    "http://instance-data/",
]
LINK_LOCAL = ["http://169.254.1.1/v1", "http://[fe80::1]/v1", "http://[fe80::1%25eth0]/v1"]
ALLOWED = [
    "http://127.0.0.1:11434/v1",
    "http://[::1]:1/v1",
    "http://10.0.0.5/v1",
    "http://[::10.0.0.5]/v1",
    "http://[64:ff9b::10.0.0.5]/v1",
    "http://[64:ff9b:1::10.0.0.5]/v1",
    "http://[2002:a00:5::]/v1",
    "http://[fd00:42::43]/v1",
    "http://192.168.1.4:8000/v1",
    "http://ollama:11434/v1",
    "https://api.openai.com/v1",
    "http://169.255.0.1/",
    "http://metadata.example.org/",
    "not a url",
    "http://[::1",
    "",
]


@pytest.mark.parametrize("url", REFUSED + LINK_LOCAL)
def test_it_is_refused(url: str) -> None:
    assert is_refused_url(url)
    reason = unsupported_reason(openai(url), "chat")
    assert reason is not None
    assert reason.code == "address_refused"


@pytest.mark.parametrize("url", ALLOWED)
def test_it_is_allowed(url: str) -> None:
    assert not is_refused_url(url)


@pytest.mark.parametrize("url", LINK_LOCAL)
def test_link_local_addresses_can_be_allowed(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(address_policy, "allows_link_local", True)
    assert not is_refused_url(url)


@pytest.mark.parametrize("url", REFUSED)
def test_metadata_never_is(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(address_policy, "allows_link_local", True)
    assert is_refused_url(url)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1%2", "64:ff9b:1::a9fe:a9fe"]
)
def test_a_connection_is_checked_by_its_address(address: str) -> None:
    with pytest.raises(RefusedAddressError):
        check_address(address)
    assert is_refused(to_address(address))


def leads_to(address: str) -> Any:
    """A resolver of the system that knows one name."""
    original = socket.getaddrinfo

    def resolve(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        # Whether a host spells an address is not a question to the name server.
        is_looked_up = kwargs.get("flags") != socket.AI_NUMERICHOST
        leads = is_looked_up and name == "models.example.org"
        return original(address if leads else host, port, *args, **kwargs)

    return resolve


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_name_that_leads_there_is_refused(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """The resolver is the one thing that stands outside: no name here leads to such an address."""
    monkeypatch.setattr(socket, "getaddrinfo", leads_to("169.254.169.254"))
    endpoint = openai(f"{scheme}://models.example.org/v1")
    assert (await ask(endpoint)).code == "address_refused"
    with pytest.raises(ProviderError) as caught:
        await list_models(endpoint)
    assert caught.value.code == "address_refused"


@pytest.mark.parametrize("user", ["me:SECRET-PW@", "SECRET-PW@", ":SECRET-PW@", "@"])
async def test_an_address_with_a_password_is_not_asked(up: Upstream, user: str) -> None:
    endpoint = openai(up.base_url.replace("://", f"://{user}"))
    outcome = await ask(endpoint)
    assert outcome.code == "address_credentials"
    with pytest.raises(ProviderError) as caught:
        await list_models(endpoint)
    assert caught.value.code == "address_credentials"
    assert not up.requests
    assert "SECRET-PW" not in outcome.shown


@pytest.mark.parametrize("key", ["a\nb", "a\r\nX: y", "a b", "schlüssel", "a\x00", "a\ud800"])
async def test_a_key_that_no_header_can_hold_is_not_sent(up: Upstream, key: str) -> None:
    outcome = await ask(openai(up.base_url, key))
    assert outcome.code == "key_unusable"
    assert not up.requests
    assert key not in outcome.shown


@pytest.mark.parametrize("make_request", [chat_request, completion_request])
@pytest.mark.parametrize("provider", ["auto", "hf-inference", "together"])
@pytest.mark.parametrize("form", ["{}", "{}/v1", "HTTP{}", " {}"])
async def test_a_name_that_is_an_address_does_not_get_the_token(
    monkeypatch: pytest.MonkeyPatch, up: Upstream, make_request: Any, provider: str, form: str
) -> None:
    """huggingface_hub takes such a name for the address to ask."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    address = f"http://{up.address}"
    name = f"HTTP{address.removeprefix('http')}" if form == "HTTP{}" else form.format(address)
    outcome = await ask(hf(up, provider), make_request(repo_id=name))
    assert outcome.code == "name_refused"
    assert not up.requests


async def test_a_server_of_ones_own_may_have_such_a_name(up: Upstream) -> None:
    up.script(answer("Hello"))
    assert (await ask(openai(up.base_url), chat_request(repo_id="http://a/b"))).text == "Hello"
    assert up.requests[0].path == "/v1/chat/completions"
    assert up.requests[0].headers["authorization"] == "Bearer no-key"
