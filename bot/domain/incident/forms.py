"""Forms about an incident: what they showed, what was typed, and what follows from both."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.calendar.typed_times import parse_typed_span
from bot.domain.errors import UserError
from bot.domain.incident.incident import Check, Incident
from bot.domain.incident.transitions import require_open
from bot.domain.payloads import Payload
from bot.domain.people import Person
from bot.domain.text import DIGEST_DIGITS, short_digest, storable
from bot.domain.triage.session import Triage
from bot.domain.triage.tree import Text


@dataclass(frozen=True, slots=True)
class Shown:
    """The selected values that a form showed when it opened.

    Attributes:
        targets, symptoms: Only values that the policy listed then.
    """

    targets: frozenset[str]
    symptoms: frozenset[str]


def with_changes(
    present: Collection[str], chosen: Collection[str], shown: Collection[str] | None, *, known: Iterable[str]
) -> tuple[str, ...]:
    """Apply the user's edits, not their whole selection, so that concurrent edits survive.

    Args:
        present: The values now, perhaps changed by others.
        chosen: The selection that was submitted.
        shown: The selection when the form opened. If None (not known), *chosen* replaces *present*.
        known: The values that the policy lists, in the order of the result. No form offers other values, so
            those stay.
    """
    listed = tuple(known)
    before = set(present if shown is None else shown)
    result = (set(present) - (before - set(chosen))) | (set(chosen) - before)
    return (*(one for one in listed if one in result), *(one for one in present if one not in listed))


def digest_of(text: str) -> str:
    """Return eight hex digits that identify the text of a field.

    Whitespace does not count: a client may return spaces and line breaks in another form.
    """
    return short_digest(" ".join(storable(text).split()))


def form_digest(incident: Incident) -> str:
    """Return eight hex digits that change as soon as a form about *incident* would show another value.

    A button under an alert carries them, because the alert shows the same values as the form.
    """
    last = incident.updates.last
    known, impact = ("", "") if last is None else (last.known, last.impact)
    shown = (
        incident.is_open,
        incident.is_private,
        incident.severity,
        incident.targets,
        incident.symptoms,
        known,
        impact,
        incident.phase,
        incident.users_affected,
        incident.path,
        incident.started_at,
        incident.aftermath.resolution,
    )
    return short_digest(repr(shown))


_COUNT: Final = re.compile(
    r"(?:約|およそ|だいたい|about|approx\.?|~)?\s*(?P<count>\d{1,3}(?:,\d{3})+|\d+)\s*"
    r"(?P<thousands>万|千|k)?\s*(?:人|名|people|persons?|users?|customers?)?\s*(?:くらい|ほど|以上)?",
    re.ASCII | re.IGNORECASE,
)
_TIMES: Final = {"万": 10_000, "千": 1_000, "k": 1_000}

#: What may stand between the number of people and the duration.
_BETWEEN: Final = " \t\n,;、。/|・·"
_JOINING: Final = re.compile(r"^(?:for|and|が|で|と|に)(?=[\s\d約])", re.ASCII | re.IGNORECASE)

_TWO_NUMBERS: Final = re.compile(r"\d[\s,]+\d", re.ASCII)

#: There are not more people than that.
MOST_PEOPLE: Final = 9_999_999_999


def parse_people(text: str) -> int:
    """Read "120", "約 120 人", "1,200 users" or "3万人" as a number of people.

    Raises:
        ValueError: *text* is anything else, or more than `MOST_PEOPLE`.
    """
    match = _COUNT.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if match is None:
        raise ValueError(text)
    people = int(match["count"].replace(",", "")) * _TIMES.get((match["thousands"] or "").lower(), 1)
    if people > MOST_PEOPLE:
        raise ValueError(text)
    return people


def parse_people_and_span(text: str) -> tuple[int | None, timedelta | None]:
    """Read "120 people, 45 min" in either order, or one of the two; a number alone is people.

    Raises:
        ValueError: a part of *text* is neither.
    """
    bare = unicodedata.normalize("NFKC", text).strip()
    if not bare:
        return None, None
    # From the right: "1,200, 45" is 1,200 people, and not one.
    for end in range(len(bare), -1, -1):
        if bare[max(end - 1, 0) : end + 1].isdecimal() and 0 < end < len(bare):  # inside a number
            continue
        first, second = bare[:end].strip(_BETWEEN), _JOINING.sub("", bare[end:].strip(_BETWEEN))
        for people, span in ((first, second), (second, first)):
            try:
                return parse_people(people) if people else None, _span(span) if span else None
            except ValueError:
                continue
    raise ValueError(text)


def _span(text: str) -> timedelta:
    if _TWO_NUMBERS.search(text):  # which a span of time would be read from as one
        raise ValueError(text)
    return parse_typed_span(text)


class TitleChange(Payload):
    """A title before and after."""

    before: str
    after: str


class StartChange(Payload):
    """A start time before and after, aware."""

    before: datetime
    after: datetime


class DetailsChange(Payload):
    """What was corrected of an incident; None: it stays."""

    title: TitleChange | None = None
    started_at: StartChange | None = None


@dataclass(frozen=True, slots=True)
class ShownDetails:
    """The title and start that a form showed when it opened.

    Attributes:
        title: The title's `digest_of`.
        started_s: The start as a Unix time, whole seconds.
    """

    title: str
    started_s: int


def shown_details(incident: Incident) -> ShownDetails:
    """Return the title and start that a form about *incident* shows now."""
    return ShownDetails(digest_of(incident.title), int(incident.started_at.timestamp()))


def correct_details(
    incident: Incident, *, title: str | None, started_at: datetime | None, shown: ShownDetails
) -> Incident:
    """Correct the title, the start, or both; return the incident unchanged if it has them already.

    Deadlines stay: they count from the report.

    Args:
        title: Cleaned, 1..200 characters; None leaves it.
        started_at: Aware; None leaves it.
        shown: The title and start that the user saw in the form.

    Raises:
        UserError: the start lies in a later minute than the report; or another person has corrected the same
            value meanwhile.
    """
    if started_at is not None:
        reported = incident.triggered_at
        if started_at.replace(second=0, microsecond=0) > reported:
            raise UserError(
                "start_after_report", incident=incident.label, start=started_at, reported=reported
            )
        started_at = min(started_at, reported)  # in the same minute: people type no seconds
    now = shown_details(incident)
    if title not in (None, incident.title) and now.title != shown.title:
        raise UserError("title_moved", incident=incident.label, title=incident.title)
    if started_at not in (None, incident.started_at) and now.started_s != shown.started_s:
        raise UserError("start_moved", incident=incident.label, start=incident.started_at)
    right = replace(incident, title=title or incident.title, started_at=started_at or incident.started_at)
    if right == incident:
        return incident
    version = incident.version + 1
    return replace(right, version=version, details_version=version)


def with_triage(alert: Incident, triage: Triage, *, path: tuple[tuple[str, str], ...]) -> Incident:
    """Return a tracked alert with the title, start, targets, symptoms and severity's path of *triage*.

    Empty targets and symptoms tell nothing new, and neither does a start after the alert's report, such as
    the "now" of a person who triages an hour later: the alert keeps its own.
    """
    begun = triage.started_at <= alert.triggered_at
    return replace(
        alert,
        title=triage.title,
        path=path,
        severity_changed=None,
        targets=triage.targets or alert.targets,
        symptoms=triage.symptoms or alert.symptoms,
        started_at=triage.started_at if begun else alert.started_at,
        version=alert.version + 1,
    )


def changes_of(before: Incident, after: Incident) -> DetailsChange:
    """Return what was corrected."""
    title = TitleChange(before=before.title, after=after.title)
    start = StartChange(before=before.started_at, after=after.started_at)
    return DetailsChange(
        title=None if title.before == title.after else title,
        started_at=None if start.before == start.after else start,
    )


#: Hex digits of a step's key.
_KEY_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class Checklist:
    """The steps of one severity, in the policy's order; there may be none."""

    severity: str
    steps: tuple[Text, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the key of each step, made of its words, so that a tick never shows on another step.

        Two steps with the same words have two keys. A step of another severity has another key.
        """
        return tuple(
            _digest(self.severity, step.ja, step.en, str(self.steps[:index].count(step)), digits=_KEY_DIGITS)
            for index, step in enumerate(self.steps)
        )

    @property
    def edition(self) -> str:
        """Return eight hex digits that change with the severity and with any word of the sheet."""
        return _digest(self.severity, *self.keys, digits=DIGEST_DIGITS)

    def done(self, checks: Mapping[str, Check]) -> frozenset[int]:
        """Return the indexes of the steps that are ticked in *checks*."""
        return frozenset(index for index, key in enumerate(self.keys) if key in checks)


@dataclass(frozen=True, slots=True)
class ChecklistPick:
    """A selection in the card's select menu.

    Attributes:
        edition: The edition of the sheet that the user saw.
        shown: The indexes of the steps that the menu showed as done.
        chosen: The indexes of the steps in the submitted selection.
    """

    edition: str
    shown: frozenset[int]
    chosen: frozenset[int]


@dataclass(frozen=True, slots=True)
class Filled:
    """The result of a selection: the incident, and the indexes of the steps ticked and unticked."""

    incident: Incident
    ticked: tuple[int, ...] = ()
    unticked: tuple[int, ...] = ()


def fill_in(incident: Incident, sheet: Checklist, pick: ChecklistPick, *, by: Person, at: datetime) -> Filled:
    """Tick the steps that *by* added to the selection, and untick those that they removed.

    Steps that they left as shown stay as they are, so two people who tick different steps at the same moment
    do not undo each other. A tick keeps the name of the first person who made it.

    Args:
        pick: Of this very edition of *sheet*.
    """
    require_open(incident)
    done = sheet.done(incident.checks)
    ticked = _known(sheet, (pick.chosen - pick.shown) - done)
    unticked = _known(sheet, (pick.shown - pick.chosen) & done)
    if not ticked and not unticked:
        return Filled(incident)
    keys = sheet.keys
    gone = {keys[index] for index in unticked}
    others = {key: check for key, check in incident.checks.items() if key not in gone}
    new = {keys[index]: Check(by.id, by.name, at) for index in ticked}
    changed = replace(incident, checks={**others, **new}, version=incident.version + 1)
    return Filled(changed, ticked, unticked)


def drawn_anew(incident: Incident) -> Incident:
    """Have the card redrawn, because it shows an outdated sheet; nothing else changes."""
    require_open(incident)
    return replace(incident, version=incident.version + 1)


def _known(sheet: Checklist, indexes: Collection[int]) -> tuple[int, ...]:
    """Return *indexes* in order, without those beyond the sheet: the selection comes from outside."""
    return tuple(index for index in range(len(sheet.steps)) if index in indexes)


def _digest(*parts: str, digits: int) -> str:
    return short_digest("\0".join(parts), digits=digits)
