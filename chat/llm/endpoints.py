"""The model server and its deadlines, read from the settings once."""

from dataclasses import replace
from functools import cache

from django.conf import settings

from chat.errors import ErrorCode, error_code
from chat.llm.providers import Deadlines, Endpoint, Limits, unsupported_reason
from chat.models import ChatModel
from chat.models.catalogue import Kind


@cache
def endpoint() -> Endpoint:
    """Return the configured model server.

    INFERENCE_BASE_URL takes precedence over HF_TOKEN; the token is never sent to that server.
    """
    if settings.INFERENCE_BASE_URL:
        return Endpoint(
            kind="openai",
            base_url=settings.INFERENCE_BASE_URL,
            api_key=settings.INFERENCE_API_KEY,
            # Without TLS a new connection is cheap, and llama.cpp keeps a thread for each open one.
            keep_alive=settings.INFERENCE_BASE_URL.startswith("https:"),
            router_map=settings.INFERENCE_HOST_MAP,
        )
    if settings.HF_TOKEN:
        return Endpoint(
            kind="hf",
            token=settings.HF_TOKEN,
            provider=settings.HF_PROVIDER,
            keep_alive=True,
            router_map=settings.INFERENCE_HOST_MAP,
        )
    return Endpoint(kind="none")


def server_of(model: ChatModel) -> str:
    """Return the fingerprint of the server that runs this model; all have the same one."""
    return endpoint().fingerprint


@cache
def deadlines() -> Deadlines:
    """Return the configured deadlines."""
    return Deadlines(
        connect=settings.DEADLINE_CONNECT,
        first_token=settings.DEADLINE_FIRST_TOKEN,
        idle=settings.DEADLINE_IDLE,
        total=settings.DEADLINE_TOTAL,
    )


def deadlines_for(model: ChatModel) -> Deadlines:
    """Return the deadlines of a model, which may have its own time to the first token.

    What it has more than the site's setting, the whole answer has more too.
    """
    common = deadlines()
    own = model.first_token_seconds
    if own is None:
        return common
    longer = max(0.0, own - common.first_token)
    return replace(common, first_token=float(own), total=common.total + longer)


def unavailable_reason(model: ChatModel | None) -> ErrorCode | None:
    """Return why the configured server cannot run this model, None if it can."""
    if model is None:
        return error_code("not_configured")
    return unsupported_reason(endpoint(), "completion" if model.kind == Kind.COMPLETION else "chat")


LIMITS = Limits(answer_chars=settings.ANSWER_CHARS, frame_bytes=settings.FRAME_BYTES)


def provider_name() -> str:
    """Return the name that a run records as its provider."""
    server = endpoint()
    if server.kind == "hf":
        return f"huggingface/{server.provider}"
    return "local" if settings.LOCAL_MODEL else server.kind
