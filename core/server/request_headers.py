"""Filter request headers by an allow-list before any code reads them.

daphne, autobahn, Django and their extensions read headers by which a client could spoof the site's
address, its own identity or the request method: `Daphne-Root-Path` changed every URL of the site.
So the allow-list is applied once, before daphne reads the headers of a request. A websocket starts
as an HTTP request, so the list covers both.
"""

from typing import Any

import daphne.http_protocol
from django.conf import settings
from twisted.web.http_headers import Headers

# tests/live/core/test_request_headers.py lists every header that the installed packages read, and
# gives the reason for each one that is not allowed here.
ALLOWED = frozenset(
    (
        # The connection, and the body
        *(b"host", b"connection", b"expect", b"transfer-encoding"),
        *(b"content-length", b"content-type"),
        # The browser and its user; Origin and Referer for the CSRF check
        *(b"cookie", b"origin", b"referer", b"user-agent"),
        *(b"accept", b"accept-language", b"accept-encoding"),
        # Static files
        *(b"if-none-match", b"if-modified-since", b"range"),
        # Our own pages
        *(b"hx-request", b"hx-current-url", b"x-csrftoken", b"chat-socket"),
        # Websockets: https://www.rfc-editor.org/rfc/rfc6455#section-4.1. We offer no
        # subprotocols, so Sec-WebSocket-Protocol is not allowed.
        *(b"upgrade", b"sec-websocket-key", b"sec-websocket-version", b"sec-websocket-extensions"),
    )
)
# For core.web.middleware.TrustedProxyMiddleware, which trusts them only from TRUSTED_PROXIES.
FROM_PROXIES = frozenset((b"x-forwarded-for", b"x-forwarded-proto"))

WebRequest: Any = daphne.http_protocol.WebRequest


def allowed_headers() -> frozenset[bytes]:
    """Return the allowed header names, in lower case, under the current settings."""
    return ALLOWED | FROM_PROXIES if settings.TRUSTED_PROXIES else ALLOWED


def drop_other_headers(headers: Headers, allowed: frozenset[bytes]) -> None:
    """Remove every header whose name is not in `allowed`."""
    names = [name for name, _ in headers.getAllRawHeaders()]
    for name in names:
        if name.lower() not in allowed:
            headers.removeHeader(name)


class FilteredRequest(WebRequest):
    """daphne's request, reduced to the allowed headers.

    Only Django parses forms. Twisted would parse them a second time for nothing, and would answer
    a malformed one without an error message.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, parsePOSTFormSubmission=False, **kwargs)

    def process(self) -> Any:
        """Remove other headers, then handle the request as daphne does."""
        drop_other_headers(self.requestHeaders, self.channel.allowed_headers)
        return super().process()
