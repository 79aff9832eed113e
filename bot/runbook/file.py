"""The policy file as one pydantic model, and how it becomes a `Policy`."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, create_model

from bot.capability import PolicyPart, policy_parts
from bot.domain.severity import SeverityPolicy
from bot.runbook.alerts import AlertsTable
from bot.runbook.fields import moments, values
from bot.runbook.fields.rules import AtMost, CapabilityTable, CapabilityTables, Section
from bot.runbook.model import Policy
from bot.runbook.oncall import MOST_PEOPLE, MemberName, MemberTable, OnCallTable, everybody
from bot.runbook.sections import (
    DEFAULT_SYMPTOMS,
    MOST_OPTIONS,
    CapabilitiesTable,
    DlqTableSection,
    HoursTable,
    PermissionsTable,
    SheetName,
    Sheets,
    Targets,
    TargetsTable,
    ThreadsTable,
    sheets_of,
    target_values,
)
from bot.runbook.severities import (
    MOST_SEVERITIES,
    SeverityTable,
    TriageTable,
    filled,
    reevaluate_of,
    severities_of,
)
from bot.runbook.tables import (
    FigureRules,
    FirstResponse,
    GitHubRules,
    Private,
    Reevaluate,
    Storm,
    TimelineRules,
    UnfinishedTriage,
)
from bot.runbook.teams import TeamsTable, default_places, teams_of

S = TypeVar("S", bound=Section)


class File(Section):
    """The whole policy file, table by table."""

    timezone: moments.Timezone = ZoneInfo("Asia/Tokyo")
    people: Annotated[dict[MemberName, MemberTable], AtMost(MOST_PEOPLE)] = Field(default_factory=dict)
    oncall: OnCallTable
    teams: TeamsTable = TeamsTable()
    severity: Annotated[
        dict[values.SeverityName, SeverityTable], Field(min_length=1), AtMost(MOST_SEVERITIES)
    ]
    reevaluate: Reevaluate = Reevaluate()
    language: values.Language = "ja"
    ack_emoji: values.Emoji = "👀"
    removing_ack_releases: values.Bool = False
    triage: TriageTable
    targets: Targets = TargetsTable()
    symptoms: Annotated[dict[values.Id, values.Label], AtMost(MOST_OPTIONS)] = Field(default_factory=dict)
    business_hours: HoursTable = HoursTable()
    first_response: dict[SheetName, FirstResponse] = Field(default_factory=dict)
    sheets: Sheets = Field(default_factory=dict)
    unfinished_triage: UnfinishedTriage = UnfinishedTriage()
    figures: FigureRules = FigureRules()
    permissions: PermissionsTable = PermissionsTable()
    threads: ThreadsTable = ThreadsTable()
    private: Private = Private()
    timeline: TimelineRules = TimelineRules()
    alerts: AlertsTable = AlertsTable()
    storm: Storm = Storm()
    github: GitHubRules = GitHubRules()
    capabilities: CapabilitiesTable = CapabilitiesTable()
    dlq: DlqTableSection = DlqTableSection()
    guild: values.Guild | None = None

    def value(self) -> Policy:
        """Return the policy. A key that is left out may take its default from another table."""
        team = MappingProxyType({name: member.value(name) for name, member in self.people.items()})
        handover, oncall = self.oncall.value(team, self.timezone)
        default = default_places(self.teams.root, oncall)
        severities = severities_of(self.severity, default)
        highest = next(iter(severities.values()))
        reevaluate = reevaluate_of(self.reevaluate, severities)
        first = {name: self.first_response.get(name, FirstResponse()) for name in severities}
        targets = TargetsTable(names=self.targets) if isinstance(self.targets, tuple) else self.targets
        return Policy(
            timezone=self.timezone,
            language=self.language,
            ack_emoji=self.ack_emoji,
            removing_ack_releases=self.removing_ack_releases,
            severities=severities,
            tree=self.triage.value(),
            targets=targets.every,
            symptoms=MappingProxyType(self.symptoms or dict(DEFAULT_SYMPTOMS)),
            oncall=MappingProxyType(oncall),
            team=MappingProxyType(everybody(team, oncall)),
            handover=handover,
            business_hours=self.business_hours.value(self.timezone),
            first_response=MappingProxyType(first),
            sheets=sheets_of(self.sheets),
            target_values=target_values(targets.values, targets.choices),
            reevaluate=reevaluate,
            unfinished=filled(self.unfinished_triage, reevaluate.channel),
            figures=self.figures,
            permissions=self.permissions.value(),
            archive_after=self.threads.archive_after,
            private=filled(self.private, highest.channel),
            timeline=self.timeline,
            alerts=self.alerts.value(severities),
            storm=self.storm,
            github=self.github,
            dlq_table=self.dlq.value(highest.priority),
            off=self._off,
            own=MappingProxyType({type(rules): rules for rules in self._own(severities)}),
            team_of_target=MappingProxyType(
                {name: one.team for name, one in targets.own.items() if one.team}
            ),
            depends_on=MappingProxyType(
                {name: one.depends_on for name, one in targets.own.items() if one.depends_on}
            ),
            guild_id=self.guild,
            teams=teams_of(self.teams.root, severities, default),
            names_dlq="dlq" in self.permissions.model_fields_set,
            names_dlq_table="dlq" in self.model_fields_set,
        )

    def _own(self, severities: Mapping[str, SeverityPolicy]) -> Iterator[object]:
        """Yield the rules of each capability that has a table and is not switched off."""
        for name, part in policy_parts().items():
            if name in self._off:
                continue
            if part.entries is not None:
                entries: CapabilityTables = getattr(self, name)
                yield entries.rules(severities)
            if self._has(name, part):
                table: CapabilityTable | CapabilityTables = getattr(self._around(part), name)
                yield table.rules(severities)
            else:
                yield part.table.left_out(severities)

    @property
    def _off(self) -> tuple[str, ...]:
        """Return the capabilities that are switched off, with those that wait for a table of theirs."""
        waiting = (name for name, part in policy_parts().items() if part.opt_in and not self._has(name, part))
        return tuple(dict.fromkeys((*self.capabilities.off, *waiting)))

    def _has(self, name: str, part: PolicyPart) -> bool:
        """Return True if the file has the table of the capability *name*."""
        return name in self._around(part).model_fields_set

    def _around(self, part: PolicyPart) -> Section:
        """Return the table that holds a capability's own: the file itself, or one of the core."""
        return getattr(self, part.within) if part.within else self


@cache
def whole_file(off: frozenset[str] = frozenset()) -> type[File]:
    """Return the model of the file with a table for each capability that has one, in its place.

    Args:
        off: The capabilities that are switched off: the file need not have what they would need.
    """
    places: dict[str, dict[str, type[CapabilityTable | CapabilityTables]]] = defaultdict(dict)
    for name, part in policy_parts().items():
        places[part.within][name] = part.table
        if part.entries is not None:
            places[""][name] = part.entries
    own = places.pop("", {})
    others = {name: _extended(_section(name), tables, off) for name, tables in places.items()}
    # A table of the core may have the name of a capability, as "oncall": that does not switch it off.
    return _extended(_extended(File, others, frozenset()), own, off)


def _section(name: str) -> type[Section]:
    """Return the model of a table of the core.

    Raises:
        TypeError: its keys are a team's own names: a bug.
    """
    table = File.model_fields[name].annotation
    if not (isinstance(table, type) and issubclass(table, Section)):
        raise TypeError(f"[{name}] has no place for a table of a capability")
    return table


def _extended(section: type[S], tables: Mapping[str, type[BaseModel]], off: frozenset[str]) -> type[S]:
    """Return the model of a table with further tables in it."""
    fields = {name: (table, _left_out(table, is_off=name in off)) for name, table in tables.items()}
    return create_model(section.__name__, __base__=section, **fields)  # type: ignore[call-overload,no-any-return]


def _left_out(table: type[BaseModel], *, is_off: bool) -> object:
    """Return what a table is that the file leaves out; an ellipsis: the file has to have it."""
    if not any(key.is_required() for key in table.model_fields.values()):
        return table()
    return None if is_off else ...
