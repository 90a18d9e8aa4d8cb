"""A site whose database the tests take away, with every address of it."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import httpx2
from psycopg import sql

from tests.failure_injection.addresses import addresses
from tests.failure_injection.database import Database, own_database
from tests.fake_llm import UpstreamThread, answer
from tests.support.people import PASSWORD, Person, signed_up
from tests.support.polling import eventually
from tests.support.site import Site, prepared_database

EMAIL = "outage@example.org"
# A link as the mail that asks to confirm an address has it.
CONFIRMATION = """
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
print(EmailConfirmationHMAC(EmailAddress.objects.get()).key)
"""
# A form as its page posts it, by the last part of its address.
FORMS: dict[str, Callable[[], dict[str, str]]] = {
    "c": lambda: {"client_id": str(uuid4()), "text": "What is lost?"},
    "send": lambda: {"client_id": str(uuid4()), "text": "What is lost?"},
    "edit": lambda: {"client_id": str(uuid4()), "text": "What is lost?"},
    "save": lambda: {"client_id": str(uuid4()), "text": "What is lost?"},
    "draft": lambda: {"client_id": str(uuid4()), "text": "What is los"},
    "rename": lambda: {"title": "Lost"},
    "feedback": lambda: {"value": "1"},
    "signup": lambda: {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD},
    "login": lambda: {"login": EMAIL, "password": PASSWORD},
    "reset": lambda: {"email": EMAIL},
}
FIRST = sql.SQL("SELECT id FROM {} LIMIT 1")
MODELS = ("accounts_user", "account_emailaddress", "chat_chatmodel", "chat_systemprompt")


@dataclass
class World:
    """A web process with a database of its own, and an administrator who has a conversation."""

    site: Site
    database: Database
    person: Person
    conversation: UUID
    addresses: list[str]

    def outage_lines(self, since: int) -> tuple[str, str]:
        """The two lines of an outage, without the time; but for refusals that have a reference
        the process logged nothing else."""
        [(first, last)] = self.outages(since)
        return first, last

    def outages(self, since: int) -> list[tuple[str, str]]:
        """The two lines of each outage, once the last one is over."""
        eventually(lambda: "works again" in "".join(self.log_lines(since)[-1:]), 30)
        lines = self.log_lines(since)
        assert len(lines) % 2 == 0, lines
        return list(zip(lines[::2], lines[1::2], strict=True))

    def log_lines(self, since: int) -> list[str]:
        lines = [line.split(" ", 2)[2] for line in self.site.log()[since:].splitlines()]
        return [line for line in lines if not line.startswith("INFO chat.refused ")]

    def ensure(self) -> None:
        """Bring back what a test that failed has taken away."""
        if not self.database.alive():
            self.database.bring_back()
        for name, value in (("default_transaction_read_only", "off"), ("deadlock_timeout", "1s")):
            self.database.set(name, value)
        self.site.ensure()
        eventually(self.is_quiet, 30)

    def is_quiet(self) -> bool:
        """Whether the process has logged the end of each outage that it met."""
        lines = [line for line in self.site.log().splitlines() if " chat.database " in line]
        return not lines or "works again" in lines[-1]


def values_of(database: Database, conversation: UUID) -> dict[str, str]:
    """Parameters of addresses that name rows of this database."""
    found = {
        "conversation_id": str(conversation),
        "object_id": str(conversation),
        "app_label": "chat",
        "content_type_id": "1",
        "url": "nothing",
        "key": "nothing",
        "token": "nothing",
        "id": "1",
        "name": "profile",
    }
    with database.connected("chat") as connection:
        connection.execute("UPDATE accounts_user SET is_staff = true, is_superuser = true")
        connection.execute("INSERT INTO auth_group (name) VALUES ('some')")
        for table in (*MODELS, "auth_group"):
            row = connection.execute(FIRST.format(sql.Identifier(table))).fetchone()
            if row is not None:
                for view in ("change", "delete", "history"):
                    found[f"{table}_{view}:object_id"] = str(row[0])
                found[f"{table}:id"] = str(row[0])
        row = connection.execute("SELECT id FROM chat_message WHERE role = 'assistant'").fetchone()
        assert row is not None
        found["message_id"] = str(row[0])
    found["uidb36"] = found["accounts_user_change:object_id"].replace("-", "")
    return found


@contextmanager
def prepared_world(upstream: UpstreamThread) -> Iterator[World]:
    """A site with limits, and one conversation in which an answer is complete."""
    with (
        tempfile.TemporaryDirectory(prefix="chat-outages-") as folder,
        own_database(Path(folder)) as database,
    ):
        values = prepared_database(database.url("chat"), Path(folder) / "site")
        values |= {"INFERENCE_BASE_URL": upstream.base_url, "LIMITS": "on"}
        values["MESSAGES_PER_MINUTE"] = "600"
        upstream.script(answer("Nothing is lost."))
        with Site(values) as site:
            person = signed_up(site.url, EMAIL)
            conversation = person.start("What is lost?")
            with person.socket(conversation) as socket:
                socket.until_status("complete")
            found = values_of(database, conversation)
            key = site.manage("shell", "--no-imports", "-c", CONFIRMATION).strip()
            places = addresses(found | {"account_confirm_email:key": key})
            yield World(site, database, person, conversation, places)
            person.http.close()


def form_of(path: str) -> dict[str, str]:
    name = path.strip("/").rpartition("/")[2]
    return FORMS.get(name, dict)()


def requests_of(person: Person, path: str) -> Iterator[tuple[str, httpx2.Response]]:
    """A page, a part of a page, a command, and a plain form at one address."""
    yield f"GET {path}", person.get(path)
    yield f"GET {path} by htmx", person.http.get(path, headers={"HX-Request": "true"})
    for kind, htmx in ((" by htmx", True), ("", False)):
        yield f"POST {path}{kind}", person.post(path, htmx=htmx, **form_of(path))


def is_worded(response: httpx2.Response, sentence: str) -> bool:
    """Whether this is a refusal with the sentence, as a page or as a notice, for the moment."""
    html = response.text
    is_notice = response.headers.get("HX-Retarget") == "#composer-notice"
    return (
        response.status_code == 503
        and int(response.headers.get("Retry-After", "0")) > 0
        and sentence in html
        and is_notice is (response.request.headers.get("HX-Request") == "true")
        and is_notice is ("<html" not in html)
    )
