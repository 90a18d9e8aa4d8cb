"""Two web processes over one database and one Valkey, and people who talk to both."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import pytest

from tests.failure_injection.world import EMAIL, World, prepared_world
from tests.fake_llm import UpstreamThread
from tests.support.people import Person, signed_up
from tests.support.site import Site
from tests.support.valkey import Valkey


@dataclass
class Pair:
    """Two processes that serve the same people."""

    one: Site
    two: Site
    valkey: Valkey

    def ensure(self) -> None:
        if self.valkey.process is None or self.valkey.process.poll() is not None:
            self.valkey.start()
        self.one.ensure()
        self.two.ensure()

    def elsewhere(self, person: Person, site: Site) -> Person:
        """The same browser, talking to another process: cookies are for the host."""
        http = httpx2.Client(base_url=site.url, timeout=20, trust_env=False)
        for cookie in person.http.cookies.jar:
            http.cookies.jar.set_cookie(cookie)
        return Person(site.url, person.email, http)


@pytest.fixture(scope="module")
def own_site(site_database: dict[str, str], upstream_server: UpstreamThread) -> Iterator[Site]:
    """A web process that only the tests of one module use."""
    with Site(site_database | {"INFERENCE_BASE_URL": upstream_server.base_url}) as site:
        yield site


@pytest.fixture(scope="session")
def valkey() -> Iterator[Valkey]:
    with Valkey() as running:
        yield running


@pytest.fixture(scope="session")
def running_pair(
    site_database: dict[str, str], upstream_server: UpstreamThread, valkey: Valkey
) -> Iterator[Pair]:
    values = site_database | {
        "INFERENCE_BASE_URL": upstream_server.base_url,
        "REDIS_URL": valkey.url,
    }
    with Site(values) as one, Site(values) as two:
        yield Pair(one, two, valkey)


@pytest.fixture
def pair(running_pair: Pair, upstream: UpstreamThread) -> Pair:
    running_pair.ensure()
    return running_pair


@pytest.fixture(scope="session")
def regular(running_pair: Pair) -> Iterator[Person]:
    """Somebody who is signed in, on the first process."""
    person = signed_up(running_pair.one.url, "regular@pair.example.org")
    yield person
    person.http.close()


@pytest.fixture
def here(pair: Pair, regular: Person) -> Person:
    return regular


@pytest.fixture
def there(pair: Pair, regular: Person) -> Iterator[Person]:
    """The same person on the second process."""
    person = pair.elsewhere(regular, pair.two)
    yield person
    person.http.close()


@pytest.fixture(scope="session")
def running_world(upstream_server: UpstreamThread) -> Iterator[World]:
    with prepared_world(upstream_server) as world:
        yield world


@pytest.fixture
def world(running_world: World, upstream: UpstreamThread) -> World:
    """A web process with a database of its own, which this test may take away."""
    running_world.ensure()
    return running_world


@pytest.fixture
def stranger(world: World) -> Iterator[Person]:
    """Somebody who has not signed in yet."""
    with httpx2.Client(base_url=world.site.url, timeout=15, trust_env=False) as http:
        http.get("/accounts/login/")
        yield Person(world.site.url, EMAIL, http)
