"""The chat application."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import post_migrate


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = "Chat"

    def ready(self) -> None:
        # Models are not there yet when this module is imported.
        from chat import signals  # noqa: PLC0415

        post_migrate.connect(signals.sync_catalogue, sender=self)
        user_logged_out.connect(signals.close_sockets)
