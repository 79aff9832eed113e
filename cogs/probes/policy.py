"""``[probes.<name>]``: targets that are asked by HTTP all the time."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from bot.capability import PolicyPart
from bot.domain.severity import SeverityPolicy
from bot.domain.systems import HttpTarget
from bot.runbook.fields import moments, values
from bot.runbook.fields.rules import AtMost, CapabilityTables, Problem, Section
from bot.runbook.model import Policy
from cogs.probes.rules import ProbeRules, Probes

#: The bot's own limits.
MOST_PROBES: Final = 200
_MOST_IN_A_ROW: Final = 100

_Name = Annotated[
    str,
    values.matching(
        r"[a-z](?:-?[a-z0-9]){0,30}", "a probe", 'letters, digits and single hyphens ("api-production")'
    ),
]
_Count = Annotated[int, values.whole(1, _MOST_IN_A_ROW, "a number")]


class ProbeTable(Section):
    """``[probes.<name>]``."""

    url: values.Url
    severity: values.OfSeverity
    target: values.Target | None = None
    degraded: values.OfSeverity | None = None
    every: moments.Interval = timedelta(seconds=60)
    timeout: moments.Duration = timedelta(seconds=10)
    status: Annotated[int, values.whole(100, 599, "a status")] = 200
    ok: values.Bool = False
    slow_after: moments.Duration = timedelta(seconds=2)
    fails: _Count = 2
    recovers: _Count = 2
    channel: values.Channel | None = None
    team: values.Id | None = None
    private: values.Bool = False

    def value(self, name: str) -> ProbeRules:
        """Return the rules of the probe *name*."""
        http = HttpTarget(self.url, self.status, self.ok, self.slow_after, self.private)
        return ProbeRules(
            name=name,
            target=self.target or name,
            http=http,
            severity=self.severity,
            degraded=self.degraded,
            every=self.every,
            timeout=self.timeout,
            fails=self.fails,
            recovers=self.recovers,
            channel=self.channel,
            team=self.team,
        )


def _each_ends_in_time(tables: Mapping[str, ProbeTable]) -> Mapping[str, ProbeTable]:
    for name, table in tables.items():
        if table.timeout >= table.every:
            raise Problem("must be shorter than `every`", key=f"{name}.timeout")
    return tables


class ProbesTable(CapabilityTables):
    """``[probes]``: the tables by name."""

    root: Annotated[dict[_Name, ProbeTable], AtMost(MOST_PROBES), AfterValidator(_each_ends_in_time)] = Field(
        default_factory=dict
    )

    def rules(self, _severities: Mapping[str, SeverityPolicy]) -> Probes:
        """Return the rules of every probe."""
        return Probes(MappingProxyType({name: table.value(name) for name, table in self.root.items()}))


def targets(policy: Policy) -> Iterator[str]:
    """Yield what is affected when a probe fails."""
    return (probe.target for probe in policy.of(Probes).by_name.values())


def teams(policy: Policy) -> Mapping[str, str]:
    """Return the teams of the probes that name one."""
    return {one.name: one.team for one in policy.of(Probes).by_name.values() if one.team}


def addresses(policy: Policy) -> Iterator[str]:
    """Yield what the probes ask."""
    return (probe.http.url for probe in policy.of(Probes).by_name.values())


POLICY = PolicyPart(table=ProbesTable, targets=targets, teams=teams, addresses=addresses)
