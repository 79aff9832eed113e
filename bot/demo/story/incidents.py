"""The incidents of the past as the bot stores them: updates, outputs, action items, and how each ended."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from bot.capability import IncidentPast
from bot.demo.story.cast import CastMember
from bot.demo.story.seeded_incidents import SeededIncident
from bot.domain.delivery.delivery import NewDelivery, Notice
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import (
    ByPerson,
    Incident,
    IncidentKind,
    PersonRef,
    Status,
    StatusUpdate,
    StatusUpdates,
)
from bot.domain.incident.parts import ActionCount, Aftermath, AlertPost, IncidentThread, Resolution, Tracked
from bot.domain.incident.records import (
    CancelledNotice,
    ResolvedNotice,
    UpdatedEntry,
    UpdatedNotice,
    UpdateDueEntry,
    UpdateDueNotice,
)
from bot.domain.sheets import OutputData, OutputEntry
from bot.domain.timeline.entries import EntryData, TimelineEntry
from bot.services.shared.postings import thread_line


def update_facts(one: SeededIncident) -> Iterator[tuple[datetime, EntryData, CastMember | None]]:
    """Yield the timeline entries of an incident's status updates and reminders."""
    if (due := one.reminded_at) is not None:
        yield due, UpdateDueEntry(due_at=due, reminder=1, lead=one.responder.name), None
    for by, at, update in one.updates:
        next_at = None if update.next_in is None else at + update.next_in
        yield at, UpdatedEntry(next_at=next_at, known=update.known, impact=update.impact), by


def update_lines(one: SeededIncident) -> Iterator[tuple[Notice, str, datetime]]:
    """Yield their lines in the thread, with their keys and moments."""
    if (due := one.reminded_at) is not None:
        lead = one.responder
        notice = UpdateDueNotice(due_at=due, reminder=1, lead=lead.name, lead_id=lead.id, gone=())
        yield notice, "update_due:1", due
    for number, (by, at, update) in enumerate(one.updates, start=1):
        next_at = None if update.next_in is None else at + update.next_in
        notice_of_update = UpdatedNotice(
            by=by.name, at=at, next_at=next_at, known=update.known, impact=update.impact
        )
        yield notice_of_update, f"updated:{number}", at


def last_update(one: SeededIncident) -> StatusUpdates:
    """Return the latest one, as its incident keeps it."""
    if not one.updates:
        return StatusUpdates()
    by, at, update = one.updates[-1]
    return StatusUpdates(last=StatusUpdate(update.known, update.impact, at, by.name))


def output_facts(one: SeededIncident) -> Iterator[tuple[datetime, EntryData, CastMember | None]]:
    """Yield the timeline entries of the command outputs that responders pasted."""
    for output in one.story.outputs:
        entry = OutputEntry(text=output.text, topic=output.topic, lines=_lines(output.text))
        yield one.at + output.after, entry, one.person(output.by)


def output_posts(one: SeededIncident, incident: Incident) -> Iterator[tuple[NewDelivery, datetime]]:
    """Yield the bot's messages that show them, with their moments."""
    for number, output in enumerate(one.story.outputs, start=1):
        by, lines = one.person(output.by).name, _lines(output.text)
        data = OutputData(by=by, text=output.text, topic=output.topic, counts={}, lines=lines)
        line = thread_line(incident, one.policy, key=f"output:{number}", stored=data.to_json())
        yield replace(line, kind=DeliveryKind.OUTPUT), one.at + output.after


def _lines(text: str) -> int:
    return len(text.splitlines())


class PastItem(Protocol):
    """One item, as the bot would have stored and posted it."""

    @property
    def key(self) -> str:
        """Return its key: nothing else begins so."""

    @property
    def done_at(self) -> datetime | None:
        """Return when its owner was done; None: it is open."""

    def row(self, *, guild_id: int, incident_id: int) -> dict[str, object]:
        """Return the item's row in the table of action items."""

    def facts(self, number: int) -> Iterator[tuple[datetime, EntryData, CastMember]]:
        """Yield its entries on the timeline, by its *number*."""

    def lines(self, number: int) -> Iterator[tuple[Notice, str, datetime]]:
        """Yield its lines in the thread, with their keys and moments."""


def items_of(seeded: SeededIncident) -> list[PastItem]:
    """Return the items of one incident; none while it is open."""
    made = (one.past_items(seeded) for one in seeded.policy.capabilities if one.past_items is not None)
    return [item for items in made for item in items]


def counted(seeded: SeededIncident) -> ActionCount:
    """Return how many items the incident has."""
    items = items_of(seeded)
    return ActionCount(sum(item.done_at is None for item in items), len(items))


def with_aftermath(incident: Incident, seeded: SeededIncident) -> Incident:
    """Return *incident* with how it was resolved and the postmortem that it owes, if it has ended."""
    if seeded.ended_at is None or seeded.story.is_false:
        return incident
    duties = (one.postmortems for one in seeded.policy.capabilities if one.postmortems is not None)
    duty = next(duties, None)
    return replace(
        incident,
        aftermath=Aftermath(
            resolution=_resolution(incident, seeded),
            postmortem=None if duty is None else duty.past(seeded, incident),
        ),
    )


def end_notice(incident: Incident, seeded: SeededIncident) -> ResolvedNotice | CancelledNotice:
    """Return the line about the end of *incident*, which has its aftermath."""
    if seeded.story.is_false:
        return CancelledNotice(at=seeded.ended_at, by=seeded.responder.name, reason="")
    resolution, owed = incident.aftermath.resolution, incident.aftermath.postmortem
    notice = ResolvedNotice(at=seeded.ended_at, by=seeded.responder.name, said=resolution)
    if owed is None:
        return notice
    return replace(notice, owner=PersonRef(owed.owner_id, owed.owner_name), due_on=owed.due_on)


def _resolution(incident: Incident, seeded: SeededIncident) -> Resolution | None:
    words, by, ended_at = seeded.story.resolution, seeded.responder, seeded.ended_at
    if words is None or ended_at is None:
        return None
    return Resolution(
        cause=words.cause,
        fix=words.fix,
        impact=words.impact,
        people=words.people,
        duration_s=int((ended_at - incident.started_at).total_seconds()),
        by_id=by.id,
        by_name=by.name,
        at=ended_at,
    )


def incident_of(seeded: SeededIncident, incident_id: int) -> Incident:
    """Return the incident as it is stored."""
    story, ended_at = seeded.story, seeded.ended_at
    who = seeded.responder
    status = Status.CANCELLED if story.is_false else Status.RESOLVED
    incident = Incident(
        id=incident_id,
        guild_id=seeded.guild.id,
        severity=seeded.severity.name,
        priority=seeded.severity.priority,
        status=Status.ACKNOWLEDGED if ended_at is None else status,
        title=seeded.title,
        targets=story.targets,
        symptoms=story.symptoms,
        path=tuple((question, answer) for question, answer in story.path),
        started_at=seeded.at - story.noticed_after,
        triggered_at=seeded.at,
        ack_due_at=seeded.ack_due_at,
        reported_by=PersonRef(seeded.reporter.id, seeded.reporter.name),
        acknowledged=ByPerson(who.id, who.name, seeded.acknowledged_at),
        ended=None if ended_at is None else ByPerson(who.id, who.name, ended_at),
        post=AlertPost(1, seeded.alert.channel_id, seeded.alert.message_id),
        thread=IncidentThread(seeded.thread_id, channel=seeded.thread_channel),
        kind=IncidentKind.ALERT if seeded.is_tracked else IncidentKind.INCIDENT,
        is_drill=story.is_drill,
        rings=not story.is_drill,
        tracked=Tracked() if seeded.monitor_alert is None else seeded.monitor_alert.tracked,
        updates=last_update(seeded),
        actions=counted(seeded),
    )
    return with_aftermath(incident, seeded)


def pasts_of(one: SeededIncident, incident_id: int) -> list[IncidentPast]:
    """Return what each capability would have left of an incident."""
    incident = incident_of(one, incident_id)
    entries = [TimelineEntry.of(entry, at) for at, entry, _ in update_facts(one)]
    made = [each.past(one.policy, incident, entries) for each in one.policy.capabilities if each.past]
    return [past for past in made if past is not None]
