"""The systems that a round of live checks looks at: those that the policy and the settings name."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from bot.domain.dlq import DlqMisfit
from bot.domain.errors import (
    OutboundFailed,
    OutboundProblem,
    StorageUnavailable,
    UpstreamUnavailable,
    UserError,
)
from bot.domain.systems import CheckResult, Fact, SystemKind, SystemState
from bot.services.ports import DlqStore
from bot.services.ports.systems import LiveCheck
from bot.storage.database.vitals import DatabaseVitals
from cogs.checks.rules import CheckRules

log = structlog.get_logger(__name__)

if TYPE_CHECKING:
    from bot.configured import Outbound
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
        from bot.integrations.systems.vendors import (  # noqa: PLC0415
            CloudflareAccount,
            CloudflarePages,
            CloudflareWorker,
        )

        token, account_id = self.settings.cloudflare_token, self.settings.cloudflare_account_id
        assert token is not None
        assert account_id is not None
        account = CloudflareAccount(
            self.outbound(), self.settings.cloudflare_api_url, account_id, token.get_secret_value()
        )
        yield from (CloudflareWorker(account, name) for name in self.rules.systems.workers)
        yield from (CloudflarePages(account, name) for name in self.rules.systems.pages)

    def _github(self) -> Iterator[LiveCheck]:
        token = self.settings.github_token
        if token is None or not self.rules.systems.repositories:
            return
        from bot.integrations.systems.vendors import GitHubActions  # noqa: PLC0415

        api, branch = self.settings.github_api_url, self.rules.systems.branch
        for name in self.rules.systems.repositories:
            yield GitHubActions(self.outbound(), api, token.get_secret_value(), name, branch)

    def _sentry(self) -> Iterator[LiveCheck]:
        token, rules = self.settings.sentry_token, self.rules
        if token is None or not rules.sentry_organization:
            return
        from bot.integrations.systems.vendors import SentryIssues  # noqa: PLC0415

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
        from bot.integrations.systems.vendors import DiscordStatus  # noqa: PLC0415

        yield DiscordStatus(self.outbound(), page)


class OpenChecks(Protocol):
    """Makes the checks of a guild."""

    def __call__(self, rules: CheckRules, own: LiveCheck, /) -> LiveChecks:
        """Return the checks that *rules* and the settings name, with *own*: the bot's own database."""


def open_checks(settings: "Settings", outbound: "Outbound") -> OpenChecks:
    """Return what makes the checks of a guild from the settings."""
    return partial(ConfiguredChecks, settings, outbound)


#: Seconds for each check. With the edits of the message, a round takes less than ten.
WITHIN_S: Final = 8.0

#: Seconds between two steps of a message that fills in. Source: Discord's limits allow five edits in five.
EVERY_S: Final = 1.0


async def results_in_steps(
    checks: Sequence[LiveCheck], *, within_s: float = WITHIN_S, every_s: float = EVERY_S
) -> AsyncIterator[list[CheckResult]]:
    """Yield the results as they come, those of about *every_s* seconds together, within *within_s* seconds.

    A check that does not end by then, or not even when it is cancelled, is unknown.
    """
    clock = asyncio.get_running_loop().time
    ends = clock() + within_s
    running = {asyncio.create_task(_looked(check), name=f"check {check.system}"): check for check in checks}
    try:
        while running:
            await asyncio.wait(running, timeout=max(ends - clock(), 0), return_when=asyncio.FIRST_COMPLETED)
            pause = min(every_s, ends - clock())
            if pause > 0:
                await asyncio.wait(running, timeout=pause)
            is_over = clock() >= ends
            ended = [task for task in running if task.done() or is_over]
            yield [
                task.result() if task.done() else _unknown(running[task], OutboundProblem.TIMEOUT)
                for task in ended
            ]
            for task in ended:
                del running[task]
                task.cancel()
    finally:
        for task in running:
            task.cancel()


async def _looked(check: LiveCheck) -> CheckResult:
    try:
        return await check.look()
    except OutboundFailed as failed:
        return _unknown(check, failed.problem, wait_s=failed.retry_after_s)
    except (UpstreamUnavailable, StorageUnavailable, UserError, TimeoutError):
        return _unknown(check, OutboundProblem.REFUSED)
    except Exception:
        log.exception("check.broken", system=check.system)
        return CheckResult(system=check.system, name=check.name, state=SystemState.UNKNOWN, fact=Fact.BROKEN)


def _unknown(check: LiveCheck, problem: OutboundProblem, *, wait_s: float | None = None) -> CheckResult:
    values = {"problem": problem.value} | ({} if wait_s is None else {"wait_s": str(round(wait_s))})
    return CheckResult(
        system=check.system, name=check.name, state=SystemState.UNKNOWN, fact=Fact.PROBLEM, values=values
    )


_HOURS: Final = 1


@dataclass(frozen=True, slots=True)
class DlqFailures:
    """A `bot.services.ports.systems.LiveCheck`. It counts only, since failures may be private."""

    failures: DlqStore
    name: str = ""
    system: SystemKind = SystemKind.DLQ

    async def look(self) -> CheckResult:
        """Return degraded if there are failures.

        Raises:
            DlqUnavailable: its database is away. OutboundFailed: the table cannot be read.
        """
        try:
            counts = await self.failures.http_statuses(hours=_HOURS)
        except DlqMisfit:
            reason = "the table is not as the policy describes it"
            raise OutboundFailed(OutboundProblem.NOT_JSON, reason) from None
        count = sum(each.count for each in counts.counts)
        if count == 0:
            return CheckResult(system=self.system, state=SystemState.OK, fact=Fact.NO_FAILURES)
        values = {"count": f"{count}+" if counts.is_cut else str(count)}
        return CheckResult(system=self.system, state=SystemState.DEGRADED, fact=Fact.FAILURES, values=values)
