"""Several model servers at once on a running site, and one that is deleted while it answers."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.fake_llm import Gate, UpstreamThread, answer
from tests.support.frames import html_of
from tests.support.people import Person
from tests.support.polling import eventually
from tests.support.rows import Rows
from tests.support.site import Site

KEY = "sk-SECRET-43"
CONNECT = """
from chat.llm.providers import ListedModel
from chat.models import Connection
from chat.services.offered_models import add_models
from core.encryption import encrypt
row = Connection.objects.create(
    name="Second", address="{address}", encrypted_key=encrypt("{key}")
)
(model,) = add_models(row, [ListedModel("second-{mark}", 8192)])
print("made", model.pk)
"""
DELETE = "from chat.models import Connection; Connection.objects.filter(name='Second').delete()"

OWNER = "SELECT owner_id FROM chat_conversation WHERE id = %s"
CONVERSATIONS = "SELECT id FROM chat_conversation WHERE owner_id = %s"
BLOCKED = """
SELECT count(*) FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND datname = current_database()
    AND strpos(query, 'INSERT INTO "chat_message"') > 0
"""


@pytest.fixture
def second() -> Iterator[UpstreamThread]:
    with UpstreamThread() as running:
        yield running


@pytest.fixture
def model(site: Site, second: UpstreamThread) -> Iterator[str]:
    """The key of a model on the second server."""
    code = CONNECT.format(address=second.base_url, key=KEY, mark=uuid4().hex)
    yield site.manage("shell", "-c", code).split("made ")[1].strip()
    site.manage("shell", "-c", DELETE)


def start(visitor: Person, model: str = "") -> UUID:
    made = visitor.post("/c/", client_id=str(uuid4()), text="Who are you?", model=model)
    assert made.status_code == 200, made.text
    return UUID(made.headers["HX-Push-Url"].split("/")[2])


def test_two_servers_answer_at_the_same_time(
    visitor: Person, upstream: UpstreamThread, second: UpstreamThread, model: str, rows: Rows
) -> None:
    upstream.script(answer(Gate(), "The first."))
    second.script(answer(Gate(), "The second."))
    ours, theirs = start(visitor), start(visitor, model)
    upstream.wait_gate()
    second.wait_gate()
    second.release()
    upstream.release()
    for key, text in ((ours, "The first."), (theirs, "The second.")):
        with visitor.socket(key) as socket:
            assert text in html_of(socket.until_status("complete"))
    assert second.chats[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in str(upstream.chats[0].headers)
    assert (rows.run(ours)["provider"], rows.run(theirs)["provider"]) == ("openai", "Second")


@pytest.mark.parametrize("htmx", [True, False])
def test_a_connection_that_is_deleted_while_a_question_is_sent_loses_nothing(
    visitor: Person, upstream: UpstreamThread, model: str, rows: Rows, htmx: bool
) -> None:
    """The question waits, with its model chosen, to be written; it does not wait long."""
    upstream.script(answer("The first."))
    with visitor.socket(key := start(visitor)) as socket:
        socket.until_status("complete")
    owner = rows.one(OWNER, key)["owner_id"]
    before = rows.all(CONVERSATIONS, owner)
    fields = {"client_id": str(uuid4()), "text": "Who are <b>you</b>?", "model": model}
    with ThreadPoolExecutor(1) as pool, psycopg.connect(**rows.place) as holder:
        holder.execute("LOCK TABLE chat_message IN EXCLUSIVE MODE")
        sent = pool.submit(lambda: visitor.post("/c/", htmx=htmx, **fields))
        eventually(lambda: rows.one(BLOCKED)["count"])
        rows.do("DELETE FROM chat_chatmodel WHERE id = %s", model)
        holder.rollback()
        response = sent.result(15)
    assert response.status_code == 409
    assert "deleted at this moment. Your text is still here." in response.text
    assert htmx or "Who are &lt;b&gt;you&lt;/b&gt;?" in response.text
    assert rows.all(CONVERSATIONS, owner) == before


def test_a_connection_that_is_deleted_while_it_answers_loses_nothing(
    site: Site, visitor: Person, upstream: UpstreamThread, second: UpstreamThread, model: str
) -> None:
    second.script(answer("Before, ", Gate(), "after."))
    key = start(visitor, model)
    second.wait_gate()
    site.manage("shell", "-c", DELETE)
    second.release()
    with visitor.socket(key) as socket:
        assert "Before, after." in html_of(socket.until_status("complete"))
    assert "Before, after." in visitor.page(key)
    upstream.script(answer("The other one."))
    visitor.send(key, "And now?")
    with visitor.socket(key) as socket:
        assert "The other one." in html_of(socket.until_status("complete"))
    assert KEY not in site.log()
    assert second.base_url not in site.log()
