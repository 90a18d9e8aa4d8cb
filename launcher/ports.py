"""The web server's listening socket, and the URL that the user opens.

The supervisor keeps the socket open, so a restarted web process keeps its port, and a browser that
connects meanwhile waits instead of being refused.
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


def listen(host: str, port: str, retry_seconds: float = 0.0) -> socket.socket:
    """Return a listening socket on `port` of `host`; if `port` is "", on the first free from 8000.

    `retry_seconds` is how long to wait for the first choice, which the processes of a killed start
    may still hold. Raises StartError for a port that is busy, forbidden or not a number.
    """
    family = _family(host)
    if port:
        return _exactly(family, host, _number(port), retry_seconds)
    for number in range(FIRST, FIRST + TRIES):
        result = _try(family, host, number, retry_seconds if number == FIRST else 0)
        if isinstance(result, socket.socket):
            return result
    raise StartError(
        f"No port from {FIRST} to {FIRST + TRIES - 1} is free: set PORT in .env to a free port."
    )


def daphne_options(
    listener: socket.socket, environment: Mapping[str, str]
) -> tuple[list[str], list[int]]:
    """Return daphne's options for the socket, and the file descriptors that it has to inherit.

    daphne treats every inherited socket as IPv4 (its `fd_endpoint` plugin), and would read a wrong
    client address on IPv6. So we close an IPv6 socket, and daphne opens the port itself.
    """
    if listener.family == socket.AF_INET6:
        listener.close()
        return [f"--bind={environment['HOST']}", f"--port={environment['PORT']}"], []
    return [f"--fd={listener.fileno()}"], [listener.fileno()]


def address(host: str, port: int, environment: Mapping[str, str]) -> str:
    """Return the URL to open, without a slash at the end: SITE_URL, a Codespace's, or our own."""
    if site_url := environment.get("SITE_URL"):
        return site_url.rstrip("/")
    if codespace := environment.get("CODESPACE_NAME"):
        domain = environment.get("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN") or "app.github.dev"
        return f"https://{codespace}-{port}.{domain}"
    return f"http://{_bracketed(_outside_name() if host in WILDCARDS else host)}:{port}"


def health_url(host: str, port: int) -> str:
    """Return the URL of the health check, as this machine reaches the web process."""
    name = {"::": "::1"}.get(host, "127.0.0.1") if host in WILDCARDS else host
    return f"http://{_bracketed(name)}:{port}/healthz"


def _number(port: str) -> int:
    """Return the port as a number; raises StartError if it is none."""
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise StartError(f"PORT is {port!r}: it must be a number from 1 to 65535.")
    return int(port)


def _family(host: str) -> socket.AddressFamily:
    """Return the address family of a host; raises StartError if it has no address."""
    try:
        return socket.getaddrinfo(host or None, None, flags=socket.AI_PASSIVE)[0][0]
    except (socket.gaierror, UnicodeError) as error:
        raise StartError(f"HOST is {host!r}, which is not an address of this machine.") from error


def _exactly(
    family: socket.AddressFamily, host: str, port: int, retry_seconds: float
) -> socket.socket:
    """Return a listening socket on exactly this port; raises StartError if that fails."""
    result = _try(family, host, port, retry_seconds)
    if isinstance(result, socket.socket):
        return result
    if result.errno == errno.EACCES:
        raise StartError(f"Port {port} requires root: set PORT in .env to 1024 or higher.")
    if result.errno == errno.EADDRINUSE:
        raise StartError(
            f"Port {port} is already in use: stop the program that uses it, or set another PORT "
            "(without PORT, the first free port from 8000 is used)."
        )
    raise StartError(f"HOST is {host!r}, which is not an address of this machine.")


def _try(
    family: socket.AddressFamily, host: str, port: int, retry_seconds: float
) -> socket.socket | OSError:
    """Try to listen until it works or the time is over; return the socket or the last error."""
    deadline = time.monotonic() + retry_seconds
    while isinstance(result := _bind(family, host, port), OSError) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return result


def _bind(family: socket.AddressFamily, host: str, port: int) -> socket.socket | OSError:
    """Return a listening socket, or the error."""
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        # BSD lets a specific address share a port with a wildcard one, so try to connect first.
        if _answers(family, host, port):
            raise OSError(errno.EADDRINUSE, "somebody answers")
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        return error
    return listener


def _answers(family: socket.AddressFamily, host: str, port: int) -> bool:
    """Return whether a program accepts connections at this address."""
    loopback = "::1" if family == socket.AF_INET6 else "127.0.0.1"
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((loopback if host in WILDCARDS else host, port)) == 0


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _outside_name() -> str:
    """Return this machine's address on the network.

    A UDP socket only looks up the route and sends no packet (192.0.2.1 is RFC 5737's test address).
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"
