"""``[checks]``: the systems whose state is looked at when an incident opens, and by /check."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import Field

from bot.capability import PolicyPart
from bot.domain.code_host import is_repository
from bot.domain.severity import NEXT_BUSINESS_DAY, SeverityPolicy
from bot.domain.systems import HttpTarget, TeamSystems
from bot.runbook.fields import moments, values
from bot.runbook.fields.rules import AtMost, CapabilityTable, Rule, Section
from bot.runbook.model import Policy
from cogs.checks.rules import CheckRules

#: The bot's own limits: all are asked at once, and shown in one message.
MOST_TARGETS: Final = 25
_MOST_PROJECTS: Final = 10


def _repository(value: object) -> str:
    name = values.string(value)
    if not is_repository(name):
        raise ValueError(name)
    return name


_Repository = Annotated[str, Rule("a repository", 'owner/name ("parky/parky")', _repository)]
_Project = Annotated[
    str, values.matching(r"[A-Za-z0-9][\w.-]{0,99}", "a name", 'letters, digits, "-" and "_" ("parky-api")')
]
_Branch = Annotated[
    str, values.matching(r"[\w][\w./-]{0,99}", "a branch", 'letters, digits, "/", "." and "-" ("main")')
]


class HttpTable(Section):
    """``[checks.http.<target>]``."""

    url: values.Url
    status: Annotated[int, values.whole(100, 599, "a status")] = 200
    ok: values.Bool = False
    slow_after: moments.Duration = timedelta(seconds=2)
    private: values.Bool = False

    def value(self) -> HttpTarget:
        """Return the table as a target to check by HTTP."""
        return HttpTarget(self.url, self.status, self.ok, self.slow_after, self.private)


class GitHubActionsTable(Section):
    """``[checks.github]``."""

    repositories: Annotated[tuple[_Repository, ...], AtMost(_MOST_PROJECTS)] = ()
    branch: _Branch = "main"


class CloudflareTable(Section):
    """``[checks.cloudflare]``."""

    workers: Annotated[tuple[_Project, ...], AtMost(_MOST_PROJECTS)] = ()
    pages: Annotated[tuple[_Project, ...], AtMost(_MOST_PROJECTS)] = ()


class SentryTable(Section):
    """``[checks.sentry]``."""

    organization: _Project
    projects: Annotated[tuple[_Project, ...], AtMost(_MOST_PROJECTS)] = ()
    environment: Annotated[str, values.string_up_to(64, "an environment", "production")] | None = None


class ChecksTable(CapabilityTable):
    """``[checks]``."""

    severities: tuple[values.OfSeverity, ...] | None = None
    http: Annotated[dict[values.Target, HttpTable], AtMost(MOST_TARGETS)] = Field(default_factory=dict)
    github: GitHubActionsTable = GitHubActionsTable()
    cloudflare: CloudflareTable = CloudflareTable()
    sentry: SentryTable | None = None

    def rules(self, severities: Mapping[str, SeverityPolicy]) -> CheckRules:
        """Return the rules; by default those severities are checked that do not wait for a business day."""
        urgent = [name for name, one in severities.items() if one.ack_within is not NEXT_BUSINESS_DAY]
        sentry = self.sentry
        return CheckRules(
            severities=frozenset(urgent if self.severities is None else self.severities),
            http=MappingProxyType({name: table.value() for name, table in self.http.items()}),
            systems=TeamSystems(
                repositories=self.github.repositories,
                branch=self.github.branch,
                workers=self.cloudflare.workers,
                pages=self.cloudflare.pages,
            ),
            sentry_organization="" if sentry is None else sentry.organization,
            sentry_projects=() if sentry is None else sentry.projects,
            sentry_environment="" if sentry is None else sentry.environment or "",
        )


def problems(policy: Policy) -> Iterator[str]:
    """Check that an incident can have each target that is asked by HTTP."""
    for target in policy.of(CheckRules).http:
        if target not in policy.targets:
            allowed = ", ".join(f'"{known}"' for known in policy.targets)
            yield f'checks.http: "{target}" is not a target; allowed: {allowed} (the names of [targets])'


def addresses(policy: Policy) -> Iterator[str]:
    """Yield what the checks ask by HTTP."""
    return (target.url for target in policy.of(CheckRules).http.values())


def systems(policy: Policy) -> TeamSystems:
    """Return the repositories and projects that the policy names."""
    return policy.of(CheckRules).systems


POLICY = PolicyPart(table=ChecksTable, problems=problems, addresses=addresses, systems=systems)
