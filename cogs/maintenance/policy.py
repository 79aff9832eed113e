"""``[alerts.maintenance]``: rules for maintenance windows; ``[[maintenance]]``: those that are planned."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import Field, model_validator

from bot.capability import PolicyPart
from bot.domain.errors import UserError
from bot.domain.severity import SeverityPolicy
from bot.runbook.fields import moments, values
from bot.runbook.fields.rules import AtMost, CapabilityTable, CapabilityTables, Problem, Rule, Section, some
from bot.runbook.model import Policy
from cogs.maintenance.recurrence import MOST_A_DAY, Recurrence, read_recurrence
from cogs.maintenance.rules import PolicyPlan, PolicyPlans, WindowRules

_LONGEST: Final = timedelta(days=7)
_MOST_PLANS: Final = 50


class MaintenanceTable(CapabilityTable):
    """``[alerts.maintenance]``."""

    at_most: moments.Duration = timedelta(hours=24)
    spares: tuple[values.OfSeverity, ...] = ()
    channel: values.Channel | None = None
    events: values.Bool = False

    @model_validator(mode="after")
    def _ends(self) -> "MaintenanceTable":
        if self.at_most > _LONGEST:
            raise Problem("is too long; allowed: up to 7d", key="at_most")
        return self

    def rules(self, severities: Mapping[str, SeverityPolicy]) -> WindowRules:  # noqa: ARG002 -- as all tables
        """Return the table as rules for maintenance windows."""
        return self.into(WindowRules)


def _recurrence(value: object) -> tuple[str, Recurrence]:
    text = values.string(value)
    try:
        return text, read_recurrence(text)
    except UserError:
        raise ValueError(text) from None


_EVERY: Final = Rule(
    "a time that comes again",
    '"sunday 02:00", "first monday 03:00", "weekdays 9-18", or an RRULE with BYHOUR, '
    f"at most {MOST_A_DAY} times a day",
    _recurrence,
)


def _moment(value: object) -> datetime:
    at = value if isinstance(value, datetime) else datetime.fromisoformat(values.string(value))
    if at.tzinfo is not None:
        raise ValueError(value)
    return at


_AT: Final = Rule("a moment", 'a date and a time of the policy\'s zone ("2026-12-05 02:00")', _moment)


class PlanTable(Section):
    """``[[maintenance]]``."""

    targets: Annotated[tuple[values.Target, ...], some("is empty; name a target")]
    every: Annotated[tuple[str, Recurrence] | None, _EVERY] = None
    at: Annotated[datetime | None, _AT] = None
    lasts: moments.DurationOrNone = Field(default=None, alias="for")
    reason: Annotated[str, values.string_up_to(200, "a reason", "backup")] = ""

    @model_validator(mode="after")
    def _times(self) -> "PlanTable":
        if (self.every is None) is (self.at is None):
            raise Problem('needs either "every" or "at"', key="every")
        if self.span is None:
            raise Problem("is missing: how long it lasts", key="for")
        if self.span > _LONGEST:
            raise Problem("is too long; allowed: up to 7d", key="for")
        return self

    @property
    def span(self) -> timedelta | None:
        """Return how long it lasts."""
        return self.lasts or (None if self.every is None else self.every[1].lasts)

    def plans(self) -> Iterator[PolicyPlan]:
        """Yield what it plans, by target."""
        said, recurrence = self.every or (f"{self.at:%Y-%m-%d %H:%M}", None)
        for target in self.targets:
            yield PolicyPlan(
                target,
                said,
                self.span or timedelta(),
                self.reason,
                recurrence,
                self.at,
                by_clock=self.lasts is None,
            )


class PlanTables(CapabilityTables):
    """The list ``[[maintenance]]``."""

    root: Annotated[list[PlanTable], AtMost(_MOST_PLANS)] = Field(default_factory=list)

    def rules(self, severities: Mapping[str, SeverityPolicy]) -> PolicyPlans:  # noqa: ARG002 -- as all tables
        """Return what the file plans."""
        return PolicyPlans(tuple(plan for one in self.root for plan in one.plans()))


def problems(policy: Policy) -> Iterator[str]:
    """Yield a line for each plan whose windows are longer than the file allows."""
    most = policy.of(WindowRules).at_most
    for one in policy.of(PolicyPlans).entries:
        if one.lasts > most:
            yield f"maintenance: {one.target} {one.said}: lasts longer than alerts.maintenance.at_most"


def channels(policy: Policy) -> list[str]:
    """Return the channel in which windows are announced."""
    return [policy.of(WindowRules).channel or policy.most_severe.channel]


def permissions(policy: Policy) -> list[str]:
    """Return what the server's own list of events takes. Each bot may change the events that it has made."""
    return ["create_events"] if policy.of(WindowRules).events else []


POLICY = PolicyPart(
    table=MaintenanceTable,
    within="alerts",
    entries=PlanTables,
    problems=problems,
    channels=channels,
    permissions=permissions,
)
