"""The client for systems outside, made from the settings when the first system needs it."""

from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from bot.integrations.outbound.http import OutboundHttp
    from bot.settings import Settings

#: Returns the one client of the process.
Outbound: TypeAlias = "Callable[[], OutboundHttp]"


def outbound_of(settings: "Settings") -> Outbound:
    """Return what makes the client: one for the process, since its breakers count all requests.

    The first call imports an HTTP client, which takes a while: in a thread, unless the bot is just starting.
    """
    making = Lock()

    @cache
    def make() -> "OutboundHttp":
        # Its HTTP client is three megabytes, and a twentieth of a start, which most bots do not need.
        from bot.integrations.outbound.http import OutboundHttp  # noqa: PLC0415

        return OutboundHttp(
            allowed=settings.private_hosts,
            proxy=settings.proxy,
            no_proxy=settings.no_proxy,
        )

    def one() -> "OutboundHttp":
        with making:  # several threads may ask for the first time at once
            return make()

    return one
