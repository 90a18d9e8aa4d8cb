"""The one place that names huggingface_hub; everything else at this edge takes it from here.

`httpx` is huggingface_hub's own public name for the HTTP library it runs on (httpx2 with version
2.4), "the same export for downstream libraries across major versions". It is not imported by its
own name, because `import httpx` is another library and `import httpx2` would break with the next
change.
"""

from __future__ import annotations

import logging
import os

# Read once, when huggingface_hub is imported. Without the first its Hub look-ups add whatever token
# lies about; without the second the first request waits up to 3 s, with the event loop blocked, for
# a list that goes into the User-Agent.
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

# Their INFO and DEBUG records hold addresses and headers.
for _name in ("huggingface_hub", "httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)

HUB = "https://huggingface.co"


def has_lookups_disabled() -> bool:
    """Whether its environment keeps huggingface_hub from asking the Hub anything: HF_HUB_OFFLINE,
    TRANSFORMERS_OFFLINE, or an HF_ENDPOINT that is no address."""
    return is_offline_mode() or not constants.ENDPOINT.startswith(("https://", "http://"))


def has_other_hub() -> bool:
    """Whether look-ups go to another server: HF_ENDPOINT, HUGGINGFACE_CO_STAGING."""
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
