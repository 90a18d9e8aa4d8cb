"""Markers of chat templates at the end of an answer (row F-62 of the cases)."""

from tests.fake_llm import UpstreamThread, answer
from tests.live.chat.test_answers import ask, until_done
from tests.support.people import Person
from tests.support.rows import Rows


def test_f62_an_end_marker_is_not_shown_stored_or_sent_back(
    visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    key = ask(visitor, upstream, answer("Light ", "scatters.<|im", "_end|>", "\n"))
    texts = rows.all("SELECT text FROM chat_message WHERE conversation_id = %s", key)
    assert {row["text"] for row in texts} == {"Why is the sky blue?", "Light scatters."}
    assert "im_end" not in visitor.page(key)
    upstream.script(answer("In the evening."))
    visitor.send(key, "And then?")
    until_done(visitor, key)
    assert upstream.chats[-1].body["messages"][2] == {
        "role": "assistant",
        "content": "Light scatters.",
    }
