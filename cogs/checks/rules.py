"""Live checks: what is checked, a round about an incident, and the message that fills in."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Self

from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKindSpec
from bot.domain.payloads import Payload
from bot.domain.systems import CheckResult, HttpTarget, SystemKind, TeamSystems, worst_first
from bot.domain.timeline.entries import EntryData, EntryKind

#: The least time between two rounds about one incident.
PAUSE: Final = timedelta(seconds=10)


class CheckDelivery(AnyDeliveryKind):
    """What is posted about live checks."""

    #: The message with the state of every system, which fills in.
    POST = "checks", DeliveryKindSpec(is_dispensable=True, waits_behind=frozenset({"thread_sheet"}))


class CheckEntry(EntryKind):
    """What the timeline has of live checks."""

    CHECKED = "checked"  # the state of every system, looked at by the bot


@dataclass(frozen=True, slots=True)
class CheckRules:
    """What is checked, and when by itself.

    Attributes:
        severities: An incident of these is checked when it opens.
        http: By target.
        sentry_organization: "" for no Sentry.
        sentry_projects: Empty for all.
        sentry_environment: "" for all.
    """

    severities: frozenset[str] = frozenset()
    http: Mapping[str, HttpTarget] = field(default_factory=dict)
    systems: TeamSystems = field(default_factory=TeamSystems)
    sentry_organization: str = ""
    sentry_projects: tuple[str, ...] = ()
    sentry_environment: str = ""

    def targets_of(self, wanted: Collection[str]) -> dict[str, HttpTarget]:
        """Return the targets among *wanted* that can be asked by HTTP, or all of them if none is."""
        named = {name: target for name, target in self.http.items() if name in wanted}
        return named or dict(self.http)


@dataclass(frozen=True, slots=True)
class CheckRound:
    """The last round of an incident; a next one takes its place.

    Attributes:
        round: Its number.
        post: The number of the message that shows it.
        target: The one that was asked about; None: those of the incident.
        asked_by_id, asked_by: Who asked; None: it began by itself.
        finished_at: When the results were complete; None while they are not.
    """

    guild_id: int
    incident_id: int
    round: int
    post: int
    target: str | None
    asked_by_id: int | None
    asked_by: str | None
    asked_at: datetime
    results: tuple[CheckResult, ...] = ()
    finished_at: datetime | None = None

    @property
    def post_key(self) -> str:
        """Return the key of its message, without the incident's part."""
        return f"checks:{self.post}"


class ChecksShown(Payload):
    """What the message shows.

    Attributes:
        results: So far.
        systems: How many are checked in all; 0 before the round has begun.
        unconfigured: What the team has not named.
        asked_by: Who asked; None: it began by itself.
        finished_at: When all were known; None while some are not.
    """

    results: tuple[CheckResult, ...] = ()
    systems: int = 0
    unconfigured: tuple[SystemKind, ...] = ()
    asked_by: str | None = None
    finished_at: datetime | None = None

    def with_results(self, new: Sequence[CheckResult]) -> Self:
        """Return the same with *new* results, all in the order in which they are shown."""
        return replace(self, results=tuple(worst_first([*self.results, *new])))


class CheckedEntry(EntryData, kind=CheckEntry.CHECKED):
    """The results of a round of live checks, kept as evidence."""

    results: tuple[CheckResult, ...] = ()
