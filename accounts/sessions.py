"""Who a session belongs to, for connections that outlive the request that opened them."""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    load_backend,
)
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from django.utils.crypto import constant_time_compare

from accounts.models import User


def user_of_session(session_key: str) -> User | None:
    """The person that `django.contrib.auth.get_user` would name for this session now.

    None after sign-out, expiry, deactivation and a change of password. Unlike `get_user` it
    never writes: a session signed with an old SECRET_KEY keeps its key, since only a response
    could tell the browser a new one. Two queries, synchronous.
    """
    session: SessionBase = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    backend = session.get(BACKEND_SESSION_KEY)
    if backend not in settings.AUTHENTICATION_BACKENDS:
        return None
    try:
        user_id = User._meta.pk.to_python(session.get(SESSION_KEY))
    except ValidationError:
        return None
    user = load_backend(backend).get_user(user_id)
    if not isinstance(user, User) or not signed_for(user, session.get(HASH_SESSION_KEY) or ""):
        return None
    return user


def signed_for(user: User, session_hash: str) -> bool:
    """Whether the session was opened with the password the account has now."""
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(session_hash, known) for known in hashes)
