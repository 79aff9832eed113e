"""The live checks of each guild: those systems that its policy and the settings name."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from bot.configured.outbound import Outbound
from bot.domain.systems.results import SystemKind
from bot.domain.systems.rules import CheckRules
from bot.runbook import Policy
from bot.services.ports.live_checks import LiveCheck, LiveChecks
from bot.settings import Settings
from bot.settings.systems import DISCORD_STATUS
from bot.settings.values import DISCORD_API
from bot.storage.database.vitals import DatabaseVitals

if TYPE_CHECKING:
    from bot.integrations.systems.cloudflare import CloudflareAccount

#: Returns the checks of a guild, by its policy.
SystemChecks: TypeAlias = Callable[[Policy], LiveChecks]

#: Systems that the team has to name.
_NAMED: Final = (
    SystemKind.HTTP,
    SystemKind.WORKERS,
    SystemKind.PAGES,
    SystemKind.GITHUB,
    SystemKind.SENTRY,
)


@dataclass(frozen=True, slots=True)
class ConfiguredChecks:
    """A `bot.services.ports.live_checks.LiveChecks`. Their modules are imported by the first round.

    Attributes:
        dsn: The bot's own database.
    """

    settings: Settings
    outbound: Outbound
    rules: CheckRules
    dsn: str

    @property
    def unconfigured(self) -> Sequence[SystemKind]:
        """Return what the policy or the settings would have to name, and do not."""
        return [kind for kind in _NAMED if not self._has(kind)]

    @property
    def is_configured(self) -> bool:
        """Return True if the team has named a system."""
        return self.settings.checks_database_url is not None or len(self.unconfigured) < len(_NAMED)

    def of(self, targets: Collection[str], /) -> Sequence[LiveCheck]:
        """Return the checks of an incident of *targets*."""
        other = self.settings.checks_database_url
        return [
            *self._http(targets),
            *self._cloudflare(),
            *self._github(),
            DatabaseVitals(self.dsn if other is None else other.get_secret_value()),
            *self._sentry(),
            *self._discord(),
        ]

    def _has(self, kind: SystemKind) -> bool:
        rules, settings = self.rules, self.settings
        has_account = settings.cloudflare_token is not None and settings.cloudflare_account_id is not None
        return {
            SystemKind.HTTP: bool(rules.http),
            SystemKind.WORKERS: has_account and bool(rules.workers),
            SystemKind.PAGES: has_account and bool(rules.pages),
            SystemKind.GITHUB: settings.github_token is not None and bool(rules.repositories),
            SystemKind.SENTRY: settings.sentry_token is not None and bool(rules.sentry_organization),
        }[kind]

    def _http(self, targets: Collection[str]) -> Iterator[LiveCheck]:
        if not self._has(SystemKind.HTTP):
            return
        from bot.integrations.systems.http_probe import HttpProbe  # noqa: PLC0415

        for name, target in self.rules.targets_of(targets).items():
            yield HttpProbe(self.outbound(), name, target)

    def _cloudflare(self) -> Iterator[LiveCheck]:
        if not (self._has(SystemKind.WORKERS) or self._has(SystemKind.PAGES)):
            return
        from bot.integrations.systems.cloudflare import CloudflarePages, CloudflareWorker  # noqa: PLC0415

        account = self._account()
        yield from (CloudflareWorker(account, name) for name in self.rules.workers)
        yield from (CloudflarePages(account, name) for name in self.rules.pages)

    def _account(self) -> "CloudflareAccount":
        from bot.integrations.systems.cloudflare import CloudflareAccount  # noqa: PLC0415

        token, account_id = self.settings.cloudflare_token, self.settings.cloudflare_account_id
        assert token is not None
        assert account_id is not None
        return CloudflareAccount(
            self.outbound(), self.settings.cloudflare_api_url, account_id, token.get_secret_value()
        )

    def _github(self) -> Iterator[LiveCheck]:
        token = self.settings.github_token
        if token is None or not self.rules.repositories:
            return
        from bot.integrations.systems.github_actions import GitHubActions  # noqa: PLC0415

        api, branch = self.settings.github_api_url, self.rules.branch
        for name in self.rules.repositories:
            yield GitHubActions(self.outbound(), api, token.get_secret_value(), name, branch)

    def _sentry(self) -> Iterator[LiveCheck]:
        token, rules = self.settings.sentry_token, self.rules
        if token is None or not rules.sentry_organization:
            return
        from bot.integrations.systems.sentry import SentryIssues  # noqa: PLC0415

        yield SentryIssues(
            self.outbound(),
            self.settings.sentry_url,
            token.get_secret_value(),
            rules.sentry_organization,
            rules.sentry_projects,
            rules.sentry_environment,
        )

    def _discord(self) -> Iterator[LiveCheck]:
        page = self.settings.discord_status_url
        if page == DISCORD_STATUS and self.settings.discord_api_base != DISCORD_API:
            return  # a local Discord: the page says nothing about it
        from bot.integrations.systems.discord_status import DiscordStatus  # noqa: PLC0415

        yield DiscordStatus(self.outbound(), page)


def system_checks(settings: Settings, outbound: Outbound, dsn: str, policy: Policy) -> LiveChecks:
    """Return the checks of a guild's policy.

    Args:
        dsn: The bot's own database.
    """
    return ConfiguredChecks(settings, outbound, policy.checks, dsn)
