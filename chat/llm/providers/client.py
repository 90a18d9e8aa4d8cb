"""Open one streamed answer through AsyncInferenceClient."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, cast

from chat.llm.providers.base_urls import chat_address
from chat.llm.providers.capabilities import needs_lookup
from chat.llm.providers.dialect import PLAIN, Dialect
from chat.llm.providers.errors import AttemptError, translate_lookup
from chat.llm.providers.hf import AsyncInferenceClient
from chat.llm.providers.hf_transport import ATTEMPT, Attempt, PreparedError
from chat.llm.providers.types import ChatRequest, Endpoint, Sampling

# Without a key huggingface_hub would send HF_TOKEN from the environment to this server.
_DUMMY_KEY = "no-key"
_USAGE: Any = {"include_usage": True}

# Provider, kind and model whose Hub look-up huggingface_hub has cached.
_resolved: set[tuple[str, str, str]] = set()


def make_client(endpoint: Endpoint, request: ChatRequest) -> AsyncInferenceClient:
    """Return a client for one answer; leaving its `async with` block closes the connection."""
    if endpoint.kind == "hf":
        provider: Any = endpoint.provider or "auto"
        return AsyncInferenceClient(provider=provider, token=endpoint.token)
    key = endpoint.api_key or _DUMMY_KEY
    if request.kind == "completion":
        return AsyncInferenceClient(model=endpoint.base_url.rstrip("/"), token=key)
    # huggingface_hub would put `/v1` behind every path that does not end with it.
    return AsyncInferenceClient(base_url=chat_address(endpoint.base_url), api_key=key)


async def open_stream(
    client: AsyncInferenceClient,
    endpoint: Endpoint,
    request: ChatRequest,
    attempt: Attempt,
    dialect: Dialect,
) -> AsyncIterator[Any]:
    """Send the request and return its events as soon as the response headers arrive.

    Raises AttemptError and any exception of huggingface_hub.
    """
    await _resolve(endpoint, request, attempt)
    token = ATTEMPT.set(attempt)
    try:
        return await _call(client, endpoint, request, dialect)
    finally:
        ATTEMPT.reset(token)


async def _call(
    client: AsyncInferenceClient, endpoint: Endpoint, request: ChatRequest, dialect: Dialect
) -> AsyncIterator[Any]:
    if request.kind == "completion":
        arguments = completion_arguments(endpoint, request)
        tokens = await client.text_generation(
            request.prompt, stream=True, details=True, **arguments
        )
        return cast(AsyncIterator[Any], tokens)
    chunks = await client.chat_completion(
        dialect.shape_messages(request.messages),
        stream=True,
        **dialect.shape_arguments(chat_arguments(endpoint, request)),
    )
    return cast(AsyncIterator[Any], chunks)


def chat_arguments(endpoint: Endpoint, request: ChatRequest) -> dict[str, Any]:
    """Return the arguments of `chat_completion`; None leaves a value to the server."""
    sampling = request.sampling
    return {
        "model": request.repo_id,
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "frequency_penalty": sampling.frequency_penalty,
        "stop": list(sampling.stop) or None,
        "seed": sampling.seed,
        "stream_options": _USAGE,
        "extra_body": _repeat_penalty(endpoint, sampling),
    }


def _repeat_penalty(endpoint: Endpoint, sampling: Sampling) -> dict[str, float] | None:
    """Return the repeat penalty under each name that servers use; they ignore unknown ones.

    It is not part of OpenAI's format: vLLM, TGI and most providers call it `repetition_penalty`,
    llama.cpp `repeat_penalty`.
    """
    if sampling.repeat_penalty is None:
        return None
    names = ["repetition_penalty"]
    if endpoint.kind == "openai":
        names.append("repeat_penalty")
    return dict.fromkeys(names, sampling.repeat_penalty)


def completion_arguments(endpoint: Endpoint, request: ChatRequest) -> dict[str, Any]:
    """Return the arguments of `text_generation`.

    TGI rejects a temperature of 0 (no sampling) and a top_p of 1 (no limit), so they are left out.
    """
    sampling = request.sampling
    samples = bool(sampling.temperature)
    return {
        # With a model id the client ignores the base address and sends the prompt to Hugging Face.
        "model": request.repo_id if endpoint.kind == "hf" else None,
        "max_new_tokens": sampling.max_tokens,
        "do_sample": samples,
        "temperature": sampling.temperature if samples else None,
        "top_p": sampling.top_p if sampling.top_p is not None and 0 < sampling.top_p < 1 else None,
        "frequency_penalty": sampling.frequency_penalty,
        "repetition_penalty": sampling.repeat_penalty,
        "stop": list(sampling.stop) or None,
        "seed": sampling.seed,
        "return_full_text": False,
    }


async def _resolve(endpoint: Endpoint, request: ChatRequest, attempt: Attempt) -> None:
    """Make huggingface_hub look up the model's provider at the Hub, in a thread.

    By itself it would do so with a blocking client on the event loop. It caches the result for the
    life of the process. A dry attempt, which stops just before sending, triggers the look-up.
    """
    key = (endpoint.provider, request.kind, request.repo_id)
    if not needs_lookup(endpoint, request.kind) or key in _resolved:
        return
    await asyncio.to_thread(_resolve_in_thread, endpoint, request, attempt)
    _resolved.add(key)


def _resolve_in_thread(endpoint: Endpoint, request: ChatRequest, attempt: Attempt) -> None:
    failure = None
    try:
        asyncio.run(_dry_run(endpoint, request, replace(attempt, dry=True)))
    except Exception as exc:
        failure = translate_lookup(exc)
    if failure is not None:
        raise failure


async def _dry_run(endpoint: Endpoint, request: ChatRequest, attempt: Attempt) -> None:
    ATTEMPT.set(attempt)
    try:
        async with make_client(endpoint, request) as client:
            await _call(client, endpoint, request, PLAIN)
    except PreparedError:
        return
    raise AttemptError("internal")
