"""The everyday sections of the policy file. Values that are left out get their defaults here."""

from dataclasses import dataclass
from datetime import time, timedelta
from types import MappingProxyType
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Discriminator, Field, Tag, ValidationInfo

from bot.domain.calendar.business_time import WORKING_WEEK, BusinessHours
from bot.domain.triage.tree import Text
from bot.runbook.days_off.calendar import DaysOff
from bot.runbook.fields import moments, values
from bot.runbook.fields.problems import not_a_key
from bot.runbook.fields.rules import AtMost, Names, Problem, Section, some
from bot.runbook.sheets import ChoicesOfName, ValuesOfTarget

MOST_OPTIONS = 25  # Discord: options in a select menu

DEFAULT_TARGETS = ("production", "development")
DEFAULT_SYMPTOMS = MappingProxyType(
    {
        "full_outage": Text("完全停止", "Total outage"),
        "partial_failure": Text("部分機能不全", "Partial failure"),
        "slow": Text("レスポンス遅延", "Slow responses"),
        "errors": Text("エラー率上昇", "Rising error rate"),
    }
)


@dataclass(frozen=True, slots=True)
class Permissions:
    """Role names or ids per action; empty admits everyone, and `private` is never empty."""

    triage: tuple[str, ...]
    acknowledge: tuple[str, ...]
    severity: tuple[str, ...]
    private: tuple[str, ...]
    drill: tuple[str, ...]
    actions: tuple[str, ...]
    oncall: tuple[str, ...]
    digest: tuple[str, ...]
    dlq: tuple[str, ...]
    replay: tuple[str, ...]
    load: tuple[str, ...]
    mute: tuple[str, ...]
    replay_mentions: tuple[str, ...]
    audit: tuple[str, ...]
    announce: tuple[str, ...]


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise Problem("names a target twice; allowed: each once")
    return names


_Targets = Annotated[
    tuple[values.Target, ...],
    AtMost(MOST_OPTIONS),
    some(f"names no target; allowed: 1 to {MOST_OPTIONS}, each {values.TARGET.allowed}"),
    AfterValidator(_each_once),
]


#: By target, or "*".
_ByTarget = Annotated[dict[values.Target, ValuesOfTarget], AtMost(MOST_OPTIONS + 1)]


class TargetsTable(Section):
    """``[targets]``: what can be affected, as ``names``, and what fills in the commands for it."""

    names: _Targets = DEFAULT_TARGETS
    values: _ByTarget = Field(default_factory=dict)
    choices: Annotated[ChoicesOfName, AtMost(MOST_OPTIONS)] = Field(default_factory=dict)


#: ``[targets]``, or a plain list.
Targets = Annotated[
    Annotated[_Targets, Tag("(list)")] | Annotated[TargetsTable, Tag("(table)")],
    Discriminator(lambda value: "(list)" if isinstance(value, list) else "(table)"),
]


class CapabilitiesTable(Section):
    """``[capabilities]``. A capability that is *off* may also be absent, and its table stay in the file."""

    off: tuple[values.Id, ...] = ()


class HoursTable(Section):
    """``[business_hours]``."""

    holidays: moments.Country = "JP"
    start: moments.Time = time(10)
    end: moments.Time = time(19)
    triage_by: moments.Time = time(11)
    days: Annotated[
        tuple[values.Day, ...],
        some('names no day; allowed: at least one of "mon" to "sun"'),
    ] = WORKING_WEEK
    days_off: tuple[moments.Date, ...] = ()

    def value(self, timezone: ZoneInfo) -> BusinessHours:
        """Return the table as business hours in *timezone*."""
        return BusinessHours(
            timezone=timezone,
            starts=self.start,
            ends=self.end,
            triage_by=self.triage_by,
            days=self.days,
            holidays=DaysOff(self.holidays, frozenset(self.days_off)),
        )


def _severity_of_sheet(name: object, info: ValidationInfo[Names]) -> str:
    if info.context.severities and name not in info.context.severities:
        raise Problem(not_a_key(str(name), info.context.severities))
    return str(name)


SheetName = Annotated[str, AfterValidator(_severity_of_sheet)]


def _responders(read: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    return read.get("acknowledge", ())


def _replayers(read: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    return read.get("replay", ())


class PermissionsTable(Section):
    """``[permissions]``; left out: everybody reports and responds, only "admin" does the rest."""

    triage: values.Roles = ()
    acknowledge: values.Roles = ()
    severity: values.Roles = Field(default_factory=_responders)
    private: Annotated[
        values.Roles, some("admits everyone, and nothing would be private; allowed: at least one role")
    ] = ("admin",)
    drill: values.Roles = Field(default_factory=_responders)
    actions: values.Roles = Field(default_factory=_responders)
    oncall: values.Roles = ("admin",)
    digest: values.Roles = ("admin",)
    dlq: values.Roles = ("admin",)
    replay: values.Roles = ("admin",)
    mute: values.Roles = ("admin",)
    load: values.Roles = Field(default_factory=_responders)
    replay_mentions: values.Roles = Field(default_factory=_replayers)
    audit: values.Roles = ("admin",)
    announce: values.Roles = Field(default_factory=_responders)

    def value(self) -> Permissions:
        """Return the roles that may use each kind of command."""
        return self.into(Permissions)


class ThreadsTable(Section):
    """``[threads]``."""

    archive_after: moments.Duration = timedelta(days=1)
