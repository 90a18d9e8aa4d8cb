"""Which request headers reach the server, the websocket library and the application.

daphne, autobahn, Django and their extensions read headers in which a client could say where the
site lives, who the client is, or which method was meant: `Daphne-Root-Path` moved every address of
the site. So this is an allow-list, applied once to the head of each request, before daphne reads
it. A websocket begins as such a request, so it holds for both.
"""

from typing import Any

import daphne.http_protocol
from django.conf import settings
from twisted.web.http_headers import Headers

# tests/config/test_request_headers.py goes over everything that the installed packages read, and
# says of each header that is missing here why it is.
ALLOWED = frozenset(
    (
        # The connection, and the body
        *(b"host", b"connection", b"expect", b"transfer-encoding"),
        *(b"content-length", b"content-type"),
        # The browser and its person; Origin and Referer for the check of forms
        *(b"cookie", b"origin", b"referer", b"user-agent"),
        *(b"accept", b"accept-language", b"accept-encoding"),
        # Static files
        *(b"if-none-match", b"if-modified-since", b"range"),
        # Our own pages
        *(b"hx-request", b"x-csrftoken", b"chat-socket"),
        # Websockets: https://www.rfc-editor.org/rfc/rfc6455#section-4.1. Subprotocols are not
        # offered, so that a client may not ask for one.
        *(b"upgrade", b"sec-websocket-key", b"sec-websocket-version", b"sec-websocket-extensions"),
    )
)
# For core.web.middleware.TrustedProxyMiddleware, which believes them only from those proxies.
FROM_PROXIES = frozenset((b"x-forwarded-for", b"x-forwarded-proto"))

WebRequest: Any = daphne.http_protocol.WebRequest


def allowed_headers() -> frozenset[bytes]:
    return ALLOWED | FROM_PROXIES if settings.TRUSTED_PROXIES else ALLOWED


def drop_other_headers(headers: Headers, allowed: frozenset[bytes]) -> None:
    """Remove every header whose name is not among the allowed ones."""
    names = [name for name, _ in headers.getAllRawHeaders()]
    for name in names:
        if name.lower() not in allowed:
            headers.removeHeader(name)


class FilteredRequest(WebRequest):
    """daphne's request with only the allowed headers.

    Forms are read by Django alone: Twisted would parse them a second time, for nobody, and answer
    a malformed one without a sentence.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, parsePOSTFormSubmission=False, **kwargs)

    def process(self) -> Any:
        drop_other_headers(self.requestHeaders, self.channel.allowed_headers)
        return super().process()
