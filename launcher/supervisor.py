"""`make run`: start the embedded parts, keep them running, and stop them in the right order."""

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
PORT_RETRY_SECONDS = 5.0
HEALTH_SECONDS = 60.0
TICK_SECONDS = 1.0
DRAIN_MARGIN_SECONDS = 5.0
STOPPING = "stopping"
STATIC_SOURCES = (
    "static",
    "core/web/bundles.py",
    "requirements/lock.txt",
)


class Supervisor:
    """One run of the whole installation; `run` returns after a stop signal."""

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
        """Start everything and keep it running until a stop signal.

        Raises StartError if something cannot start, StoppedError if stopped during startup, and
        AlreadyRunningError if another supervisor runs from this folder.
        """
        with self._cleanup:
            self._start()
            while not self.signals.stops:
                self.signals.pause(TICK_SECONDS)
                for part in self.parts if not self.signals.stops else ():
                    part.tend()

    def _start(self) -> None:
        """Start all parts in order; the model and the web process load while others start."""
        with in_words(self.plan.data):
            self.plan.data.mkdir(parents=True, exist_ok=True)
            lock = self._lock_data_folder()
            self.environment["SECRET_KEY"] = os.environ.get("SECRET_KEY") or secret_key(
                self.plan.data
            )
        self._open_port(lock)
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
        say(f"\nReady: open {self.address}/ (press Ctrl-C to stop)\n{link}".rstrip())

    def _lock_data_folder(self) -> locks.Lock:
        """Lock the data folder; waits while another supervisor is stopping.

        The lock file contains the address of the one that runs, or STOPPING.
        """
        path = self.plan.data / "run.lock"
        announced = False
        while (lock := locks.take(path)) is None:
            state = path.read_text().strip()
            # An empty file means that the other one has no address yet, or has just ended.
            if state and state != STOPPING:
                raise AlreadyRunningError(
                    f"The site is already running from this folder: open {state}"
                )
            if state and not announced:
                say("Waiting for the previous run in this folder to stop")
                announced = True
            self.signals.pause_or_stop(0.1)
        self._cleanup.callback(lock.close)
        return lock

    def _open_port(self, lock: locks.Lock) -> None:
        """Listen on the web port, and write the address to the lock file and the environment."""
        # Text in the lock file means that its writer was killed, and its children are just ending.
        retry_seconds = PORT_RETRY_SECONDS if lock.read() else 0.0
        self._listener = ports.listen(self.plan.host, self.plan.port, retry_seconds)
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
        """Check the settings before anything starts; raises StartError for a wrong one."""
        code, output = self._run("launcher.check_settings")
        if code != 0:
            raise StartError(output.strip() or "The settings cannot be read: see the error above.")

    def _start_model(self) -> ModelServer:
        """Start the demonstration model, without waiting until it is ready."""
        model = ModelServer(self.children, self.plan.data)
        model.start()
        self._cleanup.callback(model.stop)
        say(
            "Starting the demonstration model (set HF_TOKEN in .env to use Mistral on Hugging Face)"
        )
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
        """Start the embedded database and wait until it is ready."""
        cluster = Cluster(self.plan.data / "postgres")
        say("Starting the database")
        cluster.start()
        self._cleanup.callback(cluster.stop)
        if cluster.place != cluster.folder:
            say(
                f"The data of the database is in {cluster.place}, because its user cannot access "
                "this folder."
            )
        self.environment["DATABASE_URL"] = cluster.url(DATABASE)
        self.parts.append(
            Part("The database", cluster.alive, cluster.start, f"see {cluster.log_file}.")
        )

    def _migrate(self) -> str:
        """Migrate the database; return the text with a link for the first administrator, or ""."""
        say("Migrating the database")
        code, output = self._run("launcher.prepare")
        if code != 0:
            raise StartError(
                "The database could not be migrated: see the output of `manage.py migrate` above."
            )
        return output

    def _collect_static(self) -> None:
        """Collect the static files if one of them has changed since the last time."""
        stamp = self.plan.data / "static.sha256"
        mark = static_mark()
        if (self.plan.data / "static").is_dir() and stamp.exists() and stamp.read_text() == mark:
            return
        say("Collecting static files")
        if self._run("launcher.manage", "collectstatic", "--noinput", "--verbosity=0")[0] != 0:
            raise StartError(
                "The static files could not be collected: see the output of `manage.py "
                "collectstatic` above."
            )
        stamp.write_text(mark)

    def _start_web(self) -> None:
        """Let the loaded web process serve, and wait until it is healthy."""
        say("Starting the web process")
        self._open_gate()
        deadline = time.monotonic() + HEALTH_SECONDS
        while not self._healthy():
            self.signals.pause_or_stop(0.05)
            if not self._web_alive():
                raise StartError("The web process exited during startup: see its output above.")
            if time.monotonic() > deadline:
                raise StartError(
                    f"The web process did not respond at {self._health} within "
                    f"{HEALTH_SECONDS:.0f} seconds: see its output above."
                )
        self.parts.append(
            Part("The web process", self._web_alive, self._restart_web, "see its output above.")
        )

    def _load_web(self) -> None:
        """Start the web process, which loads the application and waits for `_open_gate`."""
        socket_options, files = ports.daphne_options(self._listener, self.environment)
        self._web = self.children.start(
            "launcher.web",
            *socket_options,
            environment=self.environment,
            files=files,
            gated=True,
        )

    def _open_gate(self) -> None:
        """Close the standard input of the web process, its signal to serve."""
        if self._web and self._web.stdin:
            self._web.stdin.close()

    def _restart_web(self) -> None:
        self._load_web()
        self._open_gate()

    def _web_alive(self) -> bool:
        return self._web is not None and self._web.poll() is None

    def _healthy(self) -> bool:
        """Return whether the web process responds to its health check."""
        try:
            with urllib.request.urlopen(self._health, timeout=1) as response:  # noqa: S310 - our own
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _stop_web(self) -> None:
        """Stop the web process; answers may finish for DRAIN_SECONDS, or until a second Ctrl-C."""
        self._listener.close()
        if self._web is None or not self._web_alive():
            return
        if self.signals.stops:
            say("\nStopping")
        self._web.terminate()
        started = time.monotonic()
        announced = False
        while self._web_alive() and self.signals.stops < 2:
            self.signals.pause(0.2)
            waited = time.monotonic() - started
            if waited > self.plan.drain + DRAIN_MARGIN_SECONDS:
                break
            if waited > 3 and not announced:
                say(
                    f"Waiting up to {self.plan.drain:g} s for answers to finish (press Ctrl-C "
                    "again to stop now)"
                )
                announced = True
        self._web.kill()
        self._web.wait()

    def _run(self, module: str, *arguments: str) -> tuple[int, str]:
        """Run a module to its end; return its exit code and its standard output."""
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
    """Return a hash of the names, sizes and times of all files that `collectstatic` reads."""
    digest = hashlib.sha256()
    for source in STATIC_SOURCES:
        path = ROOT / source
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            status = file.stat()
            digest.update(f"{file}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
