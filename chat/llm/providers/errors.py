"""Translate exceptions of other libraries into failed attempts."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from chat.llm.providers.addresses import RefusedAddressError
from chat.llm.providers.error_codes import code_for_error, code_for_status, named_window
from chat.llm.providers.hf import HfHubHTTPError, TextGenerationError, has_other_hub, httpx
from chat.llm.providers.refusals import NO_REFUSAL, Refusal
from chat.provider_error import NO_EVIDENCE, Evidence, ProviderError


class AttemptError(Exception):
    """A failed attempt.

    `refusal` is the part of the request that the server refused. `is_lost` if a
    reused connection was dead and the server saw no request, `is_closed` if the server closed the
    connection in order.

    It must not leave this package, because frames of its traceback hold the token.
    """

    def __init__(
        self,
        code: str,
        *,
        retry_after: float | None = None,
        evidence: Evidence = NO_EVIDENCE,
        refusal: Refusal = NO_REFUSAL,
        is_lost: bool = False,
        is_closed: bool = False,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.evidence = evidence
        self.retry_after = retry_after
        self.refusal = refusal
        self.is_lost = is_lost
        self.is_closed = is_closed

    def to_provider_error(self) -> ProviderError:
        """Return the same failure as an error without traceback, which may leave the package."""
        return ProviderError(self.code, retry_after=self.retry_after, evidence=self.evidence)


def error_from_text(text: str) -> AttemptError:
    """Return the error for an error message inside a stream."""
    code = code_for_error(text)
    window = named_window(text) if code == "context_too_long" else None
    return AttemptError(code, evidence=Evidence(window=window))


class DeadConnectionError(httpx.ReadError):
    """A reused connection was dead before the server saw the request."""


def translate(exc: Exception) -> AttemptError:
    """Translate an exception of huggingface_hub, its HTTP library or the JSON parser."""
    if isinstance(exc, AttemptError):
        return exc
    if isinstance(exc, TextGenerationError):
        return error_from_text(f"{type(exc).__name__} {exc}")
    if isinstance(exc, DeadConnectionError):
        return AttemptError("cut", is_lost=True)
    if isinstance(exc, httpx.ConnectError):
        return AttemptError(connect_code(exc))
    if isinstance(exc, httpx.TransportError):
        return AttemptError("cut", is_closed=isinstance(exc, httpx.RemoteProtocolError))
    # huggingface_hub raises these for an event that is not JSON or has the wrong shape.
    wrong_shape = isinstance(exc, ValueError | TypeError | AttributeError | LookupError)
    return AttemptError("broken_stream" if wrong_shape else "internal")


def translate_lookup(exc: Exception) -> AttemptError:
    """Translate an exception of the look-up of provider and model at the Hub."""
    if isinstance(exc, HfHubHTTPError):
        status = exc.response.status_code
        # The Hub answers 401 for an unknown model, see `hf_raise_for_status`.
        code = "model_not_found" if status in {401, 403, 404} else code_for_status(status)
        return AttemptError(code, evidence=Evidence(status=status))
    if isinstance(exc, httpx.TransportError):
        return AttemptError("lookup_blocked") if has_other_hub() else translate(exc)
    if isinstance(exc, ValueError):
        unknown_provider = str(exc).startswith("Provider ")
        return AttemptError("not_configured" if unknown_provider else "model_not_found")
    return AttemptError("internal")


def connect_code(exc: BaseException) -> str:
    """Return the code of a failed connection."""
    for cause in _causes(exc):
        if isinstance(cause, socket.gaierror):
            return "dns"
        if isinstance(cause, ssl.SSLError):
            return "tls"
        if isinstance(cause, RefusedAddressError):
            return "address_refused"
    return "connect_refused"


def _causes(exc: BaseException | None) -> Iterator[BaseException]:
    while exc is not None:
        yield exc
        exc = exc.__cause__ or exc.__context__
