"""Check the port of Host headers.

Django's ALLOWED_HOSTS compares host names and ignores the port. Without this check a client could
use thousands of host values, each of them a new key for everything that is keyed by host.
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.http.request import split_domain_port

DEFAULT_PORTS = {"http": "80", "https": "443"}


def split_port(entry: str) -> tuple[str, str]:
    """Return host name and port of an entry of ALLOWED_HOSTS; the port is "" if it has none."""
    name, port = split_domain_port(entry)
    return (name, port) if port else (entry, "")


def allowed_ports(port: int, origins: Iterable[str], hosts: Iterable[str]) -> frozenset[str]:
    """Return the ports of the server, of the site's origins, and of entries of ALLOWED_HOSTS."""
    host_ports = {entry_port for _, entry_port in map(split_port, hosts) if entry_port}
    return frozenset({str(port), *map(port_of_origin, origins), *host_ports})


def port_of_origin(origin: str) -> str:
    """Return the port of an origin; that of its scheme if it names none."""
    parts = urlsplit(origin)
    return str(parts.port or DEFAULT_PORTS.get(parts.scheme, ""))


def has_allowed_port(host: str, ports: frozenset[str]) -> bool:
    """Return whether a Host header names one of the ports, or none, as behind many proxies.

    Repeated headers arrive joined by commas. ALLOWED_HOSTS checks the host name.
    """
    for part in host.split(","):
        _, colon, port = part.strip().rpartition(":")
        if colon and not port.endswith("]") and port not in ports:
            return False
    return True


class WebsocketHostValidator:
    """ASGI wrapper that refuses a websocket whose Host header names a port that is not allowed."""

    def __init__(self, inner: Any, ports: frozenset[str]) -> None:
        self.inner = inner
        self.ports = ports

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if all(has_allowed_port(host, self.ports) for host in hosts):
            await self.inner(scope, receive, send)
        else:
            await send({"type": "websocket.close"})
