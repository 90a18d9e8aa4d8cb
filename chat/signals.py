"""What follows from things that happen outside the chat."""

from collections.abc import Collection
from typing import Any

from django.db import transaction

from accounts.models import User
from chat.events import AccountChanged, SessionRenewed, SignedOut
from chat.pubsub import pubsub
from chat.services import catalogue, conversation_actions

# Fields of an account on which neither a session nor an answer depends; signing in writes one.
HARMLESS = frozenset({"last_login"})


def sync_catalogue(**kwargs: Any) -> None:
    """After each `migrate`, which every start runs: the demonstration model is on or off."""
    catalogue.sync_local_model()


def close_sockets(session_key: str, **kwargs: Any) -> None:
    """Sockets that came with a session end with it."""
    pubsub.publish_threadsafe(SignedOut(session_key))


def reconnect_sockets(session_key: str, **kwargs: Any) -> None:
    """Sockets that came with a session connect again when it has a new key."""
    pubsub.publish_threadsafe(SessionRenewed(session_key))


def announce_account(
    instance: User, update_fields: Collection[str] | None = None, **kwargs: Any
) -> None:
    """Tell every process that an account was written or deleted, after the commit."""
    if update_fields is None or not HARMLESS.issuperset(update_fields):
        user_id = instance.pk
        transaction.on_commit(lambda: pubsub.publish_threadsafe(AccountChanged(user_id)))


def delete_conversations(instance: User, **kwargs: Any) -> None:
    """Delete what a person wrote before the person, with nothing written in between."""
    conversation_actions.delete_all(instance)
