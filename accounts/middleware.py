"""Add cookies and headers to the response of a request that signs a user in or out."""

from django.http import HttpRequest, HttpResponse

from accounts.devices import remember_device
from accounts.models import User
from accounts.profile import update_locale_cookies
from core.web.middleware import AsyncMiddleware


class AccountHeadersMiddleware(AsyncMiddleware):
    """Remember the device after a sign-in; clear the browser's cache after a sign-out.

    Also keep the cookies with the person's language and time zone up to date.
    """

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        response = await self.get_response(request)
        user = getattr(request, "has_proved_password_of", None)
        if user is not None:
            remember_device(request, response, user)
        if getattr(request, "has_signed_out", False):
            response["Clear-Site-Data"] = '"cache"'
            update_locale_cookies(request, response, None)
            return response
        # Pages of the chat have read the row already.
        user = user or getattr(request, "resolved_user", None)
        if isinstance(user, User):
            update_locale_cookies(request, response, user)
        return response
