"""Import huggingface_hub, once for this package, with its look-ups and telemetry configured.

`httpx` is huggingface_hub's public name for its HTTP library (httpx2 with version 2.4), "the same
export for downstream libraries across major versions". Do not import the library by its own name:
`httpx` is a different library, and `httpx2` may change with the next version.
"""

from __future__ import annotations

import logging
import os

# huggingface_hub reads these when it is imported. Without the first its look-ups would send any
# token it finds. Without the second the first request blocks the event loop for up to 3 s, to fetch
# a list for the User-Agent.
os.environ["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "1"  # noqa: S105
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

from huggingface_hub import (
    AsyncInferenceClient,
    constants,
    is_offline_mode,
    set_async_client_factory,
    set_client_factory,
)
from huggingface_hub.errors import HfHubHTTPError, TextGenerationError
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]

# Their INFO and DEBUG records contain addresses and headers.
for _name in ("huggingface_hub", "httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)

HUB = "https://huggingface.co"


def has_lookups_disabled() -> bool:
    """Return whether huggingface_hub's environment rules out look-ups at the Hub.

    That is HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE, or an HF_ENDPOINT that is not a URL.
    """
    return is_offline_mode() or not constants.ENDPOINT.startswith(("https://", "http://"))


def has_other_hub() -> bool:
    """Return whether HF_ENDPOINT or HUGGINGFACE_CO_STAGING send look-ups to another server."""
    return bool(constants.ENDPOINT != HUB)


__all__ = [
    "AsyncInferenceClient",
    "HfHubHTTPError",
    "TextGenerationError",
    "has_lookups_disabled",
    "has_other_hub",
    "httpx",
    "set_async_client_factory",
    "set_client_factory",
]
