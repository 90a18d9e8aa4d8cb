"""Ask a model server which models it offers, within bounds of time and size.

Formats: OpenAI's `{"data": [{"id": ...}]}` (vLLM, llama.cpp, LM Studio, LiteLLM, Hugging Face's
router), a bare list of the same entries, and TGI's `/info` (`{"model_id": ...}`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

import aiohttp
from yarl import URL

from chat.llm.providers.capabilities import unsupported_reason
from chat.llm.providers.connections import RequestState, get_session
from chat.llm.providers.error_codes import code_for_status
from chat.llm.providers.errors import connect_code
from chat.llm.providers.types import Endpoint
from chat.provider_error import ProviderError

HF_MODELS = "https://router.huggingface.co/v1/models"
LIST_SECONDS = 5.0
LIST_BYTES = 8_000_000
MAX_NAME = 200
MAX_ENTRIES = 20_000
# Names of the context window in tokens: vLLM, llama.cpp, LM Studio, OpenRouter, LiteLLM, TGI.
_WINDOWS = (
    "max_model_len",
    "n_ctx",
    "loaded_context_length",
    "context_length",
    "context_window",
    "max_context_length",
    "max_input_tokens",
    "max_total_tokens",
    "n_ctx_train",
)
_NOT_HERE = frozenset({404, 405})
_ROUTER_ONLY_ON_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model that a server lists; `context_window` is in tokens, None if it does not say."""

    repo_id: str
    context_window: int | None = None


async def list_models(endpoint: Endpoint, seconds: float = LIST_SECONDS) -> list[ListedModel]:
    """Return the models that the server lists, in its order, each name once.

    Raises ProviderError: `no_model_list` if the response is none, `connect_timeout` after
    `seconds`, and the codes of failed connections and HTTP statuses.
    """
    unsupported = unsupported_reason(endpoint, "chat")
    if unsupported is not None and unsupported.code != "lookup_blocked":
        raise ProviderError(unsupported.code)
    code, status, body = "connect_timeout", 0, b""
    try:
        async with asyncio.timeout(seconds):
            for url in list_urls(endpoint):
                status, body = await _get(endpoint, url)
                if status not in _NOT_HERE:
                    break
    except TimeoutError:
        pass
    except (aiohttp.ClientError, OSError, ValueError) as exc:
        code = connect_code(exc) if isinstance(exc, aiohttp.ClientConnectorError) else "cut"
    else:
        if status == 200:
            # Millions of short names would take seconds of the event loop.
            return await asyncio.to_thread(parse_list, body)
        # A server without the list answers 404 (or 405); that says nothing about a model.
        code = code_for_status(status)
        if code in {"model_not_found", "bad_request", "not_a_stream"}:
            code = "no_model_list"
    # Outside the handler, so that the error does not carry the token of the request along.
    raise ProviderError(code, upstream_status=status or None)


def list_urls(endpoint: Endpoint) -> list[str]:
    """Return the addresses that may have the list; at a root address TGI has `/info`."""
    if endpoint.kind == "hf":
        return [HF_MODELS]
    parts = urlsplit(endpoint.base_url.strip())
    urls = [models_url(endpoint.base_url)]
    if not parts.path.strip("/"):
        urls.append(urlunsplit(SplitResult(parts.scheme, parts.netloc, "/info", "", "")))
    return urls


def models_url(base_url: str) -> str:
    """Return the address of the list, for a base address of any path.

    A root address gets `/v1/models`; a path of its own gets `/models`; a query stays.
    """
    parts = urlsplit(base_url.strip())
    path = parts.path.rstrip("/").removesuffix("/chat/completions").rstrip("/")
    path = f"{path or '/v1'}/models"
    return urlunsplit(SplitResult(parts.scheme, parts.netloc, path, parts.query, ""))


async def _get(endpoint: Endpoint, url: str) -> tuple[int, bytes]:
    """Return status and body. Raises exceptions of aiohttp, OSError and ValueError."""
    url, headers = _request(endpoint, url)
    async with get_session(keep_alive=False).get(
        URL(url), headers=headers, allow_redirects=False, trace_request_ctx=RequestState(_ignore)
    ) as response:
        if response.status != 200:
            return response.status, b""
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > LIST_BYTES:
                return response.status, b""
        return response.status, bytes(body)


def _ignore() -> None:
    return None


def _request(endpoint: Endpoint, url: str) -> tuple[str, dict[str, str]]:
    """Return the address to ask, of a mapped host on loopback, and the headers."""
    key = endpoint.token if endpoint.kind == "hf" else endpoint.api_key
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    parts = urlsplit(url)
    mapped = endpoint.router_map.get(parts.hostname or "")
    if mapped is not None:
        host = urlsplit(f"//{mapped}").hostname
        if host not in _ROUTER_ONLY_ON_LOOPBACK:
            raise ValueError("a mapped host must be a loopback address")
        headers["Host"] = parts.netloc
        url = urlunsplit(("http", mapped, parts.path, parts.query, ""))
    return url, headers


def parse_list(body: bytes) -> list[ListedModel]:
    """Return the models of the first MAX_ENTRIES entries of a response, each name once.

    Raises ProviderError `no_model_list` if it is none.
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        data = None
    entries = _entries(data)
    if entries is None:
        raise ProviderError("no_model_list", upstream_status=200)
    models: dict[str, ListedModel] = {}
    for name, entry in _named(entries[:MAX_ENTRIES]):
        models.setdefault(name, ListedModel(name, _window(entry)))
    return list(models.values())


def _entries(data: Any) -> list[Any] | None:
    if isinstance(data, Mapping):
        if isinstance(data.get("model_id"), str):
            return [data]
        data = data.get("data", data.get("models"))
    return data if isinstance(data, list) else None


def _named(entries: Iterable[Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the entries that have a name which a database and a page can take."""
    for entry in entries:
        entry = {"id": entry} if isinstance(entry, str) else entry
        if not isinstance(entry, Mapping):
            continue
        name = next((entry[key] for key in ("id", "model_id", "name") if entry.get(key)), None)
        if isinstance(name, str) and is_usable_name(name):
            yield name, entry


def is_usable_name(name: str) -> bool:
    """Return whether a model's name can be stored, shown in one line and sent back."""
    return 0 < len(name) <= MAX_NAME and name.isprintable() and name == name.strip()


def _window(entry: Mapping[str, Any]) -> int | None:
    """Return the context window; of several providers the smallest, which all of them have."""
    meta, providers = entry.get("meta"), entry.get("providers")
    for source in (entry, meta):
        if isinstance(source, Mapping) and (window := _own_window(source)):
            return window
    items = providers if isinstance(providers, list) else []
    windows = [_own_window(item) for item in items if isinstance(item, Mapping)]
    return min((window for window in windows if window), default=None)


def _own_window(source: Mapping[str, Any]) -> int | None:
    for name in _WINDOWS:
        value = source.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31:
            return value
    return None
