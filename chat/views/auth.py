"""Sign-in for pages and commands, and the refusal of requests that may not proceed."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.sessions import user_of_session
from chat.errors import ChatError
from chat.models import Conversation, Message
from chat.rendering.components import thread_view
from chat.services.command_limits import check_command_rate
from core.db.errors import DATABASE_ERRORS, is_missing_reference
from core.db.executors import run_in_db
from core.db.outages import database
from core.web.error_views import RETRY_AFTER, ErrorMessage, error_response
from core.web.htmx import is_htmx
from core.web.references import log_refusal

# Text fields whose content the response to a refused command gives back.
TEXT_FIELDS = ("text", "title", "reason", "instructions", "display_name")

View = Callable[..., Coroutine[Any, Any, HttpResponseBase]]
P = ParamSpec("P")
T = TypeVar("T")


class SignedOutError(Exception):
    """Nobody is signed in with this session."""


def page(view: View) -> View:
    """Decorate a page for signed-in people; others sign in first and then come back to it.

    htmx only asks for a part of a page: the page then stays and shows that its user is signed out.
    The view itself resolves the user, with `run_as_user`.
    """

    @require_http_methods(["GET", "HEAD"])
    @wraps(view)
    async def respond(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return await check_sign_in_first(view, request, *args, **kwargs)
        except SignedOutError:
            if is_htmx(request):
                return refuse_signed_out(request)
            query = urlencode({"next": request.get_full_path()})
            return redirect(f"{resolve_url(settings.LOGIN_URL)}?{query}")
        except (Conversation.DoesNotExist, Message.DoesNotExist):
            raise Http404 from None

    return respond


def command(view: View) -> View:
    """Decorate a command for signed-in people, posted by htmx or by a plain form.

    A refusal is a sentence for the composer's notice; the text stays where it was typed. The view
    itself resolves the user, with `run_command` or `run_turn`.
    """

    @require_http_methods(["POST"])
    @wraps(view)
    async def respond(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return await check_sign_in_first(view, request, *args, **kwargs)
        except SignedOutError:
            return refuse_signed_out(request)
        except ChatError as error:
            return refuse_error(request, error)
        except DATABASE_ERRORS as error:
            return refuse_error(request, command_error(error))
        except (Conversation.DoesNotExist, Message.DoesNotExist):
            return refuse(request, thread_view.close_reason("not-found"), 404)

    return respond


async def check_sign_in_first(
    view: View, request: HttpRequest, *args: Any, **kwargs: Any
) -> HttpResponseBase:
    """Call the view. Raise SignedOutError in place of its refusals if nobody is signed in."""
    try:
        return await view(request, *args, **kwargs)
    except (Http404, ChatError):
        await run_in_db(require_user, request)
        raise


async def run_as_user(
    request: HttpRequest,
    work: Callable[Concatenate[User, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Return `work(user, ...)` for the signed-in user, called on a database thread.

    Session, account and work share one hop to the thread, because a hop costs as much as any of
    them. Afterwards `current_user` knows the user. Raises SignedOutError and what `work` raises.
    """
    result: T = await run_in_db(call_as_user, request, work, *args, **kwargs)
    return result


async def run_command(
    request: HttpRequest,
    service: Callable[Concatenate[User, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Do the same for a command, which counts against the person's limit for commands.

    Raises ChatError `too_many_commands` too.
    """
    result: T = await run_in_db(call_command, request, service, *args, **kwargs)
    return result


def call_as_user(request: HttpRequest, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return work(require_user(request), *args, **kwargs)


def call_command(
    request: HttpRequest, service: Callable[..., Any], *args: Any, **kwargs: Any
) -> Any:
    user = require_user(request)
    check_command_rate(user.pk)
    return service(user, *args, **kwargs)


def current_user(request: HttpRequest) -> User:
    """Return the user of a request after `require_user` has resolved it."""
    user: User = request.resolved_user  # type: ignore[attr-defined]
    return user


def require_user(request: HttpRequest) -> User:
    """Return the signed-in user; database work on the first call. Raises SignedOutError."""
    user = getattr(request, "resolved_user", None) or resolve_user(request)
    if not isinstance(user, User):
        raise SignedOutError
    return user


def resolve_user(request: HttpRequest) -> User | AnonymousUser:
    """Return the user of the request's session; database work."""
    user = user_of_session(request.session.session_key or "") or AnonymousUser()
    # Templates and signals read `request.user`, which would otherwise look the session up again.
    request.user = request.resolved_user = user  # type: ignore[attr-defined]
    # The response depends on the cookie, so caches must not share it.
    request.session.accessed = True
    return user


def refuse_signed_out(request: HttpRequest) -> HttpResponse:
    return refuse(request, thread_view.close_reason("signed-out"), 401, sign_in=True)


def refuse_error(request: HttpRequest, error: ChatError) -> HttpResponse:
    """Refuse with the error's sentence; if only an administrator can help, log it too."""
    return refuse(
        request,
        error.format(_(error.error.sentence)),
        error.status,
        code=error.code,
        reference=log_refusal(request, error.status, error.code) if error.admin_only else "",
        retry_after=error.retry_after,
    )


def command_error(error: Exception) -> ChatError:
    """Return the ChatError for what the database said. Raises `error` if there is none.

    A row that a command refers to, such as a model, can be deleted until it commits.
    """
    return ChatError("just_deleted") if is_missing_reference(error) else outage_error(error)


def outage_error(error: Exception) -> ChatError:
    """Return the ChatError for a database outage. Raises `error` if it is not one."""
    outage = database.note(error)
    if outage is None:
        raise error
    return ChatError(f"database_{outage.kind}", retry_after=RETRY_AFTER[outage.kind])


def refuse(request: HttpRequest, sentence: str, status: int, **details: Any) -> HttpResponse:
    """Refuse a command. `details` are further fields of ErrorMessage.

    For a plain form the response gives back the text that was typed.
    """
    text = next((request.POST[name] for name in TEXT_FIELDS if name in request.POST), "")
    message = ErrorMessage(
        status=status, heading=_("Not sent"), sentence=sentence, text=text, **details
    )
    return error_response(request, message)
