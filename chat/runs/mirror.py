"""Answers that another process writes, followed through the database for this process's sockets."""

import asyncio
import logging
from uuid import UUID

from django.db import DatabaseError
from django.db.utils import InterfaceError

from chat.conversations import reading
from chat.generation import LiveAnswer
from chat.models import Message, Status
from config.threads import in_db

log = logging.getLogger("chat.runs")

LOOK_EVERY = 0.4


class Mirrors:
    """One look-out per answer, however many sockets follow it; it ends with the answer."""

    def __init__(self) -> None:
        self.answers: dict[UUID, LiveAnswer] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    def of(self, conversation_id: UUID, message_id: UUID) -> LiveAnswer:
        """The answer as the database shows it from now on."""
        answer = self.answers.get(message_id)
        if answer is None:
            answer = self.answers[message_id] = LiveAnswer(conversation_id, message_id)
            task = asyncio.create_task(self.look(answer))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        return answer

    async def look(self, answer: LiveAnswer) -> None:
        status: str = Status.STREAMING
        try:
            while answer.watchers or answer.revision == 0:
                status, text = await in_db(reading.live_text, answer.message_id)
                if text.startswith(answer.text) and len(text) > len(answer.text):
                    answer.feed(text[len(answer.text) :])
                if status not in (Status.PENDING, Status.STREAMING):
                    break
                await asyncio.sleep(LOOK_EVERY)
        except Message.DoesNotExist:
            status = Status.INTERRUPTED
        except (DatabaseError, InterfaceError) as problem:
            log.warning("following an answer failed: %s", type(problem).__name__)
        finally:
            self.answers.pop(answer.message_id, None)
        answer.end(status)


mirrors = Mirrors()
