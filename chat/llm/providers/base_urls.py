"""The address that is asked for a chat, and how an address is shown to administrators."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

_CHAT = "/chat/completions"
_VERSION = re.compile(r"/v\d+[a-z0-9]*(?:/|$)", re.IGNORECASE)


def chat_address(base_url: str) -> str:
    """Return the address of chat completions below a base address, with the query of the base.

    A base may have any path (`/v1`, `/api/v3`, `/v1beta/openai/`, `/openai/deployments/x`), or be
    the whole address already. A host without a path stands for its `/v1`, as TGI and
    huggingface_hub have it.
    """
    address = urlsplit(base_url.strip())
    path = address.path.rstrip("/")
    if not path.endswith(_CHAT):
        path = (path or "/v1") + _CHAT
    return urlunsplit(address._replace(path=path, fragment=""))


def may_be_tgi(base_url: str) -> bool:
    """Return whether text generation may be asked at this address: it has no version and no task.

    Text generation posts to the root address of TGI, which other servers do not serve.
    """
    path = urlsplit(base_url).path.rstrip("/")
    return not path.endswith(_CHAT) and not _VERSION.search(path)


def redact_address(url: str) -> str:
    """Return an address without credentials, with the names of its query but not their values."""
    address = urlsplit(url)
    host = address.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = f":{address.port}" if address.port else ""
    names = [quote(name) for name, _ in parse_qsl(address.query, keep_blank_values=True)]
    query = "&".join(f"{name}=…" for name in names)
    return urlunsplit((address.scheme, f"{host}{port}", address.path, query, ""))
