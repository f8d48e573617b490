"""Where a message may go: an address of a listed host, which must not lead into this or any private network.

An address is checked when it is registered and again each time before something is sent. The name is looked up
once, every answer is judged, and the connection goes to that very number: looked up twice, a name could lead
somewhere else the second time.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeAlias

Resolver: TypeAlias = Callable[[str, int], Sequence[str]]
"""The numeric addresses of a host. Raises `OSError` where it has none."""

MOST_LETTERS = 1_000

_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*)"
    r"(?P<query>\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?"
)
_A_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
"""The last part of a host that some software would read as a number, whatever stands before it."""

LOOPBACK = frozenset({"127.0.0.1", "localhost"})

_NOT_PUBLIC_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, and the metadata service of one cloud
        "127.0.0.0/8",
        "168.63.129.16/32",  # the metadata service of another, on a public number
        "169.254.0.0/16",  # link-local, and the metadata service of most
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # leads through anybody's relay into IPv6
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocols of their own, tunnels to any IPv4 number among them
        "2001:db8::/32",
        "2002::/16",  # IPv4 numbers inside
        "3fff::/20",
    )
)


class AddressRefused(ValueError):
    """Nothing is sent there. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address. `path` begins with a stroke and holds the query."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host, and port where it is not the usual one: what the Host header says."""
        return self.host if self.port == (443 if self.secure else 80) else f"{self.host}:{self.port}"


def target_of(url: str, hosts: Collection[str], *, loopback: bool = False) -> Target:
    """The address that a URL names. Raises `AddressRefused` with `url`, `scheme` or `host_not_listed`.

    `hosts`: those that are listed, each with its port if that is not 443. `loopback`: this machine too.
    """
    found = _URL.fullmatch(url) if len(url) <= MOST_LETTERS else None
    if found is None or ".." in found["host"] or int(found["port"] or 1) > 65_535:
        raise AddressRefused("url")
    secure, host = found["scheme"] == "https", found["host"]
    is_here = loopback and host in LOOPBACK
    if _A_NUMBER.fullmatch(host.rpartition(".")[2]) and not is_here:
        raise AddressRefused("url")
    if not secure and not is_here:
        raise AddressRefused("scheme")
    target = Target(secure, host, int(found["port"] or (443 if secure else 80)), _path(found["path"], found["query"]))
    listed = {name.lower() for name in hosts}
    if target.authority not in listed and f"{host}:{target.port}" not in listed and not is_here:
        raise AddressRefused("host_not_listed")
    return target


def pin(target: Target, resolver: Resolver, *, loopback: bool = False) -> str:
    """The number to connect to. Raises `AddressRefused` with `not_resolved` or `address_not_public`.

    One answer that is not public is enough to refuse: which of several is used would be chance.
    """
    try:
        answers = list(resolver(target.host, target.port))
        numbers = [ipaddress.ip_address(answer) for answer in answers]
    except (OSError, ValueError):
        raise AddressRefused("not_resolved") from None
    if not numbers:
        raise AddressRefused("not_resolved")
    if loopback and target.host in LOOPBACK:
        if all(number.is_loopback for number in numbers):
            return answers[0]
    elif all(is_public(number) for number in numbers):
        return answers[0]
    raise AddressRefused("address_not_public")


def is_public(number: IPv4Address | IPv6Address) -> bool:
    """Whether the number is one of the open internet, whatever is written inside it."""
    if isinstance(number, IPv4Address):
        return not any(number in network for network in _NOT_PUBLIC_4)
    return number in _PUBLIC_6 and not any(number in network for network in _NOT_PUBLIC_6)


def system_resolver(host: str, port: int) -> list[str]:
    """What the system says."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _path(path: str, query: str | None) -> str:
    return (path or "/") + (query or "")
