"""`make run`: starts the missing parts, keeps them running, stops them in the right order."""

import hashlib
import os
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack

from launcher import locks, ports
from launcher.children import Children
from launcher.failure import AlreadyRunningError, StartError, in_words
from launcher.model import ALIAS, ModelServer
from launcher.part import Part, say
from launcher.plan import ROOT, Plan
from launcher.postgres import Cluster
from launcher.secret import secret_key
from launcher.signals import Signals

DATABASE = "chat"
PATIENCE_SECONDS = 5.0
HEALTH_SECONDS = 60.0
TICK_SECONDS = 1.0
DRAIN_MARGIN_SECONDS = 5.0
STOPPING = "stopping"
STATIC_SOURCES = (
    "static",
    "accounts/static",
    "chat/static",
    "core/web/bundles.py",
    "requirements/lock.txt",
)


class Supervisor:
    """One run of the whole installation; `run` returns when it was asked to stop."""

    def __init__(self, plan: Plan, signals: Signals) -> None:
        self.plan = plan
        self.signals = signals
        self.children = Children()
        self.parts: list[Part] = []
        self.environment = dict(os.environ) | {"PYTHONUNBUFFERED": "1"}
        self.address = ""
        self._web: subprocess.Popen[bytes] | None = None
        self._cleanup = ExitStack()

    def run(self) -> None:
        """Raises StartError when something is missing, StoppedError when stopped on the way up,
        AlreadyRunningError when another one runs from this folder."""
        with self._cleanup:
            self._start()
            while not self.signals.stops:
                self.signals.pause(TICK_SECONDS)
                for part in self.parts if not self.signals.stops else ():
                    part.tend()

    def _start(self) -> None:
        with in_words(self.plan.data):
            self.plan.data.mkdir(parents=True, exist_ok=True)
            lock = self._take_the_folder()
            self.environment["SECRET_KEY"] = os.environ.get("SECRET_KEY") or secret_key(
                self.plan.data
            )
        self._open_the_port(lock)
        self._check_settings()
        model = self._start_model() if self.plan.model else None
        if self.plan.database:
            self._start_database()
        self._collect_static()
        self._cleanup.callback(self._stop_web)
        self._load_web()
        link = self._migrate()
        if model:
            model.wait_until_ready(self.signals.pause_or_stop)
        self._start_web()
        self._cleanup.callback(lock.write, STOPPING)
        say(f"\nReady: open {self.address}/ (Ctrl-C stops everything)\n{link}".rstrip())

    def _take_the_folder(self) -> locks.Lock:
        path = self.plan.data / "run.lock"
        told = False
        while (lock := locks.take(path)) is None:
            note = path.read_text().strip()
            # Without a note it has no address yet, or has just ended.
            if note and note != STOPPING:
                raise AlreadyRunningError(f"It is already running from this folder: open {note}")
            if note and not told:
                say("Waiting until what runs from this folder has stopped")
                told = True
            self.signals.pause_or_stop(0.1)
        self._cleanup.callback(lock.close)
        return lock

    def _open_the_port(self, lock: locks.Lock) -> None:
        # A note that is still there was left by a kill: what it started is dying just now.
        patience = PATIENCE_SECONDS if lock.read() else 0.0
        self._listener = ports.listen(self.plan.host, self.plan.port, patience)
        self._cleanup.callback(self._listener.close)
        port = self._listener.getsockname()[1]
        self.address = ports.address(self.plan.host, port, self.environment)
        self._health = ports.health_url(self.plan.host, port)
        lock.write(f"{self.address}/ (process {os.getpid()})\n")
        self._cleanup.callback(lock.write, "")
        self.environment |= {
            "HOST": self.plan.host,
            "PORT": str(port),
            "SITE_URL": self.address,
            "DATA_DIR": str(self.plan.data),
        }

    def _check_settings(self) -> None:
        """Raise StartError with the sentence of a wrong setting before anything is started."""
        code, said = self._run("launcher.check_settings")
        if code != 0:
            raise StartError(
                said.strip() or "The settings cannot be read: the reason stands above."
            )

    def _start_model(self) -> ModelServer:
        model = ModelServer(self.children, self.plan.data)
        model.start()
        self._cleanup.callback(model.stop)
        say("Starting the demonstration model (set HF_TOKEN in .env for Mistral on Hugging Face)")
        self.environment |= {
            "LOCAL_MODEL": ALIAS,
            "INFERENCE_BASE_URL": model.base_url,
            "INFERENCE_API_KEY": model.key,
        }
        self.parts.append(
            Part("The demonstration model", model.running, model.start, f"see {model.log_file}.")
        )
        return model

    def _start_database(self) -> None:
        cluster = Cluster(self.plan.data / "postgres")
        say("Starting the database")
        cluster.start()
        self._cleanup.callback(cluster.stop)
        if cluster.place != cluster.folder:
            say(f"Its data lies in {cluster.place}: the database may not enter this folder.")
        self.environment["DATABASE_URL"] = cluster.url(DATABASE)
        self.parts.append(
            Part("The database", cluster.alive, cluster.start, f"see {cluster.log_file}.")
        )

    def _migrate(self) -> str:
        """Migrate; returns the words about a first administrator, if there is none."""
        say("Bringing the database up to date")
        code, said = self._run("launcher.prepare")
        if code != 0:
            raise StartError(
                "The database could not be brought up to date: what `manage.py migrate` said "
                "stands above."
            )
        return said

    def _collect_static(self) -> None:
        """Collect the static files when one of them has changed since the last time."""
        note = self.plan.data / "static.sha256"
        mark = static_mark()
        if (self.plan.data / "static").is_dir() and note.exists() and note.read_text() == mark:
            return
        say("Collecting the static files")
        if self._run("launcher.manage", "collectstatic", "--noinput", "--verbosity=0")[0] != 0:
            raise StartError(
                "The static files could not be collected: what `manage.py collectstatic` said "
                "stands above."
            )
        note.write_text(mark)

    def _start_web(self) -> None:
        say("Starting the web process")
        self._open_the_gate()
        deadline = time.monotonic() + HEALTH_SECONDS
        while not self._healthy():
            self.signals.pause_or_stop(0.05)
            if not self._web_alive():
                raise StartError("The web process ended while starting: what it said stands above.")
            if time.monotonic() > deadline:
                raise StartError(
                    f"The web process did not answer {self._health} for {HEALTH_SECONDS:.0f} "
                    "seconds: what it said stands above."
                )
        self.parts.append(
            Part(
                "The web process", self._web_alive, self._restart_web, "what it said stands above."
            )
        )

    def _load_web(self) -> None:
        """Start the web process; it serves once the gate is open."""
        socket_options, files = ports.daphne_options(self._listener, self.environment)
        self._web = self.children.start(
            "launcher.web",
            *socket_options,
            environment=self.environment,
            files=files,
            gated=True,
        )

    def _open_the_gate(self) -> None:
        if self._web and self._web.stdin:
            self._web.stdin.close()

    def _restart_web(self) -> None:
        self._load_web()
        self._open_the_gate()

    def _web_alive(self) -> bool:
        return self._web is not None and self._web.poll() is None

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(self._health, timeout=1) as answer:  # noqa: S310 - our own
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _stop_web(self) -> None:
        """Let answers finish for DRAIN_SECONDS; a second Ctrl-C ends that."""
        self._listener.close()
        if self._web is None or not self._web_alive():
            return
        if self.signals.stops:
            say("\nStopping")
        self._web.terminate()
        begun = time.monotonic()
        told = False
        while self._web_alive() and self.signals.stops < 2:
            self.signals.pause(0.2)
            waited = time.monotonic() - begun
            if waited > self.plan.drain + DRAIN_MARGIN_SECONDS:
                break
            if waited > 3 and not told:
                say(f"Answers may finish for {self.plan.drain:g} s (Ctrl-C again: stop at once)")
                told = True
        self._web.kill()
        self._web.wait()

    def _run(self, module: str, *arguments: str) -> tuple[int, str]:
        """Run a module to its end; its exit code and what it printed (not its errors)."""
        with tempfile.TemporaryFile() as output:
            process = self.children.start(
                module, *arguments, environment=self.environment, output=output
            )
            try:
                while process.poll() is None:
                    self.signals.pause_or_stop(0.5)
            finally:
                process.kill()
                process.wait()
            output.seek(0)
            return process.returncode, output.read().decode(errors="replace")


def static_mark() -> str:
    """A hash over names, sizes and times of everything that `collectstatic` reads."""
    digest = hashlib.sha256()
    for source in STATIC_SOURCES:
        path = ROOT / source
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            found = file.stat()
            digest.update(f"{file}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
