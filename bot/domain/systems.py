"""The team's own systems: which ones, what a check of them found, and what was deployed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.errors import OutboundProblem
from bot.domain.payloads import Payload


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """How one target is asked by HTTP.

    Attributes:
        status: The status of a good answer.
        needs_ok: The answer is JSON whose ``ok`` is true.
        slow_after: A good answer that takes longer is a degraded target.
        is_private: Its address may be a private one.
    """

    url: str = field(repr=False)
    status: int = 200
    needs_ok: bool = False
    slow_after: timedelta = timedelta(seconds=2)
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class TeamSystems:
    """The systems that a policy names.

    Attributes:
        repositories: ``owner/name`` of those whose GitHub Actions are looked at, on *branch*.
        workers, pages: The scripts and projects at Cloudflare.
    """

    repositories: tuple[str, ...] = ()
    branch: str = "main"
    workers: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment.

    Attributes:
        project: What was deployed: a Worker's script, a Pages project.
        at: When, aware.
        by: Who, as the system names them; "" if it does not say.
        version: A version's id or a commit, shortened; "" if it does not say.
        url: Where a person looks at it.
        failed_stage: The stage of the build that failed; None if none did.
    """

    project: str
    at: datetime
    by: str = ""
    version: str = ""
    url: str | None = None
    failed_stage: str | None = None


def latest(deployments: list[Deployment]) -> Deployment | None:
    """Return the last deployment, whatever the order of the list; None if there is none."""
    return max(deployments, key=lambda each: each.at, default=None)


class SystemKind(StrEnum):
    """A system that can be checked, in the order in which results of the same state are shown."""

    HTTP = "http"  # a target, asked by HTTP
    WORKERS = "workers"  # Cloudflare Workers
    PAGES = "pages"  # Cloudflare Pages
    GITHUB = "github"  # GitHub Actions
    DATABASE = "database"
    SENTRY = "sentry"
    DISCORD = "discord"  # its status page
    DLQ = "dlq"


class SystemState(StrEnum):
    """The state of a system, the worst first."""

    DOWN = "down"
    DEGRADED = "degraded"  # it works, but a person should look
    UNKNOWN = "unknown"  # it could not be checked
    OK = "ok"


class Fact(StrEnum):
    """The one fact that a result tells. Each has a text, which names the values that it needs."""

    # -- a target
    RESPONDS = "responds"  # status, ms
    SLOW = "slow"  # status, ms
    SECOND_TRY = "second_try"  # ms
    CERTIFICATE_ENDS = "certificate_ends"  # days
    WRONG_STATUS = "wrong_status"  # status, expected
    BODY_NOT_OK = "body_not_ok"  # status
    # -- deployments
    DEPLOYED = "deployed"  # project, at, version
    DEPLOY_FAILED = "deploy_failed"  # project, at, stage
    NEVER_DEPLOYED = "never_deployed"  # project
    # -- GitHub Actions
    RUNS_PASS = "runs_pass"  # noqa: S105  # count, at
    RUN_FAILED = "run_failed"  # workflow, job, at
    NO_RUNS = "no_runs"
    # -- the database
    DATABASE_ANSWERS = "database_answers"  # used, most, longest_s
    CONNECTIONS_SHORT = "connections_short"  # used, most
    LONG_QUERY = "long_query"  # longest_s
    # -- Sentry
    NO_NEW_ISSUES = "no_new_issues"  # minutes
    NEW_ISSUES = "new_issues"  # count, title, minutes
    # -- Discord
    STATUS_PAGE = "status_page"  # said
    STATUS_PAGE_CALM = "status_page_calm"
    # -- the DLQ
    NO_FAILURES = "no_failures"
    FAILURES = "failures"  # count
    # -- it could not be checked, or does not answer
    PROBLEM = "problem"  # problem, an OutboundProblem; wait_s if it says when to ask again
    BROKEN = "broken"  # the check itself has a bug


class CheckResult(Payload):
    """What one check has found.

    Attributes:
        name: Which system of its kind: a target, a repository; "" if there is only one.
        values: What the fact's text needs; a time is written as ISO 8601.
        url: Where a person looks further.
    """

    system: SystemKind
    state: SystemState
    fact: Fact
    name: str = ""
    values: dict[str, str] = field(default_factory=dict)
    url: str | None = None


#: Days before its end from which on a certificate is worth a warning.
CERTIFICATE_DAYS: Final = 14

_SEVERITY: Final = {state: rank for rank, state in enumerate(SystemState)}
_ORDER: Final = {kind: rank for rank, kind in enumerate(SystemKind)}

#: Problems that a person who uses the target has as well. The others are between the bot and the target.
_OUTAGES: Final = frozenset(
    {
        OutboundProblem.TIMEOUT,
        OutboundProblem.REFUSED,
        OutboundProblem.UNKNOWN_HOST,
        OutboundProblem.TLS,
        OutboundProblem.SERVER_ERROR,
    }
)


def worst_first(results: Iterable[CheckResult]) -> list[CheckResult]:
    """Return *results* by state, then by kind and name."""
    return sorted(results, key=lambda each: (_SEVERITY[each.state], _ORDER[each.system], each.name))


def is_outage(problem: OutboundProblem) -> bool:
    """Return True if a target with this problem is down for its users, too."""
    return problem in _OUTAGES


class ChangeKind(StrEnum):
    """The kind of a change."""

    DEPLOYMENT = "deployment"
    MERGE = "merge"  # of a pull request, into the branch that is deployed


class RecentChange(Payload):
    """A change of what runs, or of what is deployed next.

    Attributes:
        what: A pull request with its title, or what was deployed.
        at: When it was deployed or merged, aware.
        where: The environment, the worker or the project; empty if not known.
        who: Their name at the source; empty if not known.
        state: How a deployment ended, in the source's own word ("success"); empty if not known.
        url: Where to read more; empty if there is no such place.
        key: See `change_key`; empty if the source gives it no name. On a card it is empty.
    """

    kind: ChangeKind
    what: str
    at: datetime
    where: str = ""
    who: str = ""
    state: str = ""
    url: str = ""
    key: str = ""


def change_key(system: str, *parts: object) -> str:
    """Return the key of a change: two with the same one are the same change, whichever way it came.

    Args:
        system: "github", or the name of a source of hooks.
        parts: What the system calls it.
    """
    return ":".join([system, *map(str, parts)]).lower()
