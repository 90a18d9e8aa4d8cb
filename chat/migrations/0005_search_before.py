"""What was said before there was a search: in batches, while others write and may be interrupted."""

from typing import Any
from uuid import UUID

from django.db import migrations

TITLES = """
INSERT INTO chat_searchentry (conversation_id, part, words)
SELECT c.id, found.part, found.words
FROM chat_conversation c, chat_search_parts(c.owner_id, c.title) found
WHERE c.title <> '' ON CONFLICT DO NOTHING
"""
MESSAGES = """
WITH batch AS MATERIALIZED (
    SELECT m.id, m.conversation_id, c.owner_id, m.text
    FROM chat_message m JOIN chat_conversation c ON c.id = m.conversation_id
    WHERE m.id > %s AND m.text <> '' ORDER BY m.id LIMIT 500
), taken AS (
    INSERT INTO chat_searchentry (conversation_id, message_id, part, words)
    SELECT batch.conversation_id, batch.id, found.part, found.words
    FROM batch, chat_search_parts(batch.owner_id, batch.text) found
    ON CONFLICT DO NOTHING
)
SELECT id FROM batch ORDER BY id DESC LIMIT 1
"""
FIRST = UUID(int=0)


def take_in(apps: Any, schema_editor: Any) -> None:
    """What a trigger has taken in already stays as it is."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(TITLES)
        last = FIRST
        while True:
            cursor.execute(MESSAGES, [last])
            row = cursor.fetchone()
            if row is None:
                return
            last = row[0]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("chat", "0004_search")]
    operations = [migrations.RunPython(take_in, migrations.RunPython.noop)]
