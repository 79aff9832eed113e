"""Reports of people who lack the role: their states, and which of them are taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKindSpec
from bot.domain.errors import UserError
from bot.domain.incident.incident import Incident
from bot.domain.payloads import Payload
from bot.domain.people import Person
from bot.domain.triage.session import Evidence, TriageStatus


class ReportDelivery(AnyDeliveryKind):
    """The posts of a report. Once it is an incident, they show that one."""

    #: The quiet post in the channel, with the button that takes it up.
    REPORT = "report", DeliveryKindSpec(is_refreshed=True)
    #: The same, to the person on call.
    REPORT_DM = "report_dm", DeliveryKindSpec(is_dated=True, is_refreshed=True)
    #: What became of it, to the person who reported.
    REPORT_ANSWER = (
        "report_answer",
        DeliveryKindSpec(is_dispensable=True, is_refreshed=True, is_for_outsider=True),
    )


class ReportData(Payload):
    """A post of a report; `by` is who reported. One that `rings` is posted because no DM reached anybody."""

    report: int
    by: str
    rings: bool = False


@dataclass(frozen=True, slots=True)
class ReportRules:
    """What the policy says of reports.

    Attributes:
        allowed: People without the role may hand one on.
        channel: Where they are posted; None: where unfinished triages are offered.
        at_most, within: How many a person may make in which time.
    """

    allowed: bool = True
    channel: str | None = None
    at_most: int = 3
    within: timedelta = timedelta(minutes=10)


class ReportState(StrEnum):
    """The state of a report."""

    WAITING = "waiting"
    TAKEN = "taken"  # its triage goes on
    LEFT = "left"  # its triage ended without an answer: it waits again
    DISMISSED = "dismissed"  # nothing was wrong
    RAISED = "raised"  # it is an incident, or joined one


#: What the end of a triage makes of its report.
_STATES: Final = {
    TriageStatus.CANCELLED: ReportState.LEFT,
    TriageStatus.EXPIRED: ReportState.LEFT,
    TriageStatus.DISMISSED: ReportState.DISMISSED,
    TriageStatus.OPENED: ReportState.RAISED,
}


@dataclass(frozen=True, slots=True)
class NewReport:
    """What a person reports.

    Attributes:
        key: Of the interaction: the same one is one report.
        details: What they wrote beside the title; empty where the report is about a message.
        severity: The one that they typed, if any.
        channel_id, message_id: The message that it is about.
        evidence: That message, as far as it could be kept.
    """

    guild_id: int
    key: str
    by: Person
    title: str
    details: str = ""
    severity: str | None = None
    channel_id: int | None = None
    message_id: int | None = None
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A stored report; what is not explained here is as in `NewReport`.

    Attributes:
        rounds, taken_by_name: How often it was taken up, and who did that last.
        triage_id, triage_status: The triage that began with that.
        raised_id: The incident of that triage.
        incident_id: The incident that has its posts.
        dm_sent, dm_owed, dm_refused: The people whose DM was sent, is queued, or was refused by Discord, as
            `Wording.on_call` takes them.
        is_posted: It is in the channel.
        is_lost: Discord has refused all its posts.
    """

    id: int
    guild_id: int
    key: str
    by_id: int
    by_name: str
    title: str
    details: str
    severity: str | None
    channel_id: int | None
    message_id: int | None
    evidence: Evidence | None
    reported_at: datetime
    rounds: int
    taken_by_name: str | None
    triage_id: int | None
    triage_status: TriageStatus | None
    raised_id: int | None
    incident_id: int | None
    dm_sent: tuple[str, ...] = ()
    dm_owed: tuple[str, ...] = ()
    dm_refused: tuple[str, ...] = ()
    is_posted: bool = False
    is_lost: bool = False

    @property
    def state(self) -> ReportState:
        """Return what has become of it."""
        if self.incident_id is not None:
            return ReportState.RAISED
        if self.triage_status is None:
            return ReportState.WAITING
        return _STATES.get(self.triage_status, ReportState.TAKEN)

    @property
    def waits(self) -> bool:
        """Return True if a person may take it up."""
        return self.state in (ReportState.WAITING, ReportState.LEFT)


@dataclass(frozen=True, slots=True)
class ReportView:
    """What the person who reported is shown.

    Attributes:
        incident: What it became; None also for one that they may not see.
        is_repeated: They had reported the same before.
    """

    report: Report
    incident: Incident | None = None
    is_repeated: bool = False

    @property
    def has_ended(self) -> bool:
        """Return True once there is nothing more to wait for."""
        if self.report.state is ReportState.RAISED:
            return self.incident is None or not self.incident.is_open
        return self.report.state is ReportState.DISMISSED


def repeated(new: NewReport, latest: Sequence[Report]) -> Report | None:
    """Return the report among *latest* that *new* repeats: the same person's, with the same title."""
    return next((one for one in latest if one.by_id == new.by.id and one.title == new.title), None)


def require_room(rules: ReportRules, by: Person, latest: Sequence[Report]) -> None:
    """Check that *by* may make one more report.

    Args:
        latest: Those of the last `ReportRules.within`, the oldest first.

    Raises:
        UserError: not before a time that it names.
    """
    own = [one for one in latest if one.by_id == by.id]
    if len(own) >= rules.at_most:
        raise UserError("report_too_many", again=own[-rules.at_most].reported_at + rules.within)
