"""The web server's listening socket and the address a person opens.

The supervisor keeps the socket, so a web process that starts again finds its port, and a browser
that asks meanwhile waits instead of being refused.
"""

import errno
import socket
import time
from collections.abc import Mapping

from launcher.failure import StartError

FIRST = 8000
TRIES = 100
WILDCARDS = ("", "0.0.0.0", "::")  # noqa: S104 - compared with, not bound to
BACKLOG = 512
POLL_SECONDS = 0.1


def listen(host: str, port: str, patience: float = 0.0) -> socket.socket:
    """A listening socket on `host`: on `port`, or if that is empty on the next free from 8000.

    `patience` is how many seconds to wait for the first choice, which a killed start may still
    hold. Raises StartError for a port that is busy, forbidden or not a number.
    """
    family = _family(host)
    if port:
        return _exactly(family, host, _number(port), patience)
    for number in range(FIRST, FIRST + TRIES):
        found = _try(family, host, number, patience if number == FIRST else 0)
        if isinstance(found, socket.socket):
            return found
    raise StartError(
        f"No port from {FIRST} to {FIRST + TRIES - 1} is free: set PORT in .env to one that is."
    )


def daphne_options(
    listener: socket.socket, environment: Mapping[str, str]
) -> tuple[list[str], list[int]]:
    """Daphne's options for the socket, and the file numbers it has to inherit.

    Daphne takes every inherited socket for IPv4 (its `fd_endpoint` plugin) and reads a wrong client
    address from others: with IPv6 we let go of the port and daphne opens it itself.
    """
    if listener.family == socket.AF_INET6:
        listener.close()
        return [f"--bind={environment['HOST']}", f"--port={environment['PORT']}"], []
    return [f"--fd={listener.fileno()}"], [listener.fileno()]


def address(host: str, port: int, environment: Mapping[str, str]) -> str:
    """The address to open, without a slash at the end: SITE_URL, a Codespace's, or our own."""
    if site := environment.get("SITE_URL"):
        return site.rstrip("/")
    if codespace := environment.get("CODESPACE_NAME"):
        domain = environment.get("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN") or "app.github.dev"
        return f"https://{codespace}-{port}.{domain}"
    return f"http://{_bracketed(_outside_name() if host in WILDCARDS else host)}:{port}"


def health_url(host: str, port: int) -> str:
    """Where this machine itself reaches the web process."""
    name = {"::": "::1"}.get(host, "127.0.0.1") if host in WILDCARDS else host
    return f"http://{_bracketed(name)}:{port}/healthz"


def _number(port: str) -> int:
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise StartError(f"PORT is {port!r}: it must be a number from 1 to 65535.")
    return int(port)


def _family(host: str) -> socket.AddressFamily:
    try:
        return socket.getaddrinfo(host or None, None, flags=socket.AI_PASSIVE)[0][0]
    except (socket.gaierror, UnicodeError) as error:
        raise StartError(f"HOST is {host!r}, which is no address of this machine.") from error


def _exactly(family: socket.AddressFamily, host: str, port: int, patience: float) -> socket.socket:
    found = _try(family, host, port, patience)
    if isinstance(found, socket.socket):
        return found
    if found.errno == errno.EACCES:
        raise StartError(f"Port {port} needs root's rights: set PORT in .env to 1024 or more.")
    if found.errno == errno.EADDRINUSE:
        raise StartError(
            f"Port {port} is already in use: stop the program that uses it, or set another PORT "
            "(without PORT the next free one from 8000 is taken)."
        )
    raise StartError(f"HOST is {host!r}, which is no address of this machine.")


def _try(
    family: socket.AddressFamily, host: str, port: int, patience: float
) -> socket.socket | OSError:
    deadline = time.monotonic() + patience
    while isinstance(found := _bind(family, host, port), OSError) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return found


def _bind(family: socket.AddressFamily, host: str, port: int) -> socket.socket | OSError:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        # BSD lets a specific address share a port with a wildcard one, so ask if somebody answers.
        if _answers(family, host, port):
            raise OSError(errno.EADDRINUSE, "somebody answers")
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        return error
    return listener


def _answers(family: socket.AddressFamily, host: str, port: int) -> bool:
    loopback = "::1" if family == socket.AF_INET6 else "127.0.0.1"
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((loopback if host in WILDCARDS else host, port)) == 0


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _outside_name() -> str:
    """This machine's address as others see it; no packet is sent (192.0.2.1 is RFC 5737's)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"
