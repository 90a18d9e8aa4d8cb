"""The chat application."""

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_delete, post_migrate, post_save, pre_delete

from accounts.signals import session_ended, session_renewed


class ChatConfig(AppConfig):
    """Connects the signal handlers of the chat."""

    name = "chat"
    verbose_name = "Chat"

    def ready(self) -> None:
        # `chat.signals` imports models, which Django has not loaded when it imports this module.
        from chat import signals  # noqa: PLC0415

        post_migrate.connect(signals.sync_catalogue, sender=self)
        session_ended.connect(signals.close_sockets)
        session_renewed.connect(signals.reconnect_sockets)
        post_save.connect(signals.announce_account, sender=settings.AUTH_USER_MODEL)
        pre_delete.connect(signals.delete_conversations, sender=settings.AUTH_USER_MODEL)
        post_delete.connect(signals.announce_account, sender=settings.AUTH_USER_MODEL)
