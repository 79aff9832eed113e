"""``[heartbeats.<name>]``: jobs that report by HTTP, and how often."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from bot.capability import PolicyPart
from bot.domain.severity import SeverityPolicy
from bot.runbook.fields import moments, values
from bot.runbook.fields.rules import AtMost, CapabilityTables, Problem, Rule, Section
from bot.runbook.model import Policy
from cogs.heartbeats.rules import HeartbeatRules, Heartbeats

#: The bot's own limits.
MOST_HEARTBEATS: Final = 500

#: Of a cron expression; with six, the first one would be seconds.
_FIELDS: Final = 5

_SHORTEST: Final = timedelta(minutes=1)
_Name = Annotated[
    str,
    values.matching(
        r"[a-z](?:-?[a-z0-9]){0,30}", "a heartbeat", 'letters, digits and single hyphens ("nightly-batch")'
    ),
]
_ZONE: Final = ZoneInfo("Asia/Tokyo")


def _cron(value: object) -> str:
    text = values.string(value)
    if len(text.split()) != _FIELDS:
        raise ValueError(text)
    _next_of(text, datetime.now(UTC))
    return text


def _next_of(expression: str, after: datetime) -> datetime:
    """Return the next moment of a cron expression, in the zone of the given one.

    Raises:
        ValueError: The expression is invalid, or has no next moment.
    """
    from cronsim import CronSim, CronSimError  # noqa: PLC0415 -- a policy without cron does without it

    try:
        return next(CronSim(expression, after))
    except (CronSimError, StopIteration) as error:
        raise ValueError(expression) from error


_Cron = Annotated[str, Rule("a cron expression", 'five fields ("0 3 * * *")', _cron)]


class HeartbeatTable(Section):
    """``[heartbeats.<name>]``."""

    severity: values.OfSeverity
    target: values.Target | None = None
    every: moments.Repeat | None = None
    cron: _Cron | None = None
    timezone: moments.Timezone = _ZONE
    grace: moments.Duration = timedelta(hours=1)
    limit: moments.Duration | None = None
    channel: values.Channel | None = None
    team: values.Id | None = None

    def value(self, name: str) -> HeartbeatRules:
        """Return the rules of the heartbeat *name*."""
        return HeartbeatRules(
            name=name,
            target=self.target or name,
            severity=self.severity,
            next_after=self._next_after(),
            schedule=self.every or f"{self.cron} {self.timezone.key}",
            grace=self.grace,
            limit=self.limit,
            channel=self.channel,
            team=self.team,
        )

    def _next_after(self) -> Callable[[datetime], datetime]:
        if (every := self.every) is not None:
            return lambda at: at + every
        expression, zone = self.cron or "", self.timezone
        return lambda at: _next_of(expression, at.astimezone(zone)).astimezone(UTC)


def _each_has_one_rhythm(tables: Mapping[str, HeartbeatTable]) -> Mapping[str, HeartbeatTable]:
    for name, table in tables.items():
        if (table.every is None) == (table.cron is None):
            raise Problem("needs either `every` or `cron`", key=f"{name}.every")
        if table.grace < _SHORTEST:
            raise Problem("is too short; allowed: 1m to 30d", key=f"{name}.grace")
        if table.cron is None and "timezone" in table.model_fields_set:
            raise Problem("is for `cron` only", key=f"{name}.timezone")
    return tables


class HeartbeatTables(CapabilityTables):
    """``[heartbeats]``: the tables by name."""

    root: Annotated[
        dict[_Name, HeartbeatTable], AtMost(MOST_HEARTBEATS), AfterValidator(_each_has_one_rhythm)
    ] = Field(default_factory=dict)

    def rules(self, _severities: Mapping[str, SeverityPolicy]) -> Heartbeats:
        """Return the rules of every heartbeat."""
        return Heartbeats(MappingProxyType({name: table.value(name) for name, table in self.root.items()}))


def targets(policy: Policy) -> Iterator[str]:
    """Yield the targets that are affected when a heartbeat is missing."""
    return (one.target for one in policy.of(Heartbeats).by_name.values())


def teams(policy: Policy) -> Mapping[str, str]:
    """Return the teams of the heartbeats that name one."""
    return {one.name: one.team for one in policy.of(Heartbeats).by_name.values() if one.team}


POLICY = PolicyPart(table=HeartbeatTables, opt_in=True, targets=targets, teams=teams)
