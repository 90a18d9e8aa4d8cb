"""Commands beside messages have budgets, too: on the running site, command by command."""

from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import httpx2
import pytest

from tests.fake_llm import UpstreamThread, answer
from tests.support.people import Person, signed_up
from tests.support.rows import Rows
from tests.support.site import Site

RATE = 4
Command = Callable[[Person, UUID, UUID, UUID], httpx2.Response]
COMMANDS: dict[str, Command] = {
    "save": lambda who, chat, question, _: who.post(
        f"/m/{question}/save/", client_id=str(uuid4()), text="In other words"
    ),
    "rename": lambda who, chat, *_: who.post(f"/c/{chat}/rename/", title="A title"),
    "options": lambda who, chat, *_: who.post(f"/c/{chat}/options/", temperature="0.5"),
    "feedback": lambda who, _, __, reply: who.post(f"/m/{reply}/feedback/", value="1"),
    "choose": lambda who, _, __, reply: who.post(f"/m/{reply}/choose/"),
    "seen": lambda who, chat, *_: who.post(f"/c/{chat}/seen/"),
    "stop": lambda who, chat, *_: who.post(f"/c/{chat}/stop/"),
    "delete": lambda who, chat, *_: who.post(f"/c/{chat}/delete/"),
    "restore": lambda who, chat, *_: who.post(f"/c/{chat}/restore/"),
    "draft": lambda who, chat, *_: who.post(
        f"/c/{chat}/draft/", client_id=str(uuid4()), text="Half a thought"
    ),
    "new draft": lambda who, *_: who.post("/draft/", client_id=str(uuid4()), text="Half"),
}


@pytest.fixture(scope="module")
def strict(site_database: dict[str, str], upstream_server: UpstreamThread) -> Iterator[Site]:
    values = {"LIMITS": "on", "COMMANDS_PER_MINUTE": str(RATE)}
    with Site(site_database | values | {"INFERENCE_BASE_URL": upstream_server.base_url}) as site:
        yield site


@pytest.fixture(scope="module")
def person(strict: Site) -> Iterator[Person]:
    found = signed_up(strict.url, f"{uuid4().hex}@commands.example.org")
    yield found
    found.http.close()


@pytest.fixture(scope="module")
def ids(strict: Site, person: Person, upstream_server: UpstreamThread) -> list[UUID]:
    """A conversation, its question and its answer."""
    upstream_server.reset()
    upstream_server.script(answer("Yes."))
    key = person.start("Is it?")
    with person.socket(key) as socket:
        socket.until_status("complete")
    rows = Rows(strict.values["DATABASE_URL"])
    messages = "SELECT id FROM chat_message WHERE conversation_id = %s ORDER BY seq"
    return [key, *(row["id"] for row in rows.all(messages, key))]


@pytest.fixture
def budgets(strict: Site) -> Rows:
    """Everybody's budgets are full."""
    rows = Rows(strict.values["DATABASE_URL"])
    rows.do("DELETE FROM chat_allowance")
    return rows


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_a_budget(person: Person, ids: list[UUID], budgets: Rows, name: str) -> None:
    answers = [COMMANDS[name](person, *ids) for _ in range(RATE + 1)]
    assert [one.status_code == 429 for one in answers] == [False] * RATE + [True]
    refused = answers[-1]
    assert "doing that too often." in refused.text
    assert 'data-code="too_many_commands"' in refused.text
    assert 1 <= int(refused.headers["Retry-After"]) <= 60 / RATE
    # What it undid or hid for the tests after it.
    budgets.do("UPDATE chat_conversation SET deleted_at = NULL")


def test_drafts_take_nothing_from_what_is_asked_for(
    person: Person, ids: list[UUID], budgets: Rows
) -> None:
    while COMMANDS["draft"](person, *ids).status_code == 204:
        pass
    assert COMMANDS["rename"](person, *ids).status_code == 200
    assert person.get(f"/c/{ids[0]}/").status_code == 200


def test_the_budget_fills_again(person: Person, ids: list[UUID], budgets: Rows) -> None:
    while COMMANDS["seen"](person, *ids).status_code == 204:
        pass
    budgets.do("UPDATE chat_allowance SET filled_at = filled_at - interval '20 seconds'")
    assert COMMANDS["seen"](person, *ids).status_code == 204


def test_somebody_else_has_a_budget_of_their_own(
    strict: Site, person: Person, ids: list[UUID], budgets: Rows
) -> None:
    while COMMANDS["rename"](person, *ids).status_code == 200:
        pass
    other = signed_up(strict.url, f"{uuid4().hex}@commands.example.org")
    assert COMMANDS["new draft"](other, *ids).status_code == 204
    assert COMMANDS["rename"](other, *ids).status_code == 404
    other.http.close()
