"""A channel layer that loses, doubles and reorders what it carries."""

import asyncio
import random
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer

LOST, DOUBLED, LATE = 0.3, 0.1, 0.1


class UnreliableLayer(RedisPubSubChannelLayer):  # type: ignore[misc]
    """The real layer behind a bad line."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        luck = random.random()
        if luck < LOST:
            return
        send = super().__getattr__("group_send")
        if luck < LOST + LATE:
            await asyncio.sleep(random.uniform(0.05, 0.3))
        await send(group, message)
        if luck > 1 - DOUBLED:
            await send(group, message)
