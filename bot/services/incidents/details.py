"""Details of an incident that responders change: title and start, checklist, how it was resolved."""

from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Final

from bot.capability import IncidentEvent
from bot.domain.calendar.typed_times import InvalidStartTime, parse_start_time
from bot.domain.errors import UserError
from bot.domain.incident import transitions
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
from bot.domain.incident.parts import Aftermath, Resolution
from bot.domain.incident.records import (
    DetailsChangedEntry,
    DetailsChangedNotice,
    ResolutionCorrectedEntry,
    ResolutionCorrectedNotice,
    StepDoneEntry,
    StepUndoneEntry,
)
from bot.domain.people import Person
from bot.domain.text import storable
from bot.domain.timeline.entries import TimelineKind
from bot.runbook.model import Policy
from bot.services.incidents.opening import clean_title
from bot.services.shared.access import Act
from bot.services.shared.changes import Change, Changes
from bot.services.shared.contributions import postmortem_of
from bot.services.shared.shown_incidents import ShownIncidents
from bot.storage.tables.incidents import ResolutionRows
from bot.storage.tables.timeline import TimelineRows

#: Characters of the cause and of what ended it, and of the impact.
WORDS_LIMIT: Final = 1_000

IMPACT_LIMIT: Final = 300

#: The words of a resolution; the form has a field for each, and for the number of people and the duration.
_WORDS: Final = {"cause": WORDS_LIMIT, "fix": WORDS_LIMIT, "impact": IMPACT_LIMIT}

#: Under which name a field is stored, where that is not its own.
_STORED: Final = {"duration": "duration_s"}


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
            for known in entries:
                if known.key == new.key:  # Discord has delivered the same interaction twice
                    return CorrectedDetails(change.incident, DetailsChange.from_json(known.data or {}))
            before = change.incident
            title = None if new.title is None else clean_title(new.title)
            started_at = None
            if new.started is not None:
                if not new.started.strip():  # elsewhere that means now; here a person has emptied the field
                    raise InvalidStartTime(new.started, now=change.now.astimezone(self._policy.timezone))
                started_at = parse_start_time(new.started, now=change.now, timezone=self._policy.timezone)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class NewResolution:
    """The form as a person filled it in. Everything may be left out.

    Attributes:
        cause, fix, impact: As in `Resolution`, uncut.
        people, duration: As in `Resolution`.
        left: The names of the fields that were left as the form showed them.
        key: The same key is recorded once ("interaction:123").
    """

    cause: str = ""
    fix: str = ""
    impact: str = ""
    people: int | None = None
    duration: timedelta | None = None
    left: frozenset[str] = frozenset()
    key: str | None = None


async def keep_resolution(change: Change, stated: NewResolution | None) -> Resolution | None:
    """Store how the incident was resolved, in the caller's transaction, and return what holds now.

    Without words, what was said at an earlier resolve stays.
    """
    before = await ResolutionRows(change.tx.sql).resolution(change.incident.id)
    if stated is None:
        return before
    resolution = _made(change, stated)
    if before is None and resolution.is_empty:
        return None
    await ResolutionRows(change.tx.sql).save_resolution(change.incident, resolution)
    return resolution


async def with_aftermath(change: Change) -> Incident:
    """Return the incident of *change* with its aftermath as it is now."""
    resolution = await ResolutionRows(change.tx.sql).resolution(change.incident.id)
    postmortem = await postmortem_of(change.tx.sql, change.policy, change.incident.id)
    return replace(change.incident, aftermath=Aftermath(resolution=resolution, postmortem=postmortem))


@dataclass(frozen=True, slots=True)
class CorrectedResolution:
    """The outcome of a correction.

    Attributes:
        incident: With its aftermath.
        changed: False if everything was said before.
    """

    incident: Incident
    changed: bool


class Resolutions:
    """Corrects how an incident was resolved."""

    def __init__(self, changes: Changes, shown: ShownIncidents) -> None:
        self._changes = changes
        self._shown = shown

    async def require_resolved(self, incident_id: int, *, by: Person, digest: str | None = None) -> Incident:
        """Return a resolved incident that *by* may correct, so that a refusal comes before the form.

        Args:
            digest: As for `Lifecycle.require_open`.

        Raises:
            As `Changes.change`; InvalidTransition: it is open, or has ended in another way.
        """
        incident = await self._shown.as_shown(incident_id, digest)
        await self._changes.require(incident, by=by, act=Act.CORRECT_RESOLUTION)
        transitions.require_resolved(incident)
        return incident

    async def correct(self, incident_id: int, stated: NewResolution, *, by: Person) -> CorrectedResolution:
        """Correct how a resolved incident was resolved; the thread and the posts say so.

        Fields that were left as the form showed them keep what another person has written meanwhile.

        Raises:
            As `Changes.change`; InvalidTransition: it is not resolved.
        """
        async with self._changes.change(incident_id, by=by, act=Act.CORRECT_RESOLUTION) as change:
            transitions.require_resolved(change.incident)
            before = await ResolutionRows(change.tx.sql).resolution(incident_id) or Resolution(
                by_id=change.by.id, by_name=change.by.name, at=change.now
            )
            corrected = replace(
                _made(change, stated),
                **{_STORED.get(name, name): getattr(before, _STORED.get(name, name)) for name in stated.left},
            )
            is_same = before == replace(corrected, by_id=before.by_id, by_name=before.by_name, at=before.at)
            is_new = not (is_same or await _is_recorded(change, stated.key))
            if is_new:
                await ResolutionRows(change.tx.sql).save_resolution(change.incident, corrected)
                await change.save(transitions.renewed(change.incident))
                line = f"resolution:{change.incident.version}"
                await change.record(ResolutionCorrectedEntry(said=corrected, key=stated.key), line=line)
                await change.say(ResolutionCorrectedNotice(said=corrected), key=line)
                await change.then(IncidentEvent.RESOLUTION_CORRECTED)
            return CorrectedResolution(await with_aftermath(change), is_new)


def _made(change: Change, stated: NewResolution) -> Resolution:
    words = {name: storable(getattr(stated, name)).strip()[:limit] for name, limit in _WORDS.items()}
    span = stated.duration
    return Resolution(
        **words,
        people=stated.people,
        duration_s=None if span is None else int(span.total_seconds()),
        by_id=change.by.id,
        by_name=change.by.name,
        at=change.now,
    )


async def _is_recorded(change: Change, key: str | None) -> bool:
    """Return True if Discord has delivered the same interaction before."""
    entries = await TimelineRows(change.tx.sql).timeline(change.incident.id)
    kind = TimelineKind.RESOLUTION_CORRECTED
    return key is not None and any(one.kind is kind and one.key == key for one in entries)
