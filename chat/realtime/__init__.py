"""The websocket of a page: it pushes the newest state. Commands are HTTP requests."""

from chat.realtime.consumer import ChatConsumer

__all__ = ["ChatConsumer"]
