"""Opening one streamed answer through AsyncInferenceClient."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, cast

from chat.llm.providers.capabilities import needs_lookup
from chat.llm.providers.errors import AttemptError, translate_lookup
from chat.llm.providers.hf import AsyncInferenceClient
from chat.llm.providers.hf_transport import ATTEMPT, Attempt, PreparedError
from chat.llm.providers.types import ChatRequest, Endpoint, Sampling

# Without a key huggingface_hub would look for HF_TOKEN and send it to whatever server this is.
_DUMMY_KEY = "no-key"
_USAGE: Any = {"include_usage": True}

_resolved: set[tuple[str, str, str]] = set()


def make_client(endpoint: Endpoint, request: ChatRequest) -> AsyncInferenceClient:
    """A client for one answer; use it as an async context manager, which hangs up at its end."""
    if endpoint.kind == "hf":
        provider: Any = endpoint.provider or "auto"
        return AsyncInferenceClient(provider=provider, token=endpoint.token)
    key = endpoint.api_key or _DUMMY_KEY
    base = endpoint.base_url.rstrip("/")
    if request.kind == "completion":
        return AsyncInferenceClient(model=base, token=key)
    return AsyncInferenceClient(base_url=base, api_key=key)


async def open_stream(
    client: AsyncInferenceClient,
    endpoint: Endpoint,
    request: ChatRequest,
    attempt: Attempt,
    *,
    usage: bool,
) -> AsyncIterator[Any]:
    """The events of the answer, once the server's headers are there.

    Raises AttemptError, and whatever huggingface_hub raises.
    """
    await _resolve(endpoint, request, attempt)
    token = ATTEMPT.set(attempt)
    try:
        return await _call(client, endpoint, request, usage=usage)
    finally:
        ATTEMPT.reset(token)


async def _call(
    client: AsyncInferenceClient, endpoint: Endpoint, request: ChatRequest, *, usage: bool
) -> AsyncIterator[Any]:
    if request.kind == "completion":
        arguments = completion_arguments(endpoint, request)
        tokens = await client.text_generation(
            request.prompt, stream=True, details=True, **arguments
        )
        return cast(AsyncIterator[Any], tokens)
    chunks = await client.chat_completion(
        [{"role": turn.role, "content": turn.content} for turn in request.messages],
        stream=True,
        stream_options=_USAGE if usage else None,
        **chat_arguments(endpoint, request),
    )
    return cast(AsyncIterator[Any], chunks)


def chat_arguments(endpoint: Endpoint, request: ChatRequest) -> dict[str, Any]:
    sampling = request.sampling
    return {
        "model": request.repo_id,
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "frequency_penalty": sampling.frequency_penalty,
        "stop": list(sampling.stop) or None,
        "seed": sampling.seed,
        "extra_body": _repeat_penalty(endpoint, sampling),
    }


def _repeat_penalty(endpoint: Endpoint, sampling: Sampling) -> dict[str, float] | None:
    """Not part of OpenAI's format: vLLM, TGI and most providers say `repetition_penalty`, llama.cpp
    `repeat_penalty`, and each ignores the other's word."""
    if sampling.repeat_penalty is None:
        return None
    names = ["repetition_penalty"]
    if endpoint.kind == "openai":
        names.append("repeat_penalty")
    return dict.fromkeys(names, sampling.repeat_penalty)


def completion_arguments(endpoint: Endpoint, request: ChatRequest) -> dict[str, Any]:
    """TGI refuses a temperature of 0 and a top_p of 1, which mean: no sampling, no limit."""
    sampling = request.sampling
    samples = bool(sampling.temperature)
    return {
        # A model id would make the client forget the base address and send the prompt to Hugging
        # Face.
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
    """Let huggingface_hub ask the Hub which provider serves the model, in a thread and only once.

    It would ask with a blocking client on the event loop, and remembers the answer for the life of
    the process. A dry attempt makes it ask: everything is done up to sending.
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
            await _call(client, endpoint, request, usage=False)
    except PreparedError:
        return
    raise AttemptError("internal")
