"""The live checks of each guild: those systems that its policy and the settings name."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from bot.domain.systems import SystemKind
from bot.services.ports.live_checks import LiveCheck
from bot.storage.database.vitals import DatabaseVitals
from cogs.checks.rules import CheckRules

if TYPE_CHECKING:
    from bot.configured.outbound import Outbound
    from bot.integrations.systems.cloudflare import CloudflareAccount
    from bot.settings import Settings


class LiveChecks(Protocol):
    """The checks of one guild."""

    @property
    def unconfigured(self) -> Sequence[SystemKind]:
        """Return the kinds of systems that neither the policy nor the settings name."""

    @property
    def is_configured(self) -> bool:
        """Return True if the team has named a system, so that a check by itself tells something."""

    def of(self, targets: Collection[str], /) -> Sequence[LiveCheck]:
        """Return the checks of an incident of *targets*: of all targets if none of these has a check."""


class NoChecks:
    """The `LiveChecks` of a guild that has none."""

    unconfigured: Sequence[SystemKind] = ()
    is_configured: bool = False

    def of(self, _targets: Collection[str], /) -> Sequence[LiveCheck]:
        """Return no checks, whatever the targets."""
        return ()


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
    """A `LiveChecks`. Their modules are imported by the first round.

    Attributes:
        own: The bot's own database.
    """

    settings: "Settings"
    outbound: "Outbound"
    rules: CheckRules
    own: LiveCheck

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
            self.own if other is None else DatabaseVitals(other.get_secret_value()),
            *self._sentry(),
            *self._discord(),
        ]

    def _has(self, kind: SystemKind) -> bool:
        rules, settings = self.rules, self.settings
        has_account = settings.cloudflare_token is not None and settings.cloudflare_account_id is not None
        return {
            SystemKind.HTTP: bool(rules.http),
            SystemKind.WORKERS: has_account and bool(rules.systems.workers),
            SystemKind.PAGES: has_account and bool(rules.systems.pages),
            SystemKind.GITHUB: settings.github_token is not None and bool(rules.systems.repositories),
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
        yield from (CloudflareWorker(account, name) for name in self.rules.systems.workers)
        yield from (CloudflarePages(account, name) for name in self.rules.systems.pages)

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
        if token is None or not self.rules.systems.repositories:
            return
        from bot.integrations.systems.github_actions import GitHubActions  # noqa: PLC0415

        api, branch = self.settings.github_api_url, self.rules.systems.branch
        for name in self.rules.systems.repositories:
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
        page = self.settings.discord_status_page
        if page is None:
            return
        from bot.integrations.systems.discord_status import DiscordStatus  # noqa: PLC0415

        yield DiscordStatus(self.outbound(), page)


class OpenChecks(Protocol):
    """Makes the checks of a guild."""

    def __call__(self, rules: CheckRules, own: LiveCheck, /) -> LiveChecks:
        """Return the checks that *rules* and the settings name, with *own*: the bot's own database."""


def open_checks(settings: "Settings", outbound: "Outbound") -> OpenChecks:
    """Return what makes the checks of a guild from the settings."""
    return partial(ConfiguredChecks, settings, outbound)
