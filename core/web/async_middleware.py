"""Django's own middleware without a hop to a thread before and after each view.

In its async form a MiddlewareMixin runs `process_request` and `process_response` on a thread, one
after the other for each class: fourteen hops for a request, which cost more than all they do. None
of them waits for anything but the session's row, and a large form; only those two go to a thread.
"""

from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware
from django.middleware.security import SecurityMiddleware

from core.web.session_keys import is_session_key

# A form up to this many bytes is read in less time than a hop takes.
SMALL_FORM_BYTES = 64 * 1024
UTF_8 = ("utf-8", "utf8")


class EventLoopMiddleware:
    """Before a MiddlewareMixin: both of its steps run on the event loop, or wait when `waits`."""

    sync_capable = False

    def waits(self, request: HttpRequest) -> bool:
        """Whether the step after the view would wait for the database."""
        return False

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        here: Any = self
        response = here.process_request(request) if hasattr(self, "process_request") else None
        response = response or await here.get_response(request)
        if not hasattr(self, "process_response"):
            return response  # type: ignore[no-any-return]
        if self.waits(request):
            return await sync_to_async(here.process_response)(request, response)  # type: ignore[no-any-return]
        return here.process_response(request, response)  # type: ignore[no-any-return]


class Security(EventLoopMiddleware, SecurityMiddleware):
    """Redirects to HTTPS and the headers of transport security."""


class Session(EventLoopMiddleware, SessionMiddleware):
    """The session is loaded by who asks for it, and saved on a thread when it changed.

    A cookie that no session can have is taken for an empty one, which Django deletes.
    """

    def process_request(self, request: HttpRequest) -> None:
        name = settings.SESSION_COOKIE_NAME
        if name in request.COOKIES and not is_session_key(request.COOKIES[name]):
            request.COOKIES[name] = ""
        super().process_request(request)

    def waits(self, request: HttpRequest) -> bool:
        return bool(request.session.modified)


class Locale(EventLoopMiddleware, LocaleMiddleware):
    """The language of the browser or of the `django_language` cookie."""


class Common(EventLoopMiddleware, CommonMiddleware):
    """Slashes at the end, and the length of the body; forms are in UTF-8, as those of our pages."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:  # type: ignore[override]
        """Python knows encodings in which no form can be read, such as `base64`."""
        charset = (request.content_params or {}).get("charset", "utf-8")
        if charset.lower() not in UTF_8:
            raise BadRequest("a form in another encoding")
        return super().process_request(request)


class Csrf(EventLoopMiddleware, CsrfViewMiddleware):
    """The token of the form or of the header; large forms are read on a thread."""

    async def process_view(self, request: HttpRequest, *args: Any) -> Any:  # type: ignore[override]
        """Refuse a request without the token, as the synchronous form does."""
        if is_small_form(request):
            return super().process_view(request, *args)
        return await sync_to_async(super().process_view)(request, *args)


class Authentication(EventLoopMiddleware, AuthenticationMiddleware):
    """The person, looked up by who asks."""


class Messages(EventLoopMiddleware, MessageMiddleware):
    """Notes for the next page, which may be kept in the session."""

    def waits(self, request: HttpRequest) -> bool:
        notes: Any = getattr(request, "_messages", None)
        return notes is not None and (notes.used or notes.added_new)


class XFrameOptions(EventLoopMiddleware, XFrameOptionsMiddleware):
    """No page of ours stands in a frame."""


def is_small_form(request: HttpRequest) -> bool:
    """Whether the body is a form that is read in no time; a part of several kinds never is."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return (
        request.content_type != "multipart/form-data"
        and length.isdecimal()
        and int(length) <= SMALL_FORM_BYTES
    )
