"""Hosts and networks that the operator lets the bot ask although they are private."""

import ipaddress
from dataclasses import dataclass
from typing import Self, TypeAlias

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
