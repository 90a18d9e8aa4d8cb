"""Validate sessions outside requests, for connections that outlive the request that opened them."""

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
    "SELECT {user_columns} FROM accounts_user WHERE id = %(user)s",
    user_columns=columns(User, "accounts_user"),
)
# `xmin` is the id of the transaction that wrote a row. A login is left out if neither its session
# row nor its user row was written since the last check.
SELECT_CHANGED_LOGINS = statement(
    """
SELECT login.session_key, login.user_id, session.xmin::text || ' ' || account.xmin::text,
    session.session_data, {user_columns}
FROM unnest(%(keys)s::text[], %(users)s::uuid[], %(revisions)s::text[])
    AS login(session_key, user_id, revision)
LEFT JOIN django_session session ON session.session_key = login.session_key
    AND session.expire_date > statement_timestamp()
LEFT JOIN accounts_user account ON account.id = login.user_id
WHERE login.revision IS DISTINCT FROM session.xmin::text || ' ' || account.xmin::text
""",
    user_columns=columns(User, "account"),
)

# A session key, and the id of the user that the session belonged to when it was first seen.
Login = tuple[str, UUID]


class EndReason(StrEnum):
    """The reason why a session no longer authenticates its user."""

    ENDED = "signed-out"  # deleted or expired
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 (no password)
    DEACTIVATED = "deactivated"
    DELETED = "account-deleted"


@dataclass(frozen=True, slots=True)
class LoginState:
    """The state of a login.

    `revision` identifies the versions of its rows; `end_reason` is None while the login is valid.
    """

    revision: str
    end_reason: EndReason | None


def user_of_session(session_key: str) -> User | None:
    """Return the user that `django.contrib.auth.get_user` would return for this session now.

    That is None after sign-out, expiry, deactivation or a change of password. Unlike `get_user`,
    this function never writes: a session signed with an old SECRET_KEY keeps its key, since only a
    response could send the browser a new one. It runs two queries, synchronously.
    """
    session = session_data(session_key) if is_session_key(session_key) else {}
    try:
        user_id = User._meta.pk.to_python(session.get(SESSION_KEY))
    except ValidationError:
        return None
    rows = fetch(SELECT_USER, {"user": user_id})
    user = from_row(User, rows[0]) if rows else None
    return None if end_reason(session, user) else user


def session_data(session_key: str) -> dict[str, Any]:
    """Return the data of the session, an empty dict if it has ended."""
    rows = fetch(SELECT_SESSION, {"key": session_key})
    return decode_session(rows[0][0] if rows else None)


def decode_session(encoded: str | None) -> dict[str, Any]:
    """Decode the `session_data` column; return an empty dict for None or an invalid signature."""
    session: dict[str, Any] = SessionStore().decode(encoded) if encoded else {}
    return session


def end_reason(session: dict[str, Any], user: User | None) -> EndReason | None:
    """Return why the session does not authenticate this user, None if it does."""
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
    """Return whether the backend of the sign-in is still configured, and still accepts the user."""
    path = session.get(BACKEND_SESSION_KEY)
    if path not in settings.AUTHENTICATION_BACKENDS:
        return False
    backend = load_backend(path)
    return isinstance(backend, ModelBackend) and backend.user_can_authenticate(user)


def hash_matches(user: User, session_hash: str) -> bool:
    """Return whether the session was opened with the account's present password."""
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(session_hash, valid_hash) for valid_hash in hashes)


def check_logins(logins: Mapping[Login, str]) -> dict[Login, LoginState]:
    """Return the state of each login that changed since its revision in `logins`.

    Pass "" as the revision of a login that was never checked. Runs one query, however many logins
    there are, synchronously.
    """
    rows = fetch(
        SELECT_CHANGED_LOGINS,
        {
            "keys": [session_key for session_key, _ in logins],
            "users": [user_id for _, user_id in logins],
            "revisions": list(logins.values()),
        },
    )
    states = {}
    for session_key, user_id, revision, encoded, *user_values in rows:
        # The first column, the password hash, is null only without an account; it may be empty.
        user = None if user_values[0] is None else from_row(User, user_values)
        reason = end_reason(decode_session(encoded), user)
        states[session_key, user_id] = LoginState(revision or "", reason)
    return states


def inactive_users(user_ids: Collection[UUID]) -> set[UUID]:
    """Return which of these users are deactivated or deleted; one query, synchronous."""
    active = User.objects.filter(pk__in=user_ids, is_active=True)
    return set(user_ids) - set(active.values_list("pk", flat=True))
