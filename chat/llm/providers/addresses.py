"""Refuse addresses that no model server has: cloud metadata services, link-local networks.

Whoever may enter an address could otherwise read the credentials of the machine. The check is made
again for each connection, because a name may lead elsewhere by then.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

IPAddress = IPv4Address | IPv6Address
# IPv6 networks whose addresses carry an IPv4 address, and where its bytes may stand.
CARRIERS = (
    # RFC 6052, the well-known prefix
    (IPv6Network("64:ff9b::/96"), ((12, 13, 14, 15),)),
    # RFC 8215, the prefix for local use, in the forms of RFC 6052 that fit into it
    (
        IPv6Network("64:ff9b:1::/48"),
        ((6, 7, 9, 10), (7, 9, 10, 11), (9, 10, 11, 12), (12, 13, 14, 15)),
    ),
    # RFC 4291 2.5.5: IPv4-compatible, IPv4-mapped
    (IPv6Network("::/96"), ((12, 13, 14, 15),)),
    (IPv6Network("::ffff:0:0/96"), ((12, 13, 14, 15),)),
    # RFC 3056, 6to4
    (IPv6Network("2002::/16"), ((2, 3, 4, 5),)),
)

METADATA_ADDRESSES = frozenset(
    map(
        ip_address,
        (
            "169.254.169.254",  # AWS, Azure, Google Cloud, OpenStack, DigitalOcean, Oracle
            "169.254.170.2",  # AWS: tasks of ECS
            "169.254.170.23",  # AWS: pods of EKS
            "fd00:ec2::254",  # AWS
            "fd00:ec2::23",
            "169.254.42.42",  # Scaleway
            "fd00:42::42",
            "169.254.0.23",  # Tencent Cloud
            "fe80::a9fe:a9fe",  # OpenStack
            "fd00:a9fe:a9fe::1",  # Akamai (Linode)
            "fd20:ce::254",  # Google Cloud
            "100.100.100.200",  # Alibaba Cloud
            "168.63.129.16",  # Azure
            "192.0.0.192",  # Oracle Cloud
            "fd00:c1::a9fe:a9fe",
        ),
    )
)
METADATA_NAMES = frozenset(
    {
        "metadata",
        "metadata.google.internal",
        "metadata.goog",
        "metadata.azure.internal",
        "metadata.tencentyun.com",
        "instance-data",
        "instance-data.ec2.internal",
    }
)


@dataclass(slots=True)
class AddressPolicy:
    """What is allowed; the settings of the site decide."""

    allows_link_local: bool = False


address_policy = AddressPolicy()


class RefusedAddressError(OSError):
    """The address may not be connected to."""


def is_refused_url(url: str) -> bool:
    """Return whether the host of a URL is refused by its name, or by the address that it spells.

    Names are not resolved. An invalid URL is not refused here.
    """
    try:
        host = (urlsplit(url).hostname or "").partition("%")[0].rstrip(".").lower()
    except ValueError:
        return False
    address = spelled_address(host)
    return host in METADATA_NAMES or (address is not None and is_refused(address))


@lru_cache(maxsize=256)
def spelled_address(host: str) -> IPAddress | None:
    """Return the address that a host spells, also as a number (`2852039166`), else None."""
    try:
        found = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
        return to_address(str(found[0][4][0]))
    except (OSError, ValueError):
        return None


def to_address(text: str) -> IPAddress:
    """Return an address without its zone. Raises ValueError."""
    return ip_address(text.partition("%")[0])


def carried_addresses(address: IPAddress) -> list[IPAddress]:
    """Return the IPv4 addresses that an IPv6 address may carry; translators send there."""
    if not isinstance(address, IPv6Address):
        return []
    places = [place for network, forms in CARRIERS if address in network for place in forms]
    return [IPv4Address(bytes(address.packed[index] for index in place)) for place in places]


def is_refused(address: IPAddress) -> bool:
    """Return whether the address is a metadata service, or link-local if that is not allowed.

    An IPv4 address in an IPv6 address counts as well.
    """
    addresses = [address, *carried_addresses(address)]
    if not METADATA_ADDRESSES.isdisjoint(addresses):
        return True
    return not address_policy.allows_link_local and any(item.is_link_local for item in addresses)


def check_address(host: str) -> None:
    """Raise RefusedAddressError for the numeric address of a new connection if it is refused."""
    if is_refused(to_address(host)):
        raise RefusedAddressError
