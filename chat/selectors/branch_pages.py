"""Where the pages of a whole branch end, to read a conversation from its beginning."""

from uuid import UUID

from chat.models import Conversation
from chat.selectors.messages import MAX_STEPS, PAGE_SIZE
from core.db.sql import fetch

# From the last message up to the first; of the ids only every n-th is returned.
SELECT_PAGE_ENDS = """
WITH RECURSIVE branch AS (
    SELECT id, parent_id, 0 AS step FROM (
        SELECT id, parent_id FROM chat_message WHERE id = %(leaf)s LIMIT 1
    ) leaf
    UNION ALL
    SELECT up.id, up.parent_id, branch.step + 1 FROM branch CROSS JOIN LATERAL (
        SELECT id, parent_id FROM chat_message WHERE id = branch.parent_id LIMIT 1
    ) up WHERE branch.step + 1 < %(limit)s
)
SELECT id FROM branch WHERE step %% %(size)s = 0 ORDER BY step DESC
"""


def list_page_ends(conversation: Conversation, size: int = PAGE_SIZE) -> list[UUID]:
    """Return the last message of each page of the shown branch, oldest first.

    `load_thread` reads the page that ends with such a message. Only the first page may have fewer
    than `size` messages. Of a longer branch the last `MAX_STEPS` messages are listed.
    """
    values = {"leaf": conversation.active_leaf_id, "limit": MAX_STEPS, "size": size}
    return [message_id for (message_id,) in fetch(SELECT_PAGE_ENDS, values)]
