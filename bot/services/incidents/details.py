"""Details of an incident that responders change: its title and start in all posts, its checklist."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from bot.capability import IncidentEvent
from bot.domain.calendar.typed_times import InvalidStartTime, parse_start_time
from bot.domain.errors import UserError
from bot.domain.incident.forms import (
    Checklist,
    ChecklistPick,
    DetailsChange,
    Filled,
    ShownDetails,
    changes_of,
    correct_details,
    drawn_anew,
    fill_in,
)
from bot.domain.incident.incident import Incident
from bot.domain.incident.records import (
    DetailsChangedEntry,
    DetailsChangedNotice,
    StepDoneEntry,
    StepUndoneEntry,
)
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.runbook.model import Policy
from bot.services.incidents.opening import clean_title
from bot.services.shared.access import Act
from bot.services.shared.changes import Changes
from bot.storage.tables.timeline import TimelineRows


@dataclass(frozen=True, slots=True)
class NewDetails:
    """The form as a person filled it in.

    Attributes:
        title, started: As typed; None when left as the form showed them.
        shown: What the form showed.
        key: The same key corrects them once ("interaction:123").
    """

    title: str | None
    started: str | None
    shown: ShownDetails
    key: str


@dataclass(frozen=True, slots=True)
class CorrectedDetails:
    """The incident after a correction, and what was corrected."""

    incident: Incident
    corrected: DetailsChange


class Details:
    """Corrects title and start, also of an incident that has ended."""

    def __init__(self, policy: Policy, changes: Changes) -> None:
        self._policy = policy
        self._changes = changes

    async def editable(self, incident_id: int, *, by: Person) -> Incident:
        """Return the incident if *by* may correct it, so that a refusal comes before the form."""
        return await self._changes.allowed(incident_id, by=by, act=Act.EDIT)

    async def correct(self, incident_id: int, new: NewDetails, *, by: Person) -> CorrectedDetails:
        """Correct the title, the start or both. Every post that shows them is edited, without a mention.

        Raises:
            As `Changes.change`; UserError: nothing has changed, the title is empty, the start is unreadable
                or after the report, or another person was first.
        """
        async with self._changes.change(incident_id, by=by, act=Act.EDIT) as change:
            entries = await TimelineRows(change.tx.sql).timeline(incident_id)
            if (known := _corrected_under(new.key, entries)) is not None:
                # Discord has delivered the same interaction twice.
                return CorrectedDetails(change.incident, known)
            before = change.incident
            title = None if new.title is None else clean_title(new.title)
            started_at = None if new.started is None else self._moment(new.started, now=change.now)
            after = correct_details(before, title=title, started_at=started_at, shown=new.shown)
            if after is before:
                raise UserError("edit_empty", incident=before.label)
            await change.save(after)
            corrected, line = changes_of(before, after), f"details:{after.version}"
            entry = DetailsChangedEntry(title=corrected.title, started_at=corrected.started_at, key=new.key)
            await change.record(entry, line=line)
            told = DetailsChangedNotice(title=corrected.title, started_at=corrected.started_at)
            await change.say(told, key=line)
            await change.then(IncidentEvent.DETAILS_CORRECTED)
            if corrected.started_at is not None:
                await change.then(IncidentEvent.START_CORRECTED)
        return CorrectedDetails(change.incident, corrected)

    def _moment(self, typed: str, *, now: datetime) -> datetime:
        if not typed.strip():  # elsewhere that means now; here a person has emptied the field
            raise InvalidStartTime(typed, now=now.astimezone(self._policy.timezone))
        return parse_start_time(typed, now=now, timezone=self._policy.timezone)


def _corrected_under(key: str, entries: Sequence[TimelineEntry]) -> DetailsChange | None:
    found = (DetailsChange.from_json(entry.data or {}) for entry in entries if entry.key == key)
    return next(found, None)


@dataclass(frozen=True, slots=True)
class ChecklistChange:
    """The outcome of a choice.

    Attributes:
        sheet: As it is now.
        is_outdated: It was made on another sheet, so nothing was ticked; the card is being drawn anew.
    """

    filled: Filled
    sheet: Checklist
    is_outdated: bool = False


class Checklists:
    """Records which items of the first response are done."""

    def __init__(self, policy: Policy, changes: Changes) -> None:
        self._policy = policy
        self._changes = changes

    async def choose(self, incident_id: int, pick: ChecklistPick, *, by: Person) -> ChecklistChange:
        """Tick what *by* chose, and take back what they took out of the choice; see `fill_in`.

        A choice on the sheet of another severity, or on one whose words were edited since, changes nothing.

        Raises:
            NotPermitted, IncidentNotFound; InvalidTransition: it has ended.
        """
        async with self._changes.change(incident_id, by=by, act=Act.CHECK_STEP) as change:
            sheet = self._policy.checklist(change.incident.severity)
            if pick.edition != sheet.edition:
                await change.save(drawn_anew(change.incident))
                return ChecklistChange(Filled(change.incident), sheet, is_outdated=True)
            filled = fill_in(change.incident, sheet, pick, by=by, at=change.now)
            if filled.incident is not change.incident:
                await change.save(filled.incident)
                for kind, places in ((StepDoneEntry, filled.ticked), (StepUndoneEntry, filled.unticked)):
                    for place in places:
                        words = asdict(sheet.steps[place])  # the sheet may be edited
                        await change.record(kind(severity=sheet.severity, number=place + 1, words=words))
        return ChecklistChange(filled, sheet)
