"""The timeline that people read and write: notes, pages, corrections; and who joins the war room."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain.calendar.typed_times import (
    InvalidStartTime,
    StartTimeInFuture,
    StartTimeTooOld,
    names_day,
    parse_start_time,
)
from bot.domain.errors import UserError
from bot.domain.incident.forms import digest_of
from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.incident.transitions import correct_last_update
from bot.domain.people import Person
from bot.domain.text import storable
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.domain.timeline.lines import Line, TimelineRow, folded, lines_of
from bot.domain.timeline.recorded import (
    CorrectedEntry,
    CorrectedNotice,
    NoteEntry,
    NoteNotice,
    VoiceJoinedEntry,
)
from bot.runbook.model import Policy
from bot.services.incidents.updates import IMPACT_LIMIT, KNOWN_LIMIT
from bot.services.shared.access import Access, Act, VisibilityChanged, require_as_seen
from bot.services.shared.changes import Change, Changes
from bot.storage.store import Store
from bot.storage.tables.acknowledgements import AcknowledgementRows
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.timeline import TimelineRows

#: Characters of a correction: a pinned message may be this long.
CORRECTION_LIMIT: Final = 4_000

log = structlog.get_logger(__name__)

NOTE_LIMIT: Final = 1_000

PAGE_SIZE: Final = 10

#: A person whose connection drops and comes back within this time has not joined twice.
_JOINED_AGAIN_AFTER: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class ShownWords:
    """The content of a form when it was opened, each part as its `digest_of`.

    Attributes:
        moment: When it happened; None if not known, from a form of an older version.
    """

    words: str
    impact: str
    moment: str | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """The new content of an entry.

    Attributes:
        text: Its words; None when they were left as the form showed them.
        at: When it happened, as typed; empty leaves the time alone.
        impact: Of a status update; None as for `text`, empty when there is none.
        shown: None if not known, from a form of an older version.
    """

    text: str | None
    at: str = ""
    impact: str | None = None
    shown: ShownWords | None = None


@dataclass(frozen=True, slots=True)
class CorrectedLine:
    """The line of an entry, and what a correction makes of it."""

    line: Line
    words: str
    impact: str
    at: datetime

    @property
    def differs(self) -> bool:
        """Return True if the words, impact or time differ from the line's."""
        line = self.line
        return (self.words, self.impact, self.at) != (line.said, line.impact, line.at)

    @property
    def kept(self) -> CorrectedEntry:
        """Return the timeline entry: all that counts from now on. Earlier words stay in their own entry."""
        impact = self.impact if self.line.entry.is_update else None
        return CorrectedEntry(text=self.words, impact=impact, at=None if self.at == self.line.at else self.at)

    @property
    def told(self) -> CorrectedNotice:
        """Return the thread's line: what has changed, before and after."""
        line = self.line
        is_moved, says_impact = self.at != line.at, self.impact != line.impact
        says_words = self.words != line.said or not says_impact
        return CorrectedNotice(
            before=("" if self.words == line.said else line.said) if says_words else None,
            text=self.words if says_words else None,
            impact_before=line.impact if says_impact else None,
            impact=self.impact if says_impact else None,
            at_before=line.at if is_moved else None,
            at=self.at if is_moved else None,
        )


def editable(line: Line) -> tuple[str, str]:
    """Return words and impact as a form shows them, within the lengths that it takes."""
    limit = KNOWN_LIMIT if line.entry.is_update else CORRECTION_LIMIT
    return line.said[:limit], line.impact[:IMPACT_LIMIT]


def shown_words(line: Line) -> ShownWords:
    """Return the content that a form about *line* would show now."""
    words, impact = editable(line)
    return ShownWords(digest_of(words), digest_of(impact), digest_of(line.at.isoformat()))


def corrected(line: Line, correction: Correction, *, at: datetime, label: str) -> CorrectedLine:
    """Return *line* with *correction* applied.

    An update has words, an impact or both, or says that there is no impact.

    Raises:
        UserError: nothing is left, nothing has changed, or another person has corrected the same part since
            the form was opened.
    """
    found = (
        _of_update(line, correction, at=at) if line.entry.is_update else _of_words(line, correction, at=at)
    )
    _require_as_shown(found, correction.shown, label=label)
    if not found.differs:
        raise UserError("correction_empty", incident=label)
    return found


def cleaned(text: str, *, limit: int) -> str:
    """Return *text* without what the database refuses, cut to *limit*."""
    return storable(text).strip()[:limit]


def _of_words(line: Line, correction: Correction, *, at: datetime) -> CorrectedLine:
    words = line.said if correction.text is None else cleaned(correction.text, limit=CORRECTION_LIMIT)
    if correction.text is not None and not words:
        is_pin = line.entry.kind is TimelineKind.PINNED
        raise UserError("pin_emptied") if is_pin else UserError("note_empty")
    return CorrectedLine(line, words, line.impact, at)


def _of_update(line: Line, correction: Correction, *, at: datetime) -> CorrectedLine:
    words = line.said if correction.text is None else cleaned(correction.text, limit=KNOWN_LIMIT)
    impact = line.impact if correction.impact is None else cleaned(correction.impact, limit=IMPACT_LIMIT)
    if line.said and not (words or impact):
        raise UserError("update_emptied")
    return CorrectedLine(line, words, impact, at)


def _require_as_shown(corrected: CorrectedLine, shown: ShownWords | None, *, label: str) -> None:
    """Check that each corrected part is still as the form showed it."""
    line, now = corrected.line, shown_words(corrected.line)
    if shown is None:
        return
    if corrected.words != line.said and now.words != shown.words:
        gone = UserError("words_removed", incident=label)
        raise UserError("words_moved", incident=label, words=line.said) if line.said else gone
    if corrected.impact != line.impact and now.impact != shown.impact:
        gone = UserError("impact_removed", incident=label)
        raise UserError("impact_moved", incident=label, impact=line.impact) if line.impact else gone
    if corrected.at != line.at and shown.moment not in (None, now.moment):
        raise UserError("moment_moved", incident=label, at=line.at)


@dataclass(frozen=True, slots=True)
class History:
    """An incident with all that happened, oldest first."""

    incident: Incident
    lines: tuple[Line, ...]

    @property
    def can_fold(self) -> bool:
        """Return True if several messages of a minute are one row when it is folded."""
        return len(folded(self.lines)) < len(self.lines)


@dataclass(frozen=True, slots=True)
class Noted:
    """A note that was added to an incident's timeline.

    Attributes:
        at: When it happened, as it was understood; None: now.
    """

    incident: Incident
    at: datetime | None


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """A part of a history.

    Attributes:
        rows: At most `PAGE_SIZE`, oldest first.
        number: From 0, which is the oldest: a page stays what it is while the timeline grows.
        pages: How many there are, at least 1.
        is_whole: Nothing is folded.
        can_fold: The history has messages that are one row if it is folded.
    """

    incident: Incident
    rows: tuple[TimelineRow, ...]
    number: int
    pages: int
    is_whole: bool = False
    can_fold: bool = False


class Timelines:
    """Shows an incident's timeline, and adds and corrects entries.

    A change raises as `Changes.change`, a look IncidentNotFound if the person may not see the incident.
    """

    def __init__(self, store: Store, policy: Policy, access: Access, changes: Changes) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._changes = changes

    async def note(self, incident_id: int, *, by: Person, text: str, key: str, at: str = "") -> Noted:
        """Put a note on the timeline; it is posted in the thread as well.

        Args:
            key: The same key posts one note ("interaction:123").
            at: When it happened, as typed ("14:10"); empty for now.

        Raises:
            UserError: the note is empty, or the time is unreadable, in the future, or a time of day, without
                a day, before the incident began.
        """
        words = cleaned(text, limit=NOTE_LIMIT)
        if not words:
            raise UserError("note_empty")
        async with self._changes.change(incident_id, by=by, act=Act.NOTE) as change:
            happened_at = self._moment(at, now=change.now, incident=change.incident)
            if _known(key, await TimelineRows(change.tx.sql).timeline(incident_id)):
                return Noted(change.incident, happened_at)  # Discord has delivered the same interaction twice
            await change.record(NoteEntry(text=words, key=key), at=happened_at, line=f"note:{key}")
            await change.say(NoteNotice(text=words, at=happened_at), key=f"note:{key}")
        return Noted(change.incident, happened_at)

    async def correctable(self, incident_id: int, entry_id: int, *, by: Person) -> Line:
        """Return the entry to correct, with its words.

        Raises:
            UserError: no person wrote it.
        """
        incident = await IncidentRows(self._store.sql).incident(incident_id)
        await self._access.require_incident(by, Act.CORRECT, incident)
        return _line(await TimelineRows(self._store.sql).timeline(incident_id), entry_id)

    async def correct(
        self, incident_id: int, entry_id: int, correction: Correction, *, by: Person, key: str
    ) -> Incident:
        """Correct the words and time of an entry; the first version stays. The thread gets a note.

        A status update's impact can be corrected, too; every post that shows it is edited.

        Raises:
            UserError: no person wrote it, nothing is left, nothing has changed, another person was first, or
                the time is refused as for `note`.
        """
        async with self._changes.change(incident_id, by=by, act=Act.CORRECT) as change:
            entries = await TimelineRows(change.tx.sql).timeline(incident_id)
            if _known(key, entries):
                return change.incident  # Discord has delivered the same interaction twice
            line = _line(entries, entry_id)
            moved = line.can_be_moved
            at = self._moment(correction.at, now=change.now, incident=change.incident) if moved else None
            now = corrected(line, correction, at=line.at if at is None else at, label=change.incident.label)
            entry = replace(now.kept, key=key)
            await change.record(entry, corrects=entry_id, line=f"corrected:{key}")
            await change.say(now.told, key=f"corrected:{key}")
            lines = lines_of(await TimelineRows(change.tx.sql).timeline(incident_id))
            incident = correct_last_update(change.incident, lines, entry_id=entry_id)
            if incident is not change.incident:
                await change.save(incident)
        return change.incident

    async def history(self, incident_id: int, *, by: Person) -> History:
        """Return everything that happened."""
        incident = await IncidentRows(self._store.sql).incident(incident_id)
        await self._access.require_visible(by, "show", incident, act="show")
        entries = await self._access.readable(by, await TimelineRows(self._store.sql).timeline(incident_id))
        return History(incident, lines_of(entries, await DeliveryRows(self._store.sql).posts(incident_id)))

    async def page(
        self, incident_id: int, *, by: Person, number: int | None = None, whole: bool = False
    ) -> TimelinePage:
        """Return a part of the history; the newest one if *number* is None or too large.

        Args:
            whole: Show every message that the bot has sent, instead of one row for each minute.
        """
        history = await self.history(incident_id, by=by)
        rows: tuple[TimelineRow, ...] = history.lines if whole else folded(history.lines)
        pages = max(-(-len(rows) // PAGE_SIZE), 1)
        shown = pages - 1 if number is None else min(number, pages - 1)
        part = rows[shown * PAGE_SIZE : (shown + 1) * PAGE_SIZE]
        return TimelinePage(history.incident, part, shown, pages, is_whole=whole, can_fold=history.can_fold)

    async def join_voice(self, guild_id: int, *, by: Person, channel: str) -> Incident | None:
        """Note on one incident that a person who may respond has joined a voice channel.

        A person talks about one incident at a time. Of the acknowledged ones where they are a responder or
        hold a role, this is the most severe, and of several the newest. If there is none, it is the only open
        incident. Tracked alerts have no war room.

        Returns:
            The incident with the new entry; None when nothing was noted.
        """
        if by.is_bot or not self._access.allows_for_some(by, "acknowledge"):
            return None
        seen = [
            one
            for one in await IncidentRows(self._store.sql).open_incidents(guild_id)
            if one.kind is IncidentKind.INCIDENT
            and self._access.allows(by, "acknowledge", about=one)
            and await self._access.sees(by, one)
        ]
        theirs = [one for one in seen if await self._is_on(one, by)]
        chosen = theirs or (seen if len(seen) == 1 else [])
        if not chosen:
            return None
        newest_first = sorted(chosen, key=lambda one: one.id, reverse=True)
        most_severe = min(newest_first, key=lambda one: self._policy.rules_of(one).rank)
        return most_severe if await self._note_voice(most_severe, by=by, channel=channel) else None

    async def _is_on(self, incident: Incident, by: Person) -> bool:
        if incident.status is not Status.ACKNOWLEDGED:
            return False
        holds_role = any(holder.id == by.id for holder in incident.roles.values())
        return holds_role or any(
            one.id == by.id for one in await AcknowledgementRows(self._store.sql).responders(incident.id)
        )

    async def _note_voice(self, incident: Incident, *, by: Person, channel: str) -> bool:
        while await self._access.sees(by, incident):  # no one is refused, so nothing is on record
            try:
                return await self._note_join(incident, by=by, channel=channel)
            except VisibilityChanged:
                incident = await IncidentRows(self._store.sql).incident(incident.id)
        return False

    async def _note_join(self, seen: Incident, *, by: Person, channel: str) -> bool:
        async with self._store.transaction() as tx:
            incident = await IncidentWrites(tx.sql).incident(seen.id, lock=True)
            require_as_seen(incident, seen)
            now = await tx.now()
            if not incident.is_open or any(
                entry.kind is TimelineKind.VOICE_JOINED
                and entry.actor_id == by.id
                and entry.at > now - _JOINED_AGAIN_AFTER
                for entry in await TimelineRows(tx.sql).timeline(seen.id)
            ):
                return False
            change = Change(tx, self._policy, incident, by, now)
            await change.record(VoiceJoinedEntry(channel=channel))
        log.info("timeline.voice_joined", incident_id=seen.id, user_id=by.id)
        return True

    def _moment(self, typed: str, *, now: datetime, incident: Incident) -> datetime | None:
        """Return the typed time, or None if it is empty, for now."""
        if not typed.strip():
            return None
        at = self._read(typed, now=now)
        # Without a typed day, the day was guessed: a time before the incident is as likely a slip.
        if at < incident.started_at.replace(second=0, microsecond=0) and not names_day(typed):
            local = at.astimezone(self._policy.timezone)
            raise UserError(
                "note_time_before_start",
                text=typed,
                at=at,
                incident=incident.label,
                start=incident.started_at,
                example_date=f"{local:%Y-%m-%d %H:%M}",
            )
        return at

    def _read(self, typed: str, *, now: datetime) -> datetime:
        try:
            return parse_start_time(typed, now=now, timezone=self._policy.timezone)
        except InvalidStartTime as refused:
            raise UserError("note_time_unreadable", **refused.fields) from refused
        except StartTimeInFuture as refused:
            raise UserError("note_time_in_future", **refused.fields) from refused
        except StartTimeTooOld as refused:
            raise UserError("note_time_too_old", **refused.fields) from refused


def _known(key: str, entries: Sequence[TimelineEntry]) -> bool:
    return any(entry.key == key for entry in entries)


def _line(entries: Sequence[TimelineEntry], entry_id: int) -> Line:
    found = next((line for line in lines_of(entries) if line.entry.id == entry_id), None)
    if found is None or not found.can_be_corrected:
        raise UserError("entry_not_correctable")
    return found
