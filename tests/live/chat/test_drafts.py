"""Drafts: a message takes its own away, and nobody else's."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from tests.fake_llm import UpstreamThread, answer
from tests.support.people import Person
from tests.support.rows import Rows


@dataclass
class Box:
    """The message boxes of one place: a conversation, or the new chat."""

    person: Person
    rows: Rows
    conversation: UUID | None

    @property
    def folder(self) -> str:
        return f"/c/{self.conversation}/" if self.conversation else "/"

    @property
    def drafts(self) -> list[str]:
        return [row["text"] for row in self.rows.all("SELECT text FROM chat_draft")]

    def keep(self, key: UUID, text: str) -> None:
        kept = self.person.post(f"{self.folder}draft/", client_id=str(key), text=text)
        assert kept.status_code == 204

    def send(self, key: UUID, text: str, opened: str = "") -> None:
        path = f"{self.folder}send/" if self.conversation else "/c/"
        sent = self.person.post(path, client_id=str(key), text=text, draft=opened)
        assert sent.status_code == 200
        found = self.conversation or UUID(sent.headers["HX-Push-Url"].split("/")[2])
        with self.person.socket(found) as socket:
            socket.until_status("complete")


@pytest.fixture(params=["new chat", "conversation"])
def box(
    request: pytest.FixtureRequest, visitor: Person, rows: Rows, upstream: UpstreamThread
) -> Box:
    in_one = request.param == "conversation"
    conversation = request.getfixturevalue("finished") if in_one else None
    rows.do("DELETE FROM chat_draft")
    upstream.script(answer("Yes."))
    return Box(visitor, rows, conversation)


def test_sending_takes_away_what_was_sent(box: Box) -> None:
    key = uuid4()
    box.keep(key, "Half a")
    box.send(key, "Half a question?")
    assert box.drafts == []


def test_sending_and_emptying_keep_what_another_page_typed(box: Box) -> None:
    mine = uuid4()
    box.keep(mine, "Short?")
    box.keep(uuid4(), "A longer text")
    box.keep(mine, "")
    assert box.drafts == ["A longer text"]
    box.send(mine, "Short?", opened=str(uuid4()))
    assert box.drafts == ["A longer text"]


def test_the_draft_that_a_page_was_opened_with_goes_with_what_it_became(box: Box) -> None:
    opened = uuid4()
    box.keep(opened, "Half a")
    assert f'name="draft" value="{opened}"' in box.person.get(box.folder).text
    box.send(uuid4(), "Half a question?", opened=str(opened))
    assert box.drafts == []


def test_the_same_text_of_another_page_goes_too(box: Box) -> None:
    box.keep(uuid4(), "Why?")
    box.send(uuid4(), "Why?")
    assert box.drafts == []


def test_a_draft_that_comes_after_its_message_leaves_the_others(box: Box) -> None:
    key = uuid4()
    box.send(key, "Why?")
    box.keep(uuid4(), "Another text")
    box.keep(key, "Why")
    assert box.drafts == ["Another text"]


def test_a_draft_of_no_id_is_refused(box: Box) -> None:
    for path in ("/draft/", "/c/"):
        refused = box.person.post(path, client_id=str(uuid4()), text="Why?", draft="x")
        assert refused.status_code == 400
