"""Which addresses anybody may be asked at, and which others the operator allows.

The tables are those of IANA, because what Python knows of them depends on its version:
https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry (as of 2026-11).
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class AllowedPlaces:
    """Hosts and networks that are asked although their addresses are private, by the operator's word."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[_Network, ...] = ()

    @classmethod
    def everywhere(cls) -> Self:
        """Return all places, for an address that the operator has chosen."""
        return cls(networks=(ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a list with commas: ``ntfy.internal, 10.1.0.0/16, 127.0.0.1``.

        Raises:
            ValueError: what is wrong, as "has ...".
        """
        hosts, networks = set[str](), list[_Network]()
        for name in filter(None, (part.strip().lower() for part in text.split(","))):
            try:
                networks.append(ipaddress.ip_network(name))
            except ValueError:
                if "/" in name or ":" in name:
                    raise ValueError("has an entry that is neither a host nor a network") from None
                hosts.add(name)
        return cls(frozenset(hosts), tuple(networks))

    def has(self, host: str, address: Address) -> bool:
        """Return True if *host* may be asked at *address*, whatever that is."""
        return host.lower() in self.hosts or any(address in network for network in self.networks)


def _networks(*written: str) -> Sequence[_Network]:
    return tuple(map(ipaddress.ip_network, written))


#: Not globally reachable, or not one host: IPv4.
_SPECIAL_4: Final = _networks(
    "0.0.0.0/8",  # this network
    "10.0.0.0/8",  # private
    "100.64.0.0/10",  # shared by a carrier's customers
    "127.0.0.0/8",  # loopback
    "169.254.0.0/16",  # link-local, and the clouds' metadata
    "172.16.0.0/12",  # private
    "192.0.0.0/24",  # protocol assignments, and Oracle's metadata
    "192.0.2.0/24",  # documentation
    "192.88.99.0/24",  # relays of 6to4, deprecated
    "192.168.0.0/16",  # private
    "198.18.0.0/15",  # benchmarking
    "198.51.100.0/24",  # documentation
    "203.0.113.0/24",  # documentation
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # reserved, and broadcast
    "168.63.129.16/32",  # Azure answers its virtual machines there, with their secrets
)
#: The one part of IPv6 from which addresses of hosts are allocated.
_GLOBAL_6: Final = ipaddress.IPv6Network("2000::/3")
#: Of it, what is not globally reachable.
_SPECIAL_6: Final = _networks(
    "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
    "2001:db8::/32",  # documentation
    "3fff::/20",  # documentation
)
#: Networks whose last 32 bits are an IPv4 address: compatible, mapped, translated (RFC 2765), NAT64.
_EMBEDDING: Final = tuple(
    map(ipaddress.IPv6Network, ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96"))
)
#: The first half of an interface that is an IPv4 address of ISATAP (RFC 5214).
_ISATAP: Final = (0x00005EFE, 0x02005EFE)


def is_public(address: Address) -> bool:
    """Return True if anybody may be asked at *address*: not private, loopback, link-local or a cloud's own.

    An IPv4 address inside an IPv6 one counts as itself.
    """
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _SPECIAL_4)
    inner = address.sixtofour
    if any(address in network for network in _EMBEDDING):
        inner = _last(address)
    elif int(address) >> 32 & 0xFFFFFFFF in _ISATAP and not is_public(_last(address)):
        return False
    if inner is not None:
        return is_public(inner)
    return address in _GLOBAL_6 and not any(address in network for network in _SPECIAL_6)


def _last(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address:
    """Return the IPv4 address in the last 32 bits."""
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
