"""Insert a long conversation into the database of a running site."""

from tests.support.site import Site

# `text` is an expression of the message's number.
INSERT = """
import uuid6
from accounts.models import User
from chat.models import Conversation, Message
user = User.objects.get(email={email!r})
conversation = Conversation.objects.create(owner=user, title="Long one", next_seq={count} + 1)
rows, parent = [], None
for number in range(1, {count} + 1):
    role = "user" if number % 2 else "assistant"
    rows.append(Message(id=uuid6.uuid7(), conversation=conversation, seq=number, role=role,
        parent_id=parent, status="complete", text={text},
        finish_reason="" if number % 2 else "stop"))
    parent = rows[-1].id
Message.objects.bulk_create(rows)
Conversation.objects.filter(pk=conversation.pk).update(active_leaf=parent)
print(conversation.pk)
"""


def insert_long_conversation(site: Site, email: str, count: int, text: str) -> str:
    """Insert `count` messages and return the ID of their conversation.

    `text` is the Python expression of a message's text; it may use `number`, counted from 1.
    """
    code = INSERT.format(email=email, count=count, text=text)
    return site.manage("shell", "-c", code).strip().splitlines()[-1]
