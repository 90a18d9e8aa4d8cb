"""The websocket: it authorises, joins, and pushes the newest state; commands go by HTTP."""

from chat.realtime.consumer import ChatConsumer

__all__ = ["ChatConsumer"]
