"""Start the measured servers: this product and its peers."""

import json
import os
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.database import temporary_database
from benchmarks.venvs import PEERS, ensure_environment, version
from tests.support.server_process import free_port
from tests.support.site import Site
from tests.support.valkey import Valkey

START_SECONDS = 90.0
CREATE_SESSIONS = """
import json
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from accounts.models import User
store = import_module(settings.SESSION_ENGINE).SessionStore
keys = []
for number in range({count}):
    user, _ = User.objects.get_or_create(email=f"load{{number}}@example.org")
    session = store()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    keys.append(session.session_key)
print(json.dumps(keys))
"""


@dataclass
class Server:
    """A running server; `web` and `database` are process ids."""

    kind: str
    name: str
    ports: list[int]
    web: list[int]
    path: str = "/"
    database: list[int] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}{self.path}"


@contextmanager
def start_own(upstream: str, people: int, processes: int = 1) -> Iterator[Server]:
    """Start this product on PostgreSQL with `fsync`; several processes share a Valkey."""
    with ExitStack() as stack:
        cluster, values = stack.enter_context(temporary_database())
        values["INFERENCE_BASE_URL"] = upstream
        if processes > 1:
            values["REDIS_URL"] = stack.enter_context(Valkey()).url
        sites = [stack.enter_context(Site(values)) for _ in range(processes)]
        pids = [site.process.pid for site in sites if site.process is not None]
        yield Server(
            kind="ours",
            name="this product" if processes == 1 else f"this product, {processes} processes",
            ports=[site.port for site in sites],
            web=pids,
            database=[int((cluster.data / "postmaster.pid").read_text().split("\n", 1)[0])],
            sessions=create_sessions(sites[0], people),
        )


def create_sessions(site: Site, people: int) -> list[str]:
    """Create people and sessions; return the session keys."""
    output = site.manage("shell", "-c", CREATE_SESSIONS.format(count=people)).splitlines()[-1]
    keys: list[str] = json.loads(output)
    return keys


def peer_command(kind: str, python: str, port: int) -> tuple[list[str], str]:
    """Return the command that starts a peer, and the path of its page."""
    app = str(PEERS / f"{kind}_app.py")
    address = ("--port", str(port))
    if kind == "panel":
        return [
            python,
            "-m",
            "panel",
            "serve",
            app,
            "--address",
            "127.0.0.1",
            *address,
        ], "/panel_app"
    if kind == "chainlit":
        run = [python, "-m", "chainlit", "run", app, "--headless", "--host", "127.0.0.1", *address]
        return run, "/"
    return [python, app], "/"


@contextmanager
def start_peer(kind: str, upstream: str, people: int) -> Iterator[Server]:
    """Start Panel, Gradio or Chainlit with its app from `peers/`."""
    python, port = str(ensure_environment(kind)), free_port()
    arguments, path = peer_command(kind, python, port)
    with tempfile.TemporaryDirectory(prefix=f"bench-{kind}-") as folder:
        values = {
            "UPSTREAM": upstream,
            "PORT": str(port),
            "CHAINLIT_APP_ROOT": folder,
            "GRADIO_ANALYTICS_ENABLED": "False",
            **({"HF_HUB_OFFLINE": "1"} if kind == "gradio" else {}),
            "PYTHONUNBUFFERED": "1",
        }
        log = Path(folder) / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                arguments,
                cwd=folder,
                env=os.environ | values,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            wait_until_up(process, f"http://127.0.0.1:{port}{path}", log)
            name = f"{kind.capitalize()} {version(kind)}"
            server = Server(kind, name, [port], [process.pid], path, sessions=[""] * people)
            yield server
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()


def wait_until_up(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.1)
    raise RuntimeError(f"The server did not start:\n{log.read_text(errors='replace')[-3000:]}")


@contextmanager
def start_server(kind: str, upstream: str, people: int) -> Iterator[Server]:
    """Start a server by name: "ours", "cluster" (two processes and Valkey), or a peer."""
    if kind in ("ours", "cluster"):
        with start_own(upstream, people, processes=2 if kind == "cluster" else 1) as server:
            yield server
    else:
        with start_peer(kind, upstream, people) as server:
            yield server
