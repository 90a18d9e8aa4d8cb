"""One PostgreSQL for all tests, the three people, and a site that really runs."""

import os
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import environ
import pytest
from asgiref.sync import sync_to_async
from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.utils import translation

from accounts.models import User
from chat.models import ChatModel
from chat.views import auth, commands
from core.db.connection import KeptConnection
from core.db.executors import dedicate_connection
from core.db.outages import database
from launcher.postgres import Cluster
from tests.fake_llm import UpstreamThread
from tests.support.polling import eventually
from tests.support.site import Site, prepared_database

PASSWORD = "correct-horse-9"
FIRST_ROWS = import_module("chat.migrations.0002_first_rows")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The server of this run, in a folder of its own; stopped with the run."""
    with tempfile.TemporaryDirectory(prefix="chat-tests-") as folder:
        Path(folder).chmod(0o755)
        with Cluster(Path(folder) / "postgres", fast=True) as running:
            yield running


@pytest.fixture(scope="session")
def django_db_modify_db_settings(cluster: Cluster) -> None:
    """pytest-django makes its test database in our cluster."""
    place = environ.Env.db_url_config(cluster.url("chat"))
    for values in (settings.DATABASES["default"], connections["default"].settings_dict):
        values.update({name: place[name] for name in ("HOST", "PORT", "USER", "NAME")})


@pytest.fixture(autouse=True)
def _no_language_left() -> Iterator[None]:
    """A request in another language leaves it active, and a later test would read its sentences."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def _no_connection_left(django_db_blocker: Any) -> Iterator[None]:
    """An asynchronous ORM test leaves a session open, which would hold the database at the end."""
    yield
    with django_db_blocker.unblock():
        # A thread that watches an outage would use the database of a later test.
        eventually(lambda: database.outage is None)
        connections.close_all()


@pytest.fixture(autouse=True)
def _fresh_database(request: pytest.FixtureRequest) -> None:
    """Undo what an earlier test with real commits left behind.

    It empties the tables of models, also of the rows that migrations insert, but not the cache,
    where the rate limits count.
    """
    uses_database = request.node.get_closest_marker("django_db") is not None
    if uses_database or not {"db", "transactional_db"}.isdisjoint(request.fixturenames):
        request.getfixturevalue("db")
        cache.clear()
        if not ChatModel.objects.exists():
            FIRST_ROWS.fill(apps, None)


@pytest.fixture(autouse=True)
def _views_use_the_tests_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Views that a test's client calls work on the test's thread, and so in its transaction."""

    async def run_here(work: Any, *args: Any, **kwargs: Any) -> Any:
        return await sync_to_async(work)(*args, **kwargs)

    for module in (auth, commands):
        monkeypatch.setattr(module, "run_in_db", run_here)


@pytest.fixture(autouse=True)
def _port_of_the_live_server(request: pytest.FixtureRequest) -> None:
    """Its port is the site's, as pytest-django adds its name to ALLOWED_HOSTS."""
    if "live_server" in request.fixturenames:
        server = request.getfixturevalue("live_server")
        project = request.getfixturevalue("settings")
        project.HOST_PORTS = project.HOST_PORTS | {str(server.thread.port)}


@pytest.fixture
def kept() -> Iterator[KeptConnection]:
    """This thread's connection is one that a thread keeps."""
    before = connections["default"]
    dedicate_connection()
    own: Any = connections["default"]
    assert isinstance(own, KeptConnection)
    yield own
    own.close()
    connections["default"] = before


@pytest.fixture
def owner(db: None) -> User:
    return User.objects.create_user("owner@example.org", PASSWORD)


@pytest.fixture
def stranger(db: None) -> User:
    return User.objects.create_user("stranger@example.org", PASSWORD)


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_superuser("staff@example.org", PASSWORD)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner_client(owner: User) -> Client:
    return signed_in(owner)


@pytest.fixture
def stranger_client(stranger: User) -> Client:
    return signed_in(stranger)


@pytest.fixture
def staff_client(staff: User) -> Client:
    return signed_in(staff)


@pytest.fixture(scope="session")
def upstream_server() -> Iterator[UpstreamThread]:
    with UpstreamThread() as running:
        yield running


@pytest.fixture
def upstream(upstream_server: UpstreamThread) -> Iterator[UpstreamThread]:
    """The scripted model server, with nothing queued and nothing recorded."""
    upstream_server.reset()
    yield upstream_server
    upstream_server.reset()


@pytest.fixture(scope="session")
def site_database(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment of a migrated database and collected static files, for real server processes."""
    return prepared_database(cluster.url("chat_site"), tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def running_site(site_database: dict[str, str], upstream_server: UpstreamThread) -> Iterator[Site]:
    with Site(site_database | {"INFERENCE_BASE_URL": upstream_server.base_url}) as site:
        yield site


@pytest.fixture
def site(running_site: Site, upstream: UpstreamThread) -> Site:
    """A web process under daphne that answers through the scripted model server."""
    running_site.ensure()
    return running_site


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Set by `make test`, which finds or installs a Chromium."""
    return os.environ.get("CHROMIUM_PATH") or "/usr/bin/chromium"
