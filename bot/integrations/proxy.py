"""The proxy through which a network lets its machines out: ``http://user:password@host:3128``."""

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote, unquote, urlsplit

from bot.integrations.loopback import is_loopback


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
