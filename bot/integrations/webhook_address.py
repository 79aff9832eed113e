"""The address of one of Discord's webhooks. Its token is a secret: it is all that one needs to post."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

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
