"""Addresses in the settings, some with a secret in them: a proxy, an SMTP server, webhooks of Discord."""

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit


def is_loopback(host: str | None) -> bool:
    """Return True if *host*, a name or an IP address without brackets, never leaves this machine."""
    if host is None:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class EgressProxy:
    """Where connections to the outside go first.

    Attributes:
        url: Without credentials, so that whatever tells it tells no secret.
        username, password: None without them.
    """

    url: str
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read an address.

        Raises:
            ValueError: what is wrong, as "is ..." or "has ...", without any part of *url*.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise ValueError("is not an address") from None  # the cause quotes it
        if parts.scheme not in {"http", "https"}:
            raise ValueError("does not start with http:// or https://")
        if not host:
            raise ValueError("has no host")
        where = f"[{host}]" if ":" in host else host
        return cls(
            url=f"{parts.scheme}://{where}" + ("" if port is None else f":{port}"),
            username=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
        )

    @property
    def with_credentials(self) -> str:
        """Return the address for a connection: aiohttp takes the credentials out of it. Keep it secret."""
        if self.username is None:
            return self.url
        user, password = quote(self.username, safe=""), quote(self.password or "", safe="")
        return self.url.replace("://", f"://{user}:{password}@", 1)

    @property
    def shown(self) -> str:
        """Return the address for people: it says that there are credentials, and not which."""
        scheme, _, rest = self.url.partition("://")
        return self.url if self.username is None else f"{scheme}://***@{rest}"


def is_direct(url: str, no_proxy: str) -> bool:
    """Return True if *url* is asked without a proxy: on this machine, or named by NO_PROXY.

    Args:
        no_proxy: Hosts, each also for the names below it, with commas between them; ``*`` is all of them.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    names = [name.strip().lower().removeprefix("*").removeprefix(".") for name in no_proxy.split(",")]
    if no_proxy.strip() == "*" or is_loopback(host):
        return True
    return any(name in (host, f"{host}:{parts.port}") or host.endswith(f".{name}") for name in names if name)


_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where email goes out, and as whom.

    Attributes:
        implicit_tls: TLS from the first byte (smtps). Otherwise STARTTLS is used when it is offered.
        sender: The From address.
    """

    host: str
    port: int
    username: str | None
    password: str | None = field(repr=False)
    sender: str
    implicit_tls: bool

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read an address.

        Raises:
            ValueError: what is wrong, as "is ..." or "has ...", without any part of *url*.
        """
        parts = _split(url)
        username = unquote(parts.username) if parts.username else None
        parameters = parse_qs(parts.query)
        if unknown := sorted(set(parameters) - {"from"}):
            raise ValueError(f"has a parameter other than from ({len(unknown)})")
        sender = parameters["from"][0] if "from" in parameters else username or ""
        if not _is_address(sender):
            raise ValueError("has no sender address: add ?from=")
        return cls(
            host=parts.hostname or "",
            port=parts.port or _PORTS[parts.scheme],
            username=username,
            password=unquote(parts.password) if parts.password else None,
            sender=sender,
            implicit_tls=parts.scheme == "smtps",
        )

    @property
    def demands_tls(self) -> bool:
        """Return True if a password would leave this machine: it never travels in the clear."""
        return self.password is not None and not is_loopback(self.host)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("is not an address") from None  # the cause quotes it
    if parts.scheme not in _PORTS:
        raise ValueError("does not start with smtp:// or smtps://")
    if not parts.hostname or port == 0:
        raise ValueError("has no host or port")
    if parts.password and not parts.username:
        raise ValueError("has a password without a user")
    return parts


def _is_address(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(local and at and domain) and not any(c.isspace() or ord(c) < ord(" ") for c in text)


#: Only Discord's own hosts, as a whole: no user, port, query or other spelling gets through.
#: Source: Discord's docs, Resources > Webhook, and the addresses that its clients copy.
_ADDRESS: Final = re.compile(
    r"(?i:https://(?:(?:canary|ptb)\.)?discord(?:app)?\.com)"
    r"/api(?:/v[0-9]{1,2})?/webhooks/(?P<id>[0-9]{17,20})/(?P<token>[A-Za-z0-9_-]{40,120})/?",
    re.ASCII,
)

_MOST_CHANNELS: Final = 50
_LONGEST_NAME: Final = 100  # Discord: a channel's name


@dataclass(frozen=True, slots=True)
class WebhookAddress:
    """A webhook by its parts; the address itself is not kept.

    Attributes:
        id: The webhook's id, which is no secret.
    """

    id: int
    token: str = field(repr=False)

    @classmethod
    def parse(cls, address: str) -> Self:
        """Read an address as Discord's clients copy it.

        Raises:
            ValueError: what is wrong, without any part of *address*.
        """
        parts = _ADDRESS.fullmatch(address.strip())
        if parts is None:
            raise ValueError("is not a webhook's address on discord.com")
        return cls(int(parts["id"]), parts["token"])

    def on(self, api_base: str) -> str:
        """Return the address below Discord's API; keep it secret."""
        return f"{api_base}/webhooks/{self.id}/{self.token}"


def webhooks_of(text: str) -> Mapping[str, WebhookAddress]:
    """Read a JSON object of channel names and webhooks' addresses.

    Raises:
        ValueError: what is wrong, as "is ..." or "has ...", without any part of *text*.
    """
    try:
        read = json.loads(text)
    except ValueError:
        raise ValueError("is not JSON") from None  # the cause quotes it
    if not isinstance(read, dict) or not all(isinstance(address, str) for address in read.values()):
        raise ValueError("is not a JSON object of channels and addresses")
    if len(read) > _MOST_CHANNELS:
        raise ValueError(f"has more than {_MOST_CHANNELS} channels")
    names = [name.strip().removeprefix("#") for name in read]
    if len(set(names)) < len(names) or not all(0 < len(name) <= _LONGEST_NAME for name in names):
        raise ValueError("has a channel twice, or one without a name")
    try:
        addresses = [WebhookAddress.parse(address) for address in read.values()]
    except ValueError:
        raise ValueError("has an address that is not a webhook's on discord.com") from None
    return dict(zip(names, addresses, strict=True))
