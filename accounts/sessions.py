"""Who a session belongs to, for connections that outlive the request that opened them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    load_backend,
)
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import ValidationError
from django.utils.crypto import constant_time_compare

from accounts.models import User
from accounts.session_store import SessionStore
from core.db.sql import columns, fetch, from_row, statement
from core.web.session_keys import is_session_key

SELECT_SESSION = """
SELECT session_data FROM django_session
WHERE session_key = %(key)s AND expire_date > statement_timestamp()
"""
SELECT_USER = statement(
    "SELECT {person} FROM accounts_user person WHERE id = %(user)s",
    person=columns(User, "person"),
)
# `xmin` is the transaction that wrote a row: sessions of which neither row was written since they
# were last looked at are left out, however many there are.
CHANGED = statement(
    """
SELECT asked.session_key, asked.user_id, session.xmin::text || ' ' || person.xmin::text,
    session.session_data, {person}
FROM unnest(%(keys)s::text[], %(users)s::uuid[], %(revisions)s::text[])
    AS asked(session_key, user_id, revision)
LEFT JOIN django_session session ON session.session_key = asked.session_key
    AND session.expire_date > statement_timestamp()
LEFT JOIN accounts_user person ON person.id = asked.user_id
WHERE asked.revision IS DISTINCT FROM session.xmin::text || ' ' || person.xmin::text
""",
    person=columns(User, "person"),
)

# A session and the person it belonged to when it was first seen.
Login = tuple[str, UUID]


class EndReason(StrEnum):
    """Why a session no longer lets its person in."""

    ENDED = "signed-out"  # deleted or expired
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 (no password)
    DEACTIVATED = "deactivated"
    DELETED = "account-deleted"


@dataclass(frozen=True, slots=True)
class LoginState:
    """`revision` names what the database had; `end_reason` is None while the login is valid."""

    revision: str
    end_reason: EndReason | None


def user_of_session(session_key: str) -> User | None:
    """The person that `django.contrib.auth.get_user` would name for this session now.

    None after sign-out, expiry, deactivation and a change of password. Unlike `get_user` it
    never writes: a session signed with an old SECRET_KEY keeps its key, since only a response
    could tell the browser a new one. Two queries, synchronous.
    """
    session = session_data(session_key) if is_session_key(session_key) else {}
    try:
        user_id = User._meta.pk.to_python(session.get(SESSION_KEY))
    except ValidationError:
        return None
    found = fetch(SELECT_USER, {"user": user_id})
    user = from_row(User, found[0]) if found else None
    return None if end_reason(session, user) else user


def session_data(session_key: str) -> dict[str, Any]:
    """What the session holds; nothing when it is over."""
    found = fetch(SELECT_SESSION, {"key": session_key})
    return decoded(found[0][0] if found else None)


def decoded(session_data: str | None) -> dict[str, Any]:
    stored: dict[str, Any] = SessionStore().decode(session_data) if session_data else {}
    return stored


def end_reason(session: dict[str, Any], user: User | None) -> EndReason | None:
    """Why this session does not let this person in, or None if it does."""
    if user is None:
        return EndReason.DELETED
    if not user.is_active:
        return EndReason.DEACTIVATED
    if session.get(SESSION_KEY) != str(user.pk) or not is_accepted(session, user):
        return EndReason.ENDED
    if not hash_matches(user, session.get(HASH_SESSION_KEY) or ""):
        return EndReason.PASSWORD_CHANGED
    return None


def is_accepted(session: dict[str, Any], user: User) -> bool:
    """Whether the backend that let the person in is still in use, and would do it again."""
    backend = session.get(BACKEND_SESSION_KEY)
    if backend not in settings.AUTHENTICATION_BACKENDS:
        return False
    guard = load_backend(backend)
    return isinstance(guard, ModelBackend) and guard.user_can_authenticate(user)


def hash_matches(user: User, session_hash: str) -> bool:
    """Whether the session was opened with the password the account has now."""
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(session_hash, known) for known in hashes)


def check_logins(logins: Mapping[Login, str]) -> dict[Login, LoginState]:
    """The state of those logins that changed since the given revision, "" for never seen.

    One query, however many there are; synchronous.
    """
    rows = fetch(
        CHANGED,
        {
            "keys": [session_key for session_key, _ in logins],
            "users": [user_id for _, user_id in logins],
            "revisions": list(logins.values()),
        },
    )
    states = {}
    for session_key, user_id, revision, session_data, *person in rows:
        user = from_row(User, person) if person[0] else None
        reason = end_reason(decoded(session_data), user)
        states[session_key, user_id] = LoginState(revision or "", reason)
    return states


def inactive_users(user_ids: Collection[UUID]) -> set[UUID]:
    """Those of these people who were deactivated or deleted. One query, synchronous."""
    active = User.objects.filter(pk__in=user_ids, is_active=True)
    return set(user_ids) - set(active.values_list("pk", flat=True))
