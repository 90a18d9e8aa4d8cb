"""Who may do what, and what they hear when they may not."""

from collections.abc import Callable, Coroutine
from functools import wraps
from math import ceil
from typing import Any
from urllib.parse import urlencode

from asgiref.sync import SyncToAsync, sync_to_async
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.sessions import user_of_session
from chat.errors import ChatError, error_code
from chat.models import Conversation, Message
from chat.rendering.components import thread_view
from chat.services.command_limits import COMMANDS, check_command_rate
from core.db.errors import DATABASE_ERRORS, Outage
from core.db.executors import run_in_db
from core.db.outages import database
from core.web.error_views import RETRY_AFTER
from core.web.references import log_refusal, set_reference

# Fields of text that a refused command gives back.
TYPED = ("text", "title", "reason")

View = Callable[..., Coroutine[Any, Any, HttpResponse]]


class SignedOutError(Exception):
    """Nobody is signed in with this session."""


def page(view: View) -> View:
    """A page for signed-in people; others sign in and come back to it.

    What a script asks for is a part of a page: the page stays, and says that it is signed out.
    The view finds out who asks where it reads for them, see `run_as_user`.
    """

    @require_http_methods(["GET", "HEAD"])
    @wraps(view)
    async def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            try:
                return await view(request, *args, **kwargs)
            except Http404:
                await require_login(request)
                raise
        except SignedOutError:
            if request.headers.get("HX-Request"):
                return refuse(request, thread_view.close_reason("signed-out"), 401, sign_in=True)
            return redirect(
                f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': request.get_full_path()})}"
            )
        except (Conversation.DoesNotExist, Message.DoesNotExist):
            raise Http404 from None

    return answer


def command(view: View) -> View:
    """A command for signed-in people, posted by htmx or by a plain form.

    Refusals are a sentence for the composer's notice; the text stays where it was typed. The view
    finds out who asks where it works for them, see `run_as_user`.
    """

    @handle_command_errors
    @wraps(view)
    async def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return await view(request, *args, **kwargs)
        except ChatError:
            await require_login(request)
            raise

    return answer


async def require_login(request: HttpRequest) -> None:
    """What a stranger's request is refused for is told to nobody. Raises SignedOutError."""
    if not isinstance(getattr(request, "_cached_user", None), User):
        await run_in_request(require_user, request)


def handle_command_errors(view: View) -> View:
    @require_http_methods(["POST"])
    @wraps(view)
    async def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return await view(request, *args, **kwargs)
        except SignedOutError:
            return refuse(request, thread_view.close_reason("signed-out"), 401, sign_in=True)
        except ChatError as problem:
            response = refuse_command(request, problem)
            if problem.retry_after is not None:
                response["Retry-After"] = str(ceil(problem.retry_after))
            return response
        except DATABASE_ERRORS as problem:
            outage = database.note(problem)
            if outage is None:
                raise
            return unavailable(request, outage)
        except (Conversation.DoesNotExist, Message.DoesNotExist):
            return refuse(request, thread_view.close_reason("not-found"), 404)

    return answer


def unavailable(request: HttpRequest, outage: Outage) -> HttpResponse:
    """The refusal of a command that the database cannot carry out at present."""
    known = error_code(f"database_{outage.kind}")
    response = refuse(request, _(known.sentence), known.status, code=known.code)
    response["Retry-After"] = str(RETRY_AFTER[outage.kind])
    return response


def refuse_command(request: HttpRequest, problem: ChatError) -> HttpResponse:
    """The fault's sentence; with a reference, and a line in the log, where an operator can help."""
    sentence = problem.format(_(problem.error.sentence))
    reference = ""
    if problem.admin_only:
        reference = log_refusal(request, problem.status, problem.code)
    return refuse(request, sentence, problem.status, code=problem.code, reference=reference)


async def run_as_user(request: HttpRequest, work: Callable[..., Any], *args: Any) -> Any:
    """What `work(user, *args)` gives for whoever asks: session, account and work in one go, since
    each hop to a thread costs as much as either. Raises SignedOutError; `current_user` knows them
    then.
    """
    return await run_in_request(lambda: work(require_user(request), *args))


async def carry_out(
    request: HttpRequest, work: Callable[..., Any], *args: Any, budget: str = COMMANDS
) -> Any:
    """What `run_as_user` does, for a command: it takes one from the person's budget first. Raises
    ChatError `too_many_commands` too.
    """

    def limited(user: User) -> Any:
        check_command_rate(user.pk, budget)
        return work(user, *args)

    return await run_as_user(request, limited)


def current_user(request: HttpRequest) -> User:
    """Who was found to be asking."""
    found: User = request._cached_user  # type: ignore[attr-defined]
    return found


def resolve_user(request: HttpRequest) -> Any:
    """Whose session it is; database work."""
    known = user_of_session(request.session.session_key or "")
    # What a lazy `request.user` would remember, and what tells caches that the cookie matters.
    request._cached_user = known or AnonymousUser()  # type: ignore[attr-defined]
    request.session.accessed = True
    return request._cached_user  # type: ignore[attr-defined]


def require_user(request: HttpRequest) -> User:
    """Raises SignedOutError; database work, the first time."""
    user = getattr(request, "_cached_user", None) or resolve_user(request)
    if not isinstance(user, User):
        raise SignedOutError
    return user


def refuse(
    request: HttpRequest,
    sentence: str,
    status: int,
    *,
    sign_in: bool = False,
    code: str = "",
    reference: str = "",
) -> HttpResponse:
    """The sentence, where htmx puts it for the person to read; a page for a plain form."""
    if request.headers.get("HX-Request"):
        html = thread_view.notice_html(sentence, sign_in=sign_in, code=code, reference=reference)
        response = HttpResponse(html, status=status)
        response["HX-Retarget"] = "#composer-notice"
        response["HX-Reswap"] = "innerHTML"
    else:
        typed = next((request.POST[name] for name in TYPED if name in request.POST), "")
        context = {"sentence": sentence, "sign_in": sign_in, "text": typed, "reference": reference}
        html = render_to_string("chat/refused.html", context, request)
        response = HttpResponse(html, status=status)
    set_reference(response, reference)
    return response


async def run_in_request(work: Callable[..., Any], *args: Any) -> Any:
    """Database work of a request, on a thread that has a connection.

    The request's own thread would take one from the pool for every request. Only where no server
    stands around the request, in a test's client, it is the caller's thread and transaction.
    """
    if SyncToAsync.thread_sensitive_context.get(None) is None:
        return await sync_to_async(work)(*args)
    return await run_in_db(work, *args)


__all__ = [
    "User",
    "carry_out",
    "command",
    "current_user",
    "page",
    "refuse",
    "require_user",
    "run_as_user",
    "run_in_request",
]
