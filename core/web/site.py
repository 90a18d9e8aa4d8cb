"""Derive the hosts and origins that this installation accepts from one address."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

# Values of HOST that mean every address of the machine.
WILDCARD_ADDRESSES = ("", "0.0.0.0", "::")  # noqa: S104
DEFAULT_PORTS = {"http": 80, "https": 443}
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class Site:
    """The address of the installation, and the hosts and origins that it accepts.

    `private` is true if only the owner can reach it: on a loopback address or in a Codespace.
    """

    url: str
    hosts: tuple[str, ...]
    origins: tuple[str, ...]
    secure: bool
    private: bool

    @property
    def hostname(self) -> str:
        return urlsplit(self.url).hostname or "localhost"


def site_from_env(
    *,
    site_url: str,
    host: str,
    port: int,
    extra_hosts: Sequence[str],
    extra_origins: Sequence[str],
    codespace: str,
    codespace_domain: str,
) -> Site:
    """Build the site from settings; raises ImproperlyConfigured for an unusable address."""
    forwarded = f"https://{codespace}-{port}.{codespace_domain}".lower() if codespace else ""
    url = (site_url or forwarded or local_url(host, port)).rstrip("/")
    scheme, name, origin = split_url(url)
    local = is_loopback(name.strip("[]")) or origin == forwarded
    hosts = [name, *extra_hosts]
    origins = [origin, *extra_origins]
    # Health checks on the machine itself, and a Codespace's port forwarder, send localhost.
    hosts += LOOPBACK_HOSTS
    if local:
        origins += [f"http://{name}:{port}" for name in LOOPBACK_HOSTS]
    if forwarded:
        hosts.append(urlsplit(forwarded).hostname or "")
        # The forwarder replaces the page's origin by one of these
        # (microsoft/vscode#190177, symfony/demo#1542).
        origins += [forwarded, f"https://localhost:{port}", f"http://localhost:{port}"]
    return Site(
        url=url,
        hosts=tuple(dict.fromkeys(hosts)),
        origins=tuple(dict.fromkeys(origins)),
        secure=scheme == "https",
        # A server bound to every address is private only if SITE_URL or the Codespace says so.
        private=local and (bool(site_url or forwarded) or host not in WILDCARD_ADDRESSES),
    )


def proxies_from_env(entries: Sequence[str]) -> list[str]:
    """Return the addresses and networks of the trusted proxies.

    Raises ImproperlyConfigured for an invalid entry, on which every request would fail.
    """
    networks = [entry.strip() for entry in entries if entry.strip()]
    for entry in networks:
        try:
            ipaddress.ip_network(entry, strict=False)
        except ValueError:
            raise ImproperlyConfigured(
                f"TRUSTED_PROXIES contains {entry!r}. Each entry must be an address such as "
                "10.0.0.2 or a network such as 10.0.0.0/8, separated by commas."
            ) from None
    return networks


def split_url(url: str) -> tuple[str, str, str]:
    """Return scheme, host name and origin of an address, as browsers send them.

    Raises ImproperlyConfigured for an address that is not an http(s) URL without a path.
    """
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port
    except ValueError:
        parts, name, port = urlsplit(""), "", None
    wrong = parts.path or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in DEFAULT_PORTS or not name or wrong:
        raise ImproperlyConfigured(
            f"SITE_URL is {url!r}. It must look like https://chat.example.org, without a path."
        )
    name = f"[{name}]" if ":" in name else name
    port_suffix = "" if port in (None, DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return parts.scheme, name, f"{parts.scheme}://{name}{port_suffix}"


def local_url(host: str, port: int) -> str:
    """Return the URL to open in a browser on this machine for a server bound to `host`."""
    name = "127.0.0.1" if host in WILDCARD_ADDRESSES else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def is_loopback(hostname: str) -> bool:
    """Return whether the host name or address refers to this machine only."""
    if hostname == "localhost" or hostname.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(hostname).is_loopback
    except ValueError:
        return False
