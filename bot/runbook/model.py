"""The policy as a frozen value. What each key of the file means: docs/runbook-file.md."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol, Self, TypeVar
from zoneinfo import ZoneInfo

from bot.capability import Capability, PolicyPart, installed, policy_parts
from bot.domain.alerts.alert import named
from bot.domain.calendar.business_time import BusinessHours
from bot.domain.dlq import DlqTable
from bot.domain.escalation.ladder import ack_deadline, moment_after
from bot.domain.incident.forms import Checklist
from bot.domain.incident.incident import Incident
from bot.domain.oncall.people import OnCallPerson
from bot.domain.severity import Deadline, Mention, SeverityPolicy
from bot.domain.sheets import Affected, FilledSheet, Sheet, TargetValues, fill, fitting
from bot.domain.systems import TeamSystems
from bot.domain.triage.tree import Text, Tree
from bot.runbook.alerts import AlertRules
from bot.runbook.oncall import Handover, OnCallPlace
from bot.runbook.sections import Permissions
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
from bot.runbook.teams import Team

R = TypeVar("R")


class OfTeam(Protocol):
    """An incident, or what tells of one: its severity and its team."""

    @property
    def severity(self) -> str: ...

    @property
    def team(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything a team decides. Mappings keep the file's order and cannot be changed.

    Attributes:
        language: "ja" or "en": what the bot posts for all.
        removing_ack_releases: A responder who removes their 👀 lets go of the incident.
        severities: By name, highest first; at least one.
        targets, symptoms: What `/triage` offers; at most 25 each. Symptoms by id.
        oncall: By place name, in the order they are asked; at least one.
        team: Every person that the file names, by handle.
        handover: How the people on call learn of their turn.
        archive_after: How long the thread of an ended incident stays awake.
        first_response: By severity name; every severity has an entry.
        sheets: The command sheets by topic.
        target_values: What fills them in.
        off: The names of capabilities that the team has switched off; one may be of one that is not there.
        own: The rules of the others, by class; see `of`.
        team_of_target: The team's id by target, of those that name one.
        depends_on: By target, the targets that it needs; without cycles.
        guild_id: The server it is for; None in a file that leaves it to DISCORD_GUILD_ID.
        sees_dlq: Its people may read the DLQ at all; `permissions` says which of them.
        names_dlq: The file itself says who may read the DLQ, instead of leaving it to the default.
        teams: The teams beside the default one, by name; empty without ``[teams]``.
        names_dlq_table: The file itself says how the DLQ's table is made.
    """

    timezone: ZoneInfo
    language: str
    ack_emoji: str
    removing_ack_releases: bool
    severities: Mapping[str, SeverityPolicy]
    tree: Tree
    targets: tuple[str, ...]
    symptoms: Mapping[str, Text]
    oncall: Mapping[str, OnCallPlace]
    team: Mapping[str, OnCallPerson]
    handover: Handover
    business_hours: BusinessHours
    first_response: Mapping[str, FirstResponse]
    sheets: Mapping[str, Sheet]
    target_values: TargetValues
    reevaluate: Reevaluate
    unfinished: UnfinishedTriage
    figures: FigureRules
    permissions: Permissions
    archive_after: timedelta
    private: Private
    timeline: TimelineRules
    alerts: AlertRules
    storm: Storm
    github: GitHubRules
    dlq_table: DlqTable
    off: tuple[str, ...] = ()
    own: Mapping[type, object] = field(default_factory=lambda: MappingProxyType({}))
    team_of_target: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    depends_on: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    guild_id: int | None = None
    sees_dlq: bool = True
    names_dlq: bool = False
    names_dlq_table: bool = False
    teams: Mapping[str, Team] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def capabilities(self) -> tuple[Capability, ...]:
        """Return the capabilities that are not switched off. The first call imports each capability whole."""
        return tuple(one for one in installed() if one.name not in self.off)

    @property
    def parts(self) -> Mapping[str, PolicyPart]:
        """Return what the capabilities that are not switched off have in the policy, by name."""
        return {name: part for name, part in policy_parts().items() if name not in self.off}

    def of(self, rules: type[R]) -> R:
        """Return the rules of a capability.

        Raises:
            KeyError: it is not there, or switched off: a bug, since only its own code asks.
        """
        own: R = self.own[rules]  # type: ignore[assignment]  # by its class
        return own

    def with_rules(self, rules: object) -> Self:
        """Return the policy with other rules of a capability."""
        return replace(self, own=MappingProxyType({**self.own, type(rules): rules}))

    @property
    def most_severe(self) -> SeverityPolicy:
        """Return the highest severity, which comes first in the file."""
        return next(iter(self.severities.values()))

    @property
    def alert_targets(self) -> frozenset[str]:
        """Return the names of `targets`, and of the capabilities'."""
        own = (name for one in self.parts.values() if one.targets for name in one.targets(self))
        return frozenset((*self.targets, *own))

    @property
    def addresses(self) -> tuple[str, ...]:
        """Return the addresses of the team's own systems that are asked by HTTP."""
        return tuple(url for one in self.parts.values() if one.addresses for url in one.addresses(self))

    @property
    def systems(self) -> TeamSystems:
        """Return the systems that the file names; none while the capability that has them is off."""
        return next((one.systems(self) for one in self.parts.values() if one.systems), TeamSystems())

    @property
    def named_teams(self) -> Mapping[str, str]:
        """Return the teams that the file names as those of alerts, by the key that names each."""
        targets = {f"targets.{target}.team": name for target, name in self.team_of_target.items()}
        own = {
            f"{name}.{table}.team": team
            for name, part in self.parts.items()
            if part.teams
            for table, team in part.teams(self).items()
        }
        return MappingProxyType({**targets, **self.alerts.named_teams, **own})

    def rules(self, severity: str, *, team: str | None = None) -> SeverityPolicy:
        """Return the rules of a stored severity, or the highest severity's if the file no longer has it.

        A renamed severity must not silence the incidents that were opened under its old name. A team that the
        file no longer has is the default team.

        Args:
            team: Whose incidents; None: the default team's.
        """
        rules = self.severities.get(severity, self.most_severe)
        own = None if team is None else self.teams.get(team)
        return rules if own is None else own.severities.get(rules.name, rules)

    def rules_of(self, incident: "OfTeam") -> SeverityPolicy:
        """Return the rules of an incident's severity for its team."""
        return self.rules(incident.severity, team=incident.team)

    def team_of(self, targets: Iterable[str], *, said: str | None = None) -> str | None:
        """Return the team of a new incident: that of the first target that has one, else the one *said*.

        The case of a target's letters does not count: monitors write names in their own way.

        Args:
            said: What its source says: a target tells more of an alert than the system that reports it.
        """
        of_targets = (
            self.team_of_target[name] for target in targets for name in named(target, self.team_of_target)
        )
        return next((name for name in (*of_targets, said) if name in self.teams), None)

    def rung_roles(self, incident: Incident) -> tuple[str, ...]:
        """Return the roles that an incident rings in the place of ``@here``, by name or id, if any."""
        if incident.is_private:
            return self.permissions.private
        return self.team_roles(incident.team)

    def team_roles(self, name: str | None) -> tuple[str, ...]:
        """Return the role that a team's alerts ring in the place of ``@here``; None: the default team's."""
        team = None if name is None else self.teams.get(name)
        return () if team is None or team.role is None else (team.role,)

    def spoken(self, incident: "OfTeam") -> Self:
        """Return the policy in the language of an incident's team."""
        team = None if incident.team is None else self.teams.get(incident.team)
        if team is None or team.language in (None, self.language):
            return self
        return replace(self, language=team.language)

    def places_of(self, incident: "OfTeam") -> tuple[str, ...]:
        """Return the on-call places of an incident's team, in the order in which they are asked."""
        return self.places_of_team(incident.team)

    def places_of_team(self, name: str | None) -> tuple[str, ...]:
        """Return a team's on-call places, in the order in which they are asked; None: the default team's."""
        team = None if name is None else self.teams.get(name)
        if team is not None and team.schedule:
            return team.schedule
        of_teams = {place for one in self.teams.values() for place in one.schedule}
        return tuple(place for place in self.oncall if place not in of_teams) or tuple(self.oncall)

    def rules_at(self, places: Iterable[str]) -> tuple[SeverityPolicy, ...]:
        """Return the rules of each severity for the teams that ask the people at one of *places*."""
        asked = frozenset(places)
        teams = (team for team in (None, *self.teams) if asked & frozenset(self.places_of_team(team)))
        return tuple(self.rules(severity, team=team) for team in teams for severity in self.severities)

    @property
    def ringing_alerts(self) -> frozenset[str]:
        """Return the severities under which a monitor's alert mentions people, as an incident does."""
        return frozenset(name for name in self.alerts.rings if self.severities[name].mention is Mention.HERE)

    def checklist(self, severity: str) -> Checklist:
        """Return the steps of a severity's first-response sheet; none if the file no longer has it."""
        return Checklist(severity, self.first_response.get(severity, FirstResponse()).steps)

    def sheets_for(self, severity: str, affected: Affected) -> tuple[FilledSheet, ...]:
        """Return the command sheets of a severity for what is affected, the most fitting first."""
        topics = self.first_response.get(severity, FirstResponse()).sheets
        sheets = fitting((self.sheets[topic] for topic in topics), affected)
        filled = (fill(sheet, self.target_values, affected) for sheet in sheets)
        return tuple(sheet for sheet in filled if sheet.commands)

    def rollback_step(self, severity: str) -> int:
        """Return the number of the step that a decision on a rollback ticks, from 1; 0 for none."""
        return self.first_response.get(severity, FirstResponse()).rollback_step

    def ack_due(self, severity: SeverityPolicy, *, at: datetime) -> datetime:
        """Return `ack_deadline` by the team's business hours."""
        return ack_deadline(severity, self.business_hours, at=at)

    def update_due(self, severity: SeverityPolicy, *, at: datetime) -> datetime | None:
        """Return when the next status update is due after *at* (aware), aware; None for never."""
        return None if severity.update_every is None else self.due(severity.update_every, at=at)

    def due(self, deadline: Deadline, *, at: datetime, times: int = 1) -> datetime:
        """Return `moment_after` by the team's business hours."""
        return moment_after(at, deadline, self.business_hours, times=times)

    def channels(self) -> tuple[str, ...]:
        """Return every channel that the bot posts to, each once, in order of first use."""
        used = [
            channel
            for severity in (*self.severities.values(), *self.of_teams)
            for channel in (severity.channel, severity.thread_channel)
            if channel
        ]
        others = [
            self.reevaluate.channel,
            self.unfinished.channel,
            self.private.channel,
            self.handover.channel,
        ]
        others += [channel for name in self.parts for channel in self.channels_of(name)]
        return tuple(dict.fromkeys([*used, *(channel for channel in others if channel)]))

    @property
    def of_teams(self) -> tuple[SeverityPolicy, ...]:
        """Return the rules that the teams have, each team's for every severity; not the default team's."""
        return tuple(one for team in self.teams.values() for one in team.severities.values())

    @property
    def given_roles(self) -> tuple[str, ...]:
        """Return the roles that the bot gives to members, by name or id."""
        parts = self.parts.values()
        return tuple(role for part in parts if part.roles is not None for role in part.roles(self))

    @property
    def server_permissions(self) -> tuple[str, ...]:
        """Return what the bot must be allowed in the whole server, by discord.py's names."""
        parts = self.parts.values()
        return tuple(
            name for part in parts if part.permissions is not None for name in part.permissions(self)
        )

    @property
    def reads_members(self) -> bool:
        """Return True if the bot reads the list of the server's members."""
        parts = self.parts.values()
        return any(part.reads_members(self) for part in parts if part.reads_members is not None)

    def channels_of(self, name: str) -> tuple[str, ...]:
        """Return the channels that a capability posts to; none if it is switched off."""
        part = self.parts.get(name)
        return () if part is None or part.channels is None else tuple(part.channels(self))
