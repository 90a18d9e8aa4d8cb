"""Signal handlers: how the chat reacts to migrations, sessions and account changes."""

from collections.abc import Collection
from typing import Any

from django.db import transaction

from accounts.models import User
from chat.events import AccountChanged, SessionRenewed, SignedOut
from chat.pubsub import pubsub
from chat.services import catalogue, conversation_actions

# Account fields that affect neither sessions nor answers. Each login writes `last_login`.
UNRELATED_FIELDS = frozenset({"last_login"})


def sync_catalogue(**kwargs: Any) -> None:
    """Enable or disable the demonstration model after each `migrate`, which every start runs."""
    catalogue.sync_local_model()


def close_sockets(session_key: str, **kwargs: Any) -> None:
    """Close the sockets of a session that ended."""
    pubsub.publish_threadsafe(SignedOut(session_key))


def reconnect_sockets(session_key: str, **kwargs: Any) -> None:
    """Make the sockets of a session reconnect after it got a new key."""
    pubsub.publish_threadsafe(SessionRenewed(session_key))


def announce_account(
    instance: User, update_fields: Collection[str] | None = None, **kwargs: Any
) -> None:
    """Tell every process, after the commit, that an account was saved or deleted."""
    if update_fields is None or not UNRELATED_FIELDS.issuperset(update_fields):
        user_id = instance.pk
        transaction.on_commit(lambda: pubsub.publish_threadsafe(AccountChanged(user_id)))


def delete_conversations(instance: User, **kwargs: Any) -> None:
    """Delete a person's conversations and drafts before Django deletes the person."""
    conversation_actions.delete_all(instance)
