"""An SMTP server as one address: ``smtp://user:password@host:587?from=bot@example.com``."""

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from bot.integrations.loopback import is_loopback

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
