"""The code host of each guild: the repository that its policy or the settings name, if there is a token."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.runbook import Policy
from bot.services.ports import CodeHost
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.integrations.github.connection import GitHubConnection


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
