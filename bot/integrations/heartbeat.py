"""The dead man's switch: a service outside that raises the alarm when the bot falls silent."""

from dataclasses import dataclass, field
from typing import Final

import httpx

from bot.domain.errors import UpstreamUnavailable
from bot.integrations.addresses import EgressProxy

_WITHIN_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class HttpHeartbeat:
    """A `bot.services.ports.Heartbeat`: a GET, which Healthchecks, Better Stack, Cronitor and others
    understand.

    The address is the secret. It is asked alone: no redirect, and no proxy but the one of the settings, which
    learns the host only, since the address is https.
    """

    url: str = field(repr=False)
    proxy: EgressProxy | None = None

    async def ping(self) -> None:
        """Ping the heartbeat's address, which says that all is well.

        Raises:
            UpstreamUnavailable: the beat was not accepted.
        """
        try:
            through = None if self.proxy is None else self.proxy.with_credentials
            async with httpx.AsyncClient(
                timeout=_WITHIN_S, follow_redirects=False, trust_env=False, proxy=through
            ) as client:
                answer = await client.get(self.url)
        except httpx.HTTPError as error:
            # Its text may hold the address.
            raise UpstreamUnavailable(type(error).__name__) from None
        if not answer.is_success:
            raise UpstreamUnavailable("not taken", http_status=answer.status_code)
