"""The websocket: it authorises, joins, and pushes the newest state; commands go by HTTP."""

from chat.consumers.socket import ChatConsumer

__all__ = ["ChatConsumer"]
