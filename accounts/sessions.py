"""Who a session belongs to, for connections that outlive the request that opened them."""

from typing import Any

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    load_backend,
)
from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import ValidationError
from django.utils.crypto import constant_time_compare

from accounts.models import User
from config.sql import columns, fetch, made, statement

SESSION = """
SELECT session_data FROM django_session
WHERE session_key = %(key)s AND expire_date > statement_timestamp()
"""
PERSON = statement(
    "SELECT {person} FROM accounts_user person WHERE id = %(user)s",
    person=columns(User, "person"),
)


def user_of_session(session_key: str) -> User | None:
    """The person that `django.contrib.auth.get_user` would name for this session now.

    None after sign-out, expiry, deactivation and a change of password. Unlike `get_user` it
    never writes: a session signed with an old SECRET_KEY keeps its key, since only a response
    could tell the browser a new one. Two queries, synchronous.
    """
    session = said_by(session_key)
    backend = session.get(BACKEND_SESSION_KEY)
    if backend not in settings.AUTHENTICATION_BACKENDS:
        return None
    try:
        user_id = User._meta.pk.to_python(session.get(SESSION_KEY))
    except ValidationError:
        return None
    found = fetch(PERSON, {"user": user_id})
    if not found:
        return None
    user = made(User, found[0])
    guard = load_backend(backend)
    may = isinstance(guard, ModelBackend) and guard.user_can_authenticate(user)
    return user if may and signed_for(user, session.get(HASH_SESSION_KEY) or "") else None


def said_by(session_key: str) -> dict[str, Any]:
    """What the session holds; nothing when it is over."""
    found = fetch(SESSION, {"key": session_key})
    stored: dict[str, Any] = SessionStore().decode(found[0][0]) if found else {}
    return stored


def signed_for(user: User, session_hash: str) -> bool:
    """Whether the session was opened with the password the account has now."""
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(session_hash, known) for known in hashes)
