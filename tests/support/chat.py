"""What the tests of the chat share."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.fake_llm import UpstreamThread, answer
from tests.support.people import Person, signed_up
from tests.support.rows import Rows
from tests.support.site import Site


class Counted(CaptureQueriesContext):
    """Statements without the ones that begin, end and mark transactions."""

    @property
    def count(self) -> int:
        marks = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
        return sum(not query["sql"].startswith(marks) for query in self.captured_queries)


@pytest.fixture
def queries(db: None) -> Counted:
    """`with queries: ...` and then `queries.count`."""
    return Counted(connection)


@pytest.fixture(scope="session")
def people(running_site: Site) -> Iterator[dict[str, Person]]:
    """Owner and stranger, signed in on the running site."""
    made: dict[str, Person] = {}
    for name in ("owner", "stranger"):
        made[name] = signed_up(running_site.url, f"{name}@site.example.org")
    yield made
    for person in made.values():
        person.http.close()


@pytest.fixture
def visitor(site: Site, people: dict[str, Person]) -> Person:
    """The owner on the running site."""
    return people["owner"]


@pytest.fixture
def outsider(site: Site, people: dict[str, Person]) -> Person:
    return people["stranger"]


@pytest.fixture
def rows(site: Site) -> Rows:
    """The running site's database."""
    return Rows(site.values["DATABASE_URL"])


@pytest.fixture
def committed(transactional_db: None) -> None:
    """Commit for real, for work on several connections."""


@pytest.fixture
def finished(visitor: Person, upstream: UpstreamThread) -> UUID:
    """A conversation on the running site with one complete answer."""
    upstream.script(answer("Light scatters in air."))
    key = visitor.start("Why is the sky blue?")
    with visitor.socket(key) as socket:
        socket.until_status("complete")
    return key
