"""The fault matrix: each thing a model server does wrong, through a real web process.

All rows run at the same time, each in a conversation of its own: state, saved text, the sentence on
the page, the hang-up, the absence of secrets, and a Retry that works.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from uuid import UUID, uuid4

import psycopg
import pytest
from environ import Env

from chat.errors import error_code
from chat.rendering.components.message_view import finish_note
from chat.streaming.generate import INTERRUPTION
from tests.fake_llm import Done, Finish, Raw, Script, UpstreamThread, closed_port, faults, script
from tests.fake_llm.script import Step
from tests.support.frames import html_of
from tests.support.people import Person, signed_up
from tests.support.site import Site
from tests.unit.llm.test_faults import ERRORS, FINISHES, SCRIPTS, STATUS_CODES

KEY = "SECRET-API-KEY"
PATIENCE = {
    "DEADLINE_FIRST_TOKEN": "4",
    "DEADLINE_IDLE": "2",
    "DEADLINE_TOTAL": "12",
    "ANSWER_CHARS": "5000",
    "INFERENCE_API_KEY": KEY,
}
# Asked again twice before the first token.
RETRIED = {
    *("cut", "rate_limited", "upstream_error", "overloaded", "model_loading", "gateway_timeout"),
    *("connect_refused", "dns"),
}


@dataclass(frozen=True)
class Row:
    """What a script must come to; `text` None is for anything."""

    steps: tuple[Step, ...]
    state: str = "failed"
    code: str = ""
    reason: str = ""
    text: str | None = ""

    @property
    def sentence(self) -> str:
        if self.state == "complete":
            return finish_note(self.reason)
        return error_code(self.code or self.reason).sentence

    @property
    def asked(self) -> int:
        return 3 if self.code in RETRIED and not self.text else 1


def rows() -> dict[str, Row]:
    made = {
        name: Row(SCRIPTS[name].steps, code=code, text=text)
        for name, (code, text) in ERRORS.items()
        if code != INTERRUPTION
    }
    for name, (code, text) in ERRORS.items():
        if code == INTERRUPTION:
            made[name] = Row(SCRIPTS[name].steps, "interrupted", reason=code, text=text)
    for name, reason in FINISHES.items():
        made[name] = Row(SCRIPTS[name].steps, "complete", reason=reason, text="Hello")
    made["endless"] = Row(SCRIPTS["endless"].steps, "complete", reason="answer_too_long", text=None)
    made["drip of text"] = Row(SCRIPTS["drip of text"].steps, code="total_timeout", text=None)
    for status, code in STATUS_CODES.items():
        made[f"status {status}"] = Row(faults.STATUSES[f"status {status}"].steps, code=code)
    for name, played in faults.CONTEXTS.items():
        made[name] = Row(played.steps, code="context_too_long")
    for name, body in faults.ODD_BODIES.items():
        made[f"odd body, {name}"] = Row(faults.status(400, body).steps, code="bad_request")
    for name, data in faults.ERROR_FRAMES.items():
        steps = script("Hello", Raw(data), Done()).steps
        made[f"error frame, {name}"] = Row(steps, code="stream_error", text="Hello")
    for name, (code, data) in faults.CODED_FRAMES.items():
        steps = script("Hello", Raw(data), Done()).steps
        made[f"coded frame, {name}"] = Row(steps, code=code, text="Hello")
    for name, step in faults.BROKEN.items():
        steps = script("Hello", step, Finish(), Done()).steps
        made[f"broken, {name}"] = Row(steps, code="broken_stream", text="Hello")
    for name, (text, odd) in faults.ODD_TEXTS.items():
        steps = script(*odd, Finish(), Done()).steps
        whole = len(text) < 5000
        made[f"text, {name}"] = Row(
            steps,
            "complete",
            reason="stop" if whole else "answer_too_long",
            text=text if whole else None,
        )
    return made


ROWS = rows()


@dataclass(frozen=True)
class Ended:
    """What the database holds of an answer, and what its page shows."""

    state: str
    code: str
    reason: str
    text: str
    page: str
    requests: int
    again: str


@pytest.fixture(scope="module")
def site(site_database: dict[str, str], upstream_server: UpstreamThread) -> Iterator[Site]:
    upstream_server.reset()
    values = site_database | PATIENCE | {"INFERENCE_BASE_URL": upstream_server.base_url}
    with Site(values) as running:
        yield running


def stored(url: str, conversations: list[UUID]) -> dict[UUID, tuple[str, str, str, str]]:
    """The answers' state, error code, finish reason and text."""
    place = Env.db_url_config(url)
    with psycopg.connect(host=place["HOST"], user=place["USER"], dbname=place["NAME"]) as database:
        found = database.execute(
            "SELECT conversation_id, status, error_code, finish_reason, text FROM chat_message"
            " WHERE role = 'assistant' AND conversation_id = ANY(%s) ORDER BY seq",
            [conversations],
        ).fetchall()
    return {key: (state, code, reason, text) for key, state, code, reason, text in found}


def finish(url: str, keys: list[UUID]) -> dict[UUID, tuple[str, str, str, str]]:
    """The answers, once every one of them has ended."""
    until = time.monotonic() + 60
    while True:
        found = stored(url, keys)
        if not [row for row in found.values() if row[0] in ("pending", "streaming")]:
            return found
        assert time.monotonic() < until
        time.sleep(0.2)


def start(person: Person, text: str) -> UUID:
    """As a page without script, which is sent on and not rendered."""
    answer = person.post("/c/", htmx=False, client_id=str(uuid4()), text=text)
    return UUID(answer.headers["Location"].split("/")[2])


@pytest.fixture(scope="module")
def ended(
    site: Site, site_database: dict[str, str], upstream_server: UpstreamThread
) -> dict[str, Ended]:
    """Every row, played once."""
    person = signed_up(site.url, "matrix@example.org")
    marks = {name: f"row-{uuid4().hex}" for name in ROWS}
    for name, row in ROWS.items():
        upstream_server.script(Script(row.steps, marks[name], row.asked))
    url = site_database["DATABASE_URL"]
    keys = {name: start(person, f"{marks[name]} please") for name in ROWS}
    before = finish(url, list(keys.values()))
    pages = {name: unescape(person.page(key)) for name, key in keys.items()}
    asked = {
        name: sum(mark in request.question for request in upstream_server.chats)
        for name, mark in marks.items()
    }
    for name, page in pages.items():
        if ROWS[name].state != "complete":
            (answer,) = re.findall(r'data-message-id="([^"]*)" data-role="assistant"', page)
            assert person.post(f"/m/{answer}/regenerate/", htmx=False).status_code == 302
    after = finish(url, list(keys.values()))
    upstream_server.wait_for(lambda up: all(r.finished or r.hung_up for r in up.chats), 15)
    person.http.close()
    return {
        name: Ended(*before[key], pages[name], asked[name], after[key][0])
        for name, key in keys.items()
    }


@pytest.mark.parametrize("name", ROWS)
def test_row(ended: dict[str, Ended], name: str) -> None:
    row, found = ROWS[name], ended[name]
    assert (found.state, found.code, found.reason) == (row.state, row.code, row.reason)
    if row.text is not None:
        assert found.text == row.text
    assert row.sentence in found.page
    assert found.requests == row.asked
    assert found.again == "complete"


def test_no_secret_reaches_a_page_the_log_or_the_database(
    ended: dict[str, Ended], site: Site, upstream_server: UpstreamThread
) -> None:
    # A wrong address is the usual cause of a 404, so the log names it.
    log = "\n".join(line for line in site.log().splitlines() if "status=404" not in line)
    for secret in (KEY, faults.ECHO, upstream_server.address, "Traceback"):
        assert secret not in log
        assert not [name for name, row in ended.items() if secret in row.page + row.text]
    assert "please" not in log, "a prompt in the log"


@pytest.mark.parametrize("code", ["unauthorized", "payment", "forbidden"])
def test_the_operator_is_told_once(ended: dict[str, Ended], site: Site, code: str) -> None:
    assert site.log().count(f"model server error needs an administrator: code={code} ") == 1


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://127.0.0.1:{closed}/v1", "connect_refused"),
        ("http://{long}/v1", "dns"),
        ("https://{upstream}/v1", "tls"),
    ],
)
def test_no_connection(
    site_database: dict[str, str], upstream_server: UpstreamThread, address: str, code: str
) -> None:
    url = address.format(
        closed=closed_port(), long=".".join(["x" * 60] * 5), upstream=upstream_server.address
    )
    with Site(site_database | PATIENCE | {"INFERENCE_BASE_URL": url}) as site:
        person = signed_up(site.url, f"{code}@example.org")
        key = person.start("Anybody?")
        finish(site_database["DATABASE_URL"], [key])
        page = unescape(person.page(key))
        person.http.close()
        assert error_code(code).sentence in page
        assert url not in page + site.log()


def test_a_wait_before_the_next_attempt_counts_down(
    site: Site, upstream_server: UpstreamThread
) -> None:
    person = signed_up(site.url, "countdown@example.org")
    mark = f"row-{uuid4().hex}"
    upstream_server.script(
        Script(faults.status(429, Retry_After="3").steps, mark),
        script("Yes.", Finish(), match=mark),
    )
    key = person.start(f"{mark} please")
    with person.socket(key) as socket:
        shown = ""
        while "Yes." not in shown:
            shown += html_of(socket.next())
    person.http.close()
    assert list(dict.fromkeys(re.findall(r"Trying again in (\d) s", shown))) == ["3", "2", "1"]
