"""``[teams.<name>]``: whose alert it is, and how that team's rules differ from the policy's."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import Field

from bot.domain.severity import LadderStep, Mention, SeverityPolicy
from bot.runbook.fields import values
from bot.runbook.fields.rules import AtMost, CapabilityTables, Section
from bot.runbook.severities import MOST_STEPS, StepTable

#: What people call the team of the incidents that no team has.
DEFAULT_TEAM: Final = "default"
MOST_TEAMS: Final = 50
_MOST_PLACES: Final = 10


@dataclass(frozen=True, slots=True)
class Team:
    """A team with alerts of its own.

    Attributes:
        schedule: Its on-call places, in the order in which they are asked; empty: the default team's.
        ladders: The names of the severities for which it has a ladder of its own.
        severities: The rules of each severity for the team's incidents, by name, highest first.
        channel: The channel of its own; None: the default team's for each severity.
        role: The role, by name or id, that its incidents ring instead of ``@here``, and whose members may
            respond to them; None: it has none.
        language: "ja" or "en": of the posts about its incidents; None: the file's.
    """

    name: str
    schedule: tuple[str, ...]
    ladders: tuple[str, ...]
    severities: Mapping[str, SeverityPolicy]
    channel: str | None = None
    role: str | None = None
    language: str | None = None


class TeamTable(Section):
    """``[teams.<name>]``; what is left out is as for the default team."""

    channel: values.Channel | None = None
    mention: values.MentionName | None = None
    role: values.Role | None = None
    language: values.Language | None = None
    schedule: Annotated[tuple[values.Place, ...], AtMost(_MOST_PLACES)] = ()
    ladder: dict[values.SeverityName, Annotated[tuple[StepTable, ...], AtMost(MOST_STEPS)]] = Field(
        default_factory=dict
    )

    def value(self, name: str, severities: Mapping[str, SeverityPolicy], default: Sequence[str]) -> Team:
        """Return the team; *default* are the on-call places of the default team, in order."""
        own = {key: self._overlay(one, default) for key, one in severities.items()}
        return Team(
            name,
            tuple(dict.fromkeys(self.schedule)),
            tuple(self.ladder),
            MappingProxyType(own),
            channel=self.channel,
            role=self.role,
            language=self.language,
        )

    def _overlay(self, severity: SeverityPolicy, default: Sequence[str]) -> SeverityPolicy:
        channel, thread = severity.channel, severity.thread_channel
        if self.channel is not None:
            channel, thread = self.channel, thread and self.channel
        if (steps := self.ladder.get(severity.name)) is not None:
            ladder = tuple(step.value() for step in steps)
        else:
            ladder = tuple(replace(step, dm=self._instead(step, default)) for step in severity.ladder)
        mention: Mention = severity.mention if self.mention is None else self.mention
        return replace(severity, channel=channel, thread_channel=thread, mention=mention, ladder=ladder)

    def _instead(self, step: LadderStep, default: Sequence[str]) -> tuple[str, ...]:
        """Return the team's places for those of a step: the second for the second, the last for later."""
        if not self.schedule:
            return step.dm
        last = len(self.schedule) - 1
        asked = (
            self.schedule[min(default.index(place), last)] if place in default else place for place in step.dm
        )
        return tuple(dict.fromkeys(asked))


class TeamsTable(CapabilityTables):
    """``[teams]``, by name. The core reads it; the commands of the capability wait for it."""

    root: Annotated[dict[values.Id, TeamTable], AtMost(MOST_TEAMS)] = Field(default_factory=dict)

    def rules(self, _severities: Mapping[str, SeverityPolicy]) -> "TeamsTable":
        """Return the table itself: what it means is `Policy.teams`."""
        return self


def default_places(tables: Mapping[str, TeamTable], places: Iterable[str]) -> tuple[str, ...]:
    """Return the on-call places that no team's schedule names; all of *places* if each one is some team's."""
    of_teams = {place for table in tables.values() for place in table.schedule}
    every = tuple(places)
    return tuple(place for place in every if place not in of_teams) or every


def teams_of(
    tables: Mapping[str, TeamTable], severities: Mapping[str, SeverityPolicy], default: Sequence[str]
) -> Mapping[str, Team]:
    """Return the teams by name, in the file's order."""
    return MappingProxyType({name: table.value(name, severities, default) for name, table in tables.items()})
