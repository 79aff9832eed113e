"""The integrations that the settings and the policy of a guild configure, each made when it is first needed.

`bot.integrations` speaks with systems and knows no settings; here the settings choose among them.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

from bot.domain.paging import Way
from bot.i18n import Texts
from bot.runbook import Policy
from bot.services.ports import CodeHost
from bot.services.ports.paging import PagingSystem, Systems
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.integrations.github.connection import GitHubConnection
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


@dataclass(frozen=True, slots=True)
class CodeHosts:
    """What the token opens to a guild.

    Attributes:
        repository: Returns the code host of a guild's policy; None if it has none.
        connection: What speaks with GitHub; None without a token.
    """

    repository: Callable[[Policy], CodeHost | None]
    connection: "GitHubConnection | None" = None


@asynccontextmanager
async def open_code_hosts(settings: Settings) -> AsyncIterator[CodeHosts]:
    """Yield the code hosts, which share one connection: GitHub counts requests by token."""
    if settings.github_token is None:
        yield CodeHosts(lambda _policy: None)
        return
    # Its HTTP client is three megabytes, and a twentieth of a start, which most bots do not need.
    from bot.integrations.github.connection import GitHubAddress, GitHubConnection  # noqa: PLC0415
    from bot.integrations.github.repository import GitHubRepository  # noqa: PLC0415

    url, token = settings.github_api_url, settings.github_token.get_secret_value()
    async with GitHubConnection(GitHubAddress(url, token, settings.proxy_for(url))) as connection:

        def repository(policy: Policy) -> CodeHost | None:
            name = policy.github.repository or settings.github_repository
            return None if name is None else GitHubRepository(connection, name)

        yield CodeHosts(repository, connection)


#: Returns the systems of a guild, by its policy.
Paging: TypeAlias = Callable[[Policy], Systems]


def paging_systems(settings: Settings, outbound: Outbound, texts: Texts, policy: Policy) -> Systems:
    """Return the configured systems by way; empty without any, which costs nothing."""
    systems: dict[Way, PagingSystem] = {}
    ack = texts.say(policy.language, "outside.message.ack")
    if settings.ntfy_url is not None:
        from bot.integrations.paging import Ntfy  # noqa: PLC0415

        token = None if settings.ntfy_token is None else settings.ntfy_token.get_secret_value()
        systems[Way.NTFY] = Ntfy(outbound(), server=settings.ntfy_url, token=token, ack_label=ack)
    if settings.pushover_token is not None:
        from bot.integrations.paging import Pushover  # noqa: PLC0415

        systems[Way.PUSHOVER] = Pushover(
            outbound(),
            api=settings.pushover_api_url,
            token=settings.pushover_token.get_secret_value(),
            ack_label=ack,
        )
    if settings.pagerduty_routing_key is not None:
        from bot.integrations.paging import PagerDuty  # noqa: PLC0415

        api_token = settings.pagerduty_token
        systems[Way.PAGERDUTY] = PagerDuty(
            outbound(),
            events=settings.pagerduty_events_url,
            api=settings.pagerduty_api_url,
            routing_key=settings.pagerduty_routing_key.get_secret_value(),
            token=None if api_token is None else api_token.get_secret_value(),
        )
    if settings.page_webhook_url is not None and settings.page_webhook_secret is not None:
        from bot.integrations.paging import SignedWebhook  # noqa: PLC0415

        systems[Way.WEBHOOK] = SignedWebhook(
            outbound(),
            url=settings.page_webhook_url.get_secret_value(),
            secret=settings.page_webhook_secret.get_secret_value(),
        )
    return systems
