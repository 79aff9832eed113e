"""What is asked of a system outside, at which addresses, and what its answer means.

The tables of addresses are those of IANA, because what Python knows of them depends on its version:
https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry (as of 2026-11).
"""

import ipaddress
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final, Self, TypeAlias

from bot.domain.errors import OutboundFailed, OutboundProblem

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

#: The one part of IPv6 from which addresses of hosts are allocated.
_GLOBAL_6: Final = ipaddress.IPv6Network("2000::/3")

#: Networks whose last 32 bits are an IPv4 address: compatible, mapped, translated (RFC 2765), NAT64.
_EMBEDDING: Final = tuple(
    map(ipaddress.IPv6Network, ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96"))
)

#: The first half of an interface that is an IPv4 address of ISATAP (RFC 5214).
_ISATAP: Final = (0x00005EFE, 0x02005EFE)
_PROBLEMS: Final[Mapping[int, OutboundProblem]] = {
    HTTPStatus.UNAUTHORIZED: OutboundProblem.UNAUTHORISED,
    HTTPStatus.FORBIDDEN: OutboundProblem.FORBIDDEN,
    HTTPStatus.NOT_FOUND: OutboundProblem.NOT_FOUND,
    HTTPStatus.GONE: OutboundProblem.NOT_FOUND,
    HTTPStatus.TOO_MANY_REQUESTS: OutboundProblem.RATE_LIMITED,
}

#: The longest wait that is believed, seconds: some answer with a moment of years to come.
_LONGEST_WAIT_S: Final = 86_400.0


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
#: Of it, what is not globally reachable.
_SPECIAL_6: Final = _networks(
    "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
    "2001:db8::/32",  # documentation
    "3fff::/20",  # documentation
)


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


@dataclass(frozen=True, slots=True)
class Call:
    """A request, with a JSON body, a form, bytes, or nothing.

    Attributes:
        is_repeatable: Sent twice, it has the effect of once, by its own nature or by an idempotency key. A
            request that may have arrived is sent again only if so.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] | None = field(default=None, repr=False)
    json: object = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    content: bytes | None = field(default=None, repr=False)
    is_repeatable: bool = False

    @property
    def only_reads(self) -> bool:
        return self.method in {"GET", "HEAD"}

    @property
    def may_repeat(self) -> bool:
        return self.is_repeatable or self.only_reads


@dataclass(frozen=True, slots=True)
class CallTerms:
    """How a system is asked.

    Attributes:
        system: Its name in logs, and its breaker at a host: what fails by itself has a name of its own.
        deadline_s: Seconds for the call with its retries, from its begin to the last byte.
        most_bytes: Of an answer's body.
        cuts_body: Keep the beginning of a longer body, instead of failing.
        tries: How often one call is sent at most.
        has_breaker: Pause after several failures in a row. False for a probe, which asks whether it fails.
        follows: Follow redirects that stay on the host; False: a redirect is an answer like any other.
        allows_private: The operator's own policy names this address, so it may be private.
    """

    system: str
    deadline_s: float = 10.0
    most_bytes: int = 1 << 20
    cuts_body: bool = False
    tries: int = 2
    has_breaker: bool = True
    follows: bool = True
    allows_private: bool = False


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer that is complete, whatever its status.

    Attributes:
        headers: With names in lower case.
        content: The body, decompressed.
        took_s: From the request's begin to the body's last byte, seconds.
        certificate_not_after: When the host's certificate ends, seconds since 1970; None without TLS.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    took_s: float = 0.0
    certificate_not_after: float | None = None

    @property
    def is_success(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def kind(self) -> str:
        """Return the content type without its parameters, in lower case; "" if there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def retry_after_s(self, wall_clock: Callable[[], float] = time.time) -> float | None:
        """Return the seconds that the answer asks to wait; see `asked_wait_s`."""
        return asked_wait_s(self.headers.get("retry-after"), wall_clock)

    def require_success(self) -> "HttpAnswer":
        """Return the answer itself.

        Raises:
            OutboundFailed: its status is no success; the reason is the status alone, since a body may quote a
                secret.
        """
        if self.is_success:
            return self
        problem = _PROBLEMS.get(self.status)
        if problem is None:
            is_theirs = self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            problem = OutboundProblem.SERVER_ERROR if is_theirs else OutboundProblem.REJECTED
        raise OutboundFailed(
            problem, f"HTTP {self.status}", http_status=self.status, retry_after_s=self.retry_after_s()
        )

    def json(self) -> object:
        """Return the JSON of a successful answer.

        Raises:
            OutboundFailed: as `require_success`; or the body is something else, such as a login page.
        """
        if self.require_success().kind == "text/html":
            raise self._not_json()
        try:
            value: object = json.loads(self.content)
        except (ValueError, RecursionError):
            raise self._not_json() from None
        return value

    def _not_json(self) -> OutboundFailed:
        kind = self.kind if self.kind.replace("/", "").replace("+", "").isalnum() else "something"
        said = f"answered with {kind} instead of JSON"
        return OutboundFailed(OutboundProblem.NOT_JSON, said, http_status=self.status)


def asked_wait_s(given: object, wall_clock: Callable[[], float] = time.time) -> float | None:
    """Return the seconds that a Retry-After, or another field like it, asks to wait: from 0 to a day.

    Args:
        given: Seconds, or a date of HTTP (RFC 9110, 10.2.3); anything else asks for nothing.
        wall_clock: Seconds since 1970, by the clock that a date is compared with.

    Returns:
        None if it does not ask.
    """
    text = str(given).strip()
    try:
        if text.replace(".", "", 1).isdecimal():
            asked_s = float(text)
        else:
            asked_s = parsedate_to_datetime(text).timestamp() - wall_clock()
        return min(max(asked_s, 0.0), _LONGEST_WAIT_S)
    except (ValueError, OverflowError):
        return None
