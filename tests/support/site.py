"""A web process as production runs it, on a free port, for tests from outside."""

import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from tests.support.server_process import ServerProcess

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0


def environment(**values: str) -> dict[str, str]:
    """This process's environment without a developer's own settings, and `values`."""
    names = ("HF_TOKEN", "INFERENCE_BASE_URL", "INFERENCE_API_KEY", "LOCAL_MODEL", "REDIS_URL")
    clean = dict.fromkeys(
        (*names, "INFERENCE_MODEL", "SITE_URL", "EMAIL_URL", "CODESPACE_NAME"), ""
    )
    django = {"DJANGO_SETTINGS_MODULE": "config.settings"}
    return os.environ | clean | django | values


def prepared_database(url: str, folder: Path) -> dict[str, str]:
    """Migrate the database at `url` and collect the static files below `folder`."""
    values = {
        "DATABASE_URL": url,
        "DATA_DIR": str(folder),
        "SECRET_KEY": "tests-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEF",
        "LIMITS": "off",
    }
    for command in (["migrate", "--noinput"], ["collectstatic", "--noinput"]):
        subprocess.run(
            [sys.executable, "manage.py", *command, "--verbosity", "0"],
            cwd=ROOT,
            env=environment(**values),
            check=True,
        )
    return values


class Site(ServerProcess):
    """One web process; its output is shown when it does not start.

    `module` is what `python -m` runs, with its first arguments.
    """

    def __init__(self, values: dict[str, str], module: Sequence[str] = ("launcher.web",)) -> None:
        super().__init__()
        self.values = values
        self.module = module
        self.output = Path(tempfile.mkstemp(prefix="chat-site-")[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, value, trace)
        self.output.unlink()

    def start(self, **more: str) -> None:
        values = self.values | {"HOST": "127.0.0.1", "PORT": str(self.port)} | more
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", *self.module),
                    *("--bind", "127.0.0.1", "--port", str(self.port)),
                ],
                cwd=ROOT,
                env=environment(**values),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self.wait_until_healthy()

    def ensure(self) -> None:
        """Start it again if a test before has killed it, or left it draining."""
        if not self.is_healthy():
            self.kill()
            self.start()

    def is_healthy(self) -> bool:
        with suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"{self.url}/healthz", timeout=5)  # noqa: S310 (our own)
            return True
        return False

    def wait_until_healthy(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            assert self.process is not None
            if self.process.poll() is not None:
                break
            if self.is_healthy():
                return
            time.sleep(0.05)
        raise AssertionError(f"the web process did not start:\n{self.log()}")

    def manage(self, *command: str) -> str:
        """What `manage.py` prints, with this site's settings."""
        found = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=environment(**self.values),
            check=True,
            capture_output=True,
            text=True,
        )
        return found.stdout

    def log(self) -> str:
        return self.output.read_text(errors="replace")
