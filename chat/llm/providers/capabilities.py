"""What an endpoint can do, asked before a request is made."""

from __future__ import annotations

from urllib.parse import urlsplit

from chat.errors import ErrorCode, error_code
from chat.llm.providers.hf import has_lookups_disabled
from chat.llm.providers.types import Endpoint, ModelKind


def unsupported_reason(endpoint: Endpoint, kind: ModelKind) -> ErrorCode | None:
    """Why this endpoint cannot run a model of this kind, or None if it can.

    Completion models run on Hugging Face or on a TGI root, an address without `/v1`: text
    generation posts to the address itself, which other OpenAI-compatible servers do not answer.
    """
    if not is_configured(endpoint):
        return error_code("not_configured")
    if endpoint.kind == "hf" and is_automatic(endpoint) and not endpoint.token.startswith("hf_"):
        return error_code("unauthorized")  # the router takes Hugging Face's own tokens only
    if kind == "completion" and not can_complete(endpoint):
        return error_code("completion_unsupported")
    if needs_lookup(endpoint, kind) and has_lookups_disabled():
        return error_code("lookup_blocked")
    return None


def needs_lookup(endpoint: Endpoint, kind: ModelKind) -> bool:
    """Whether the Hub is asked who serves a model: the router knows that for chats by itself."""
    return endpoint.kind == "hf" and not (kind == "chat" and is_automatic(endpoint))


def is_configured(endpoint: Endpoint) -> bool:
    if endpoint.kind == "hf":
        return bool(endpoint.token)
    # huggingface_hub takes an address without a scheme for a model's name and asks Hugging Face.
    address = urlsplit(endpoint.base_url)
    return (
        endpoint.kind == "openai" and address.scheme in {"http", "https"} and bool(address.hostname)
    )


def is_automatic(endpoint: Endpoint) -> bool:
    """Whether Hugging Face chooses the provider."""
    return endpoint.provider in ("", "auto")


def can_complete(endpoint: Endpoint) -> bool:
    if endpoint.kind == "hf":
        return True
    path = urlsplit(endpoint.base_url).path.rstrip("/")
    return not path.endswith(("/v1", "/chat/completions"))
