"""The status updates of the demo's past, and the reminders of those that did not come."""

from collections.abc import Iterator
from datetime import datetime

from bot.demo.story.cast import CastMember
from bot.demo.story.seeded_incidents import SeededIncident
from bot.domain.delivery.delivery import Notice
from bot.domain.incident.incident import StatusUpdate, StatusUpdates
from bot.domain.incident.records import UpdatedEntry, UpdatedNotice, UpdateDueEntry, UpdateDueNotice
from bot.domain.timeline.entries import EntryData


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
