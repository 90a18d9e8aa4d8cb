"""Django's own middleware, run on the event loop instead of on a thread.

In its async form a MiddlewareMixin runs `process_request` and `process_response` on a thread, one
after the other for each class. That makes fourteen thread switches a request, which cost more than
the work itself. Only two steps block, saving the session's row and reading a large form, and only
those go to a thread.
"""

from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages import get_messages
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.messages.storage.base import BaseStorage
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware
from django.middleware.security import SecurityMiddleware

from core.web.locale_cookies import chosen_language
from core.web.session_keys import is_session_key

# Reading a form of up to this many bytes takes less time than a thread switch.
SMALL_FORM_BYTES = 64 * 1024
UTF_8 = ("utf-8", "utf8")


class EventLoopMiddleware:
    """Mixin that runs both steps of a MiddlewareMixin on the event loop.

    `process_response` goes to a thread if `waits` returns true. List it before the Django class.
    """

    sync_capable = False

    def waits(self, request: HttpRequest) -> bool:
        """Return whether `process_response` would wait for the database."""
        return False

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        middleware: Any = self
        response = middleware.process_request(request) if hasattr(self, "process_request") else None
        response = response or await middleware.get_response(request)
        if not hasattr(self, "process_response"):
            return response  # type: ignore[no-any-return]
        if self.waits(request):
            process_response = sync_to_async(middleware.process_response)
            return await process_response(request, response)  # type: ignore[no-any-return]
        return middleware.process_response(request, response)  # type: ignore[no-any-return]


class Security(EventLoopMiddleware, SecurityMiddleware):
    """Redirect to HTTPS, and set the security headers."""


class Session(EventLoopMiddleware, SessionMiddleware):
    """Load the session on first access, and save it on a thread if it changed.

    Treats a cookie that is no valid session key as an empty one, which Django deletes.
    """

    def process_request(self, request: HttpRequest) -> None:
        name = settings.SESSION_COOKIE_NAME
        if name in request.COOKIES and not is_session_key(request.COOKIES[name]):
            request.COOKIES[name] = ""
        super().process_request(request)

    def waits(self, request: HttpRequest) -> bool:
        return bool(request.session.modified)


class Locale(EventLoopMiddleware, LocaleMiddleware):
    """Activate the language that the person chose, else the one of the browser."""

    def process_request(self, request: HttpRequest) -> None:
        if language := chosen_language(request.COOKIES):
            request.COOKIES[settings.LANGUAGE_COOKIE_NAME] = language
        super().process_request(request)


class Common(EventLoopMiddleware, CommonMiddleware):
    """Append slashes and set Content-Length; accept only UTF-8 forms, as our pages send them."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:  # type: ignore[override]
        """Raise BadRequest for another charset: forms cannot be read in some, such as `base64`."""
        charset = (request.content_params or {}).get("charset", "utf-8")
        if charset.lower() not in UTF_8:
            raise BadRequest("a form in another encoding")
        return super().process_request(request)


class Csrf(EventLoopMiddleware, CsrfViewMiddleware):
    """Check the CSRF token of the form or the header; large forms are read on a thread."""

    async def process_view(self, request: HttpRequest, *args: Any) -> Any:  # type: ignore[override]
        """Refuse a request without a valid token, as Django's synchronous version does."""
        if is_small_form(request):
            return super().process_view(request, *args)
        return await sync_to_async(super().process_view)(request, *args)


class Authentication(EventLoopMiddleware, AuthenticationMiddleware):
    """Set `request.user`, which loads the user on first access."""


class Messages(EventLoopMiddleware, MessageMiddleware):
    """Store messages for the next page, in a cookie or in the session."""

    def waits(self, request: HttpRequest) -> bool:
        storage: Any = get_messages(request)
        return isinstance(storage, BaseStorage) and (storage.used or storage.added_new)


class XFrameOptions(EventLoopMiddleware, XFrameOptionsMiddleware):
    """Forbid other pages to embed ours in a frame."""


def is_small_form(request: HttpRequest) -> bool:
    """Return whether the body may be read on the event loop; a multipart body never is."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return (
        request.content_type != "multipart/form-data"
        and length.isdecimal()
        and int(length) <= SMALL_FORM_BYTES
    )
