"""Decide before a request whether an endpoint can serve it."""

from __future__ import annotations

from urllib.parse import urlsplit

from chat.errors import ErrorCode, error_code
from chat.llm.providers.addresses import is_refused_url
from chat.llm.providers.base_urls import may_be_tgi
from chat.llm.providers.hf import has_lookups_disabled
from chat.llm.providers.types import Endpoint, ModelKind


def unsupported_reason(endpoint: Endpoint, kind: ModelKind, repo_id: str = "") -> ErrorCode | None:
    """Return why this endpoint cannot run a model of this kind and name, None if it can.

    Completion models need Hugging Face or the root address of a TGI server, without `/v1`: text
    generation posts to the address itself, which other OpenAI-compatible servers do not serve.
    """
    if not is_configured(endpoint):
        return error_code("not_configured")
    if endpoint.kind == "openai" and is_refused_url(endpoint.base_url):
        return error_code("address_refused")
    if endpoint.kind == "openai" and has_credentials(endpoint.base_url):
        return error_code("address_credentials")
    if not is_usable_key(endpoint.token if endpoint.kind == "hf" else endpoint.api_key):
        return error_code("key_unusable")
    if endpoint.kind == "hf" and is_automatic(endpoint) and not endpoint.token.startswith("hf_"):
        return error_code("unauthorized")  # the router accepts only Hugging Face's own tokens
    if endpoint.kind == "hf" and is_address(repo_id):
        return error_code("name_refused")
    if kind == "completion" and not can_complete(endpoint):
        return error_code("completion_unsupported")
    if needs_lookup(endpoint, kind) and has_lookups_disabled():
        return error_code("lookup_blocked")
    return None


def is_usable_key(key: str) -> bool:
    """Return whether a key can be sent in a header: visible ASCII without blanks, or nothing."""
    return all("!" <= char <= "~" for char in key)


def has_credentials(base_url: str) -> bool:
    """Return whether an address holds a user name or a password; pages and logs may show it."""
    return "@" in urlsplit(base_url).netloc


def is_address(repo_id: str) -> bool:
    """Return whether a model's name is an address.

    huggingface_hub asks that instead of Hugging Face, and sends the token there.
    """
    return repo_id.strip().lower().startswith(("http://", "https://"))


def needs_lookup(endpoint: Endpoint, kind: ModelKind) -> bool:
    """Return whether the Hub is asked for the model's provider; for chats the router knows it."""
    return endpoint.kind == "hf" and not (kind == "chat" and is_automatic(endpoint))


def is_configured(endpoint: Endpoint) -> bool:
    """Return whether the endpoint has a token or a valid address."""
    if endpoint.kind == "hf":
        return bool(endpoint.token)
    return endpoint.kind == "openai" and is_complete_address(endpoint.base_url)


def is_complete_address(base_url: str) -> bool:
    """Return whether an address has a scheme, a host, and a port that may be.

    huggingface_hub mistakes one without a scheme for a model id, and asks Hugging Face.
    """
    try:
        address = urlsplit(base_url)
        has_port = address.port is None or address.port > 0
    except ValueError:
        return False
    return address.scheme in {"http", "https"} and bool(address.hostname) and has_port


def is_automatic(endpoint: Endpoint) -> bool:
    """Return whether Hugging Face chooses the provider."""
    return endpoint.provider in ("", "auto")


def can_complete(endpoint: Endpoint) -> bool:
    """Return whether the endpoint may serve plain text completion."""
    if endpoint.kind == "hf":
        return True
    return may_be_tgi(endpoint.base_url)
