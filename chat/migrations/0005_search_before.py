"""What was said before there was a search, in batches, while others write.

What a trigger of 0004 has taken in already stays as it is.
"""

from django.db import migrations

from core.db.batched_migrations import RunSQLInBatches

TITLES = """
INSERT INTO chat_searchentry (conversation_id, part, words)
SELECT c.id, found.part, found.words
FROM chat_conversation c, chat_search_parts(c.owner_id, c.title) found
WHERE c.id = ANY(%(ids)s) ON CONFLICT DO NOTHING
"""
MESSAGES = """
INSERT INTO chat_searchentry (conversation_id, message_id, part, words)
SELECT m.conversation_id, m.id, found.part, found.words
FROM chat_message m JOIN chat_conversation c ON c.id = m.conversation_id,
    chat_search_parts(c.owner_id, m.text) found
WHERE m.id = ANY(%(ids)s) ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("chat", "0004_search")]
    operations = [
        RunSQLInBatches(
            label="search",
            noun="conversations",
            source="chat_conversation c",
            key="c.id",
            where="c.title <> ''",
            pending="NOT EXISTS (SELECT FROM chat_searchentry e"
            " WHERE e.conversation_id = c.id AND e.message_id IS NULL)",
            lock="FOR KEY SHARE OF c",
            statement=TITLES,
        ),
        RunSQLInBatches(
            label="search",
            noun="messages",
            source="chat_message m JOIN chat_conversation c ON c.id = m.conversation_id",
            key="m.id",
            where="m.text <> ''",
            pending="NOT EXISTS (SELECT FROM chat_searchentry e WHERE e.message_id = m.id)",
            # A change of the text waits for the batch; its trigger would meet rows it cannot see.
            lock="FOR KEY SHARE OF c FOR SHARE OF m",
            statement=MESSAGES,
        ),
    ]
