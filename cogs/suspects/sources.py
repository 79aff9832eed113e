"""Where a guild's changes are read: the repositories and projects that its policy names, and hooks."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.domain.systems import ChangeKind, Deployment, RecentChange
from bot.runbook.model import Policy
from bot.services.core import Core
from bot.storage.database.sql import Sql
from bot.storage.tables.installation import ReportedChanges
from cogs.suspects.rules import ChangeSource, ReadChanges

if TYPE_CHECKING:
    from bot.configured import Outbound
    from bot.integrations.systems.vendors import CloudflareAccount
    from bot.settings import Settings
    from cogs.suspects.github import GitHubChanges


@dataclass(frozen=True, slots=True)
class ChangeSources:
    """The sources that the settings allow.

    Their modules are imported when they are first read, in a thread, so that no P0 waits.
    """

    settings: "Settings"
    outbound: "Outbound"

    def named_in(self, policy: Policy) -> tuple[ChangeSource, ...]:
        """Return the systems that a policy names; none without a token, which costs nothing."""
        return (
            *_github(self.settings, self.outbound, policy),
            *_cloudflare(self.settings, self.outbound, policy),
        )

    def are_reported(self, policy: Policy) -> bool:
        """Return True if a capability stores what other systems report."""
        return any(
            one.reports_changes(self.settings, policy)
            for one in policy.parts.values()
            if one.reports_changes is not None
        )

    def of(self, core: Core) -> tuple[ChangeSource, ...]:
        """Return all sources of a guild."""
        named = self.named_in(core.policy)
        if not self.are_reported(core.policy):
            return named
        return (*named, reported_changes(core.store.sql, core.guild_id))


def reported_changes(sql: Sql, guild_id: int) -> ChangeSource:
    """Return what other systems have reported to a guild."""

    async def read(since: datetime, until: datetime) -> list[RecentChange]:
        return await ReportedChanges(sql).between(guild_id, since, until)

    return ChangeSource("hooks", read, is_partial=True)


def _github(settings: "Settings", outbound: "Outbound", policy: Policy) -> Iterator[ChangeSource]:
    token = settings.github_token
    if token is None:
        return
    other = policy.github.repository or settings.github_repository
    for name in policy.systems.repositories or ((other,) if other else ()):

        def changes(name: str = name) -> "GitHubChanges":
            from cogs.suspects.github import GitHubChanges  # noqa: PLC0415

            return GitHubChanges(outbound(), settings.github_api_url, token.get_secret_value(), name)

        yield ChangeSource("github_deployments", _reader(changes, "deployments"), about=name)
        yield ChangeSource("github_merges", _reader(changes, "merges"), about=name)


def _reader(changes: "Callable[[], GitHubChanges]", what: str) -> ReadChanges:
    async def read(since: datetime, until: datetime) -> list[RecentChange]:
        host = await asyncio.to_thread(changes)
        reading = host.deployments if what == "deployments" else host.merges
        return await reading(since, until)

    return read


def _cloudflare(settings: "Settings", outbound: "Outbound", policy: Policy) -> Iterator[ChangeSource]:
    token, account_id, systems = settings.cloudflare_token, settings.cloudflare_account_id, policy.systems
    if token is None or account_id is None:
        return

    def account() -> "CloudflareAccount":
        from bot.integrations.systems.vendors import CloudflareAccount  # noqa: PLC0415

        api = settings.cloudflare_api_url
        return CloudflareAccount(outbound(), api, account_id, token.get_secret_value())

    for name in systems.workers:
        yield ChangeSource("cloudflare_workers", _deployed(account, name, is_worker=True), about=name)
    for name in systems.pages:
        yield ChangeSource("cloudflare_pages", _deployed(account, name, is_worker=False), about=name)


def _deployed(account: "Callable[[], CloudflareAccount]", name: str, *, is_worker: bool) -> ReadChanges:
    async def read(since: datetime, until: datetime) -> list[RecentChange]:
        client = await asyncio.to_thread(account)
        reading = client.worker(name) if is_worker else client.pages(name)
        return changes_of(await reading, since, until)

    return read


def changes_of(deployments: Iterable[Deployment], since: datetime, until: datetime) -> list[RecentChange]:
    """Return the deployments from *since* until *until*."""
    return [
        RecentChange(
            kind=ChangeKind.DEPLOYMENT,
            what=one.version or one.project,
            at=one.at,
            where=one.project,
            who=one.by,
            state="" if one.failed_stage is None else "failure",
            url=one.url or "",
        )
        for one in deployments
        if since <= one.at <= until
    ]
