"""The first-response sheet as checks that fill in: which step is which, and what is done of it."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.domain.incident.incident import Check, Incident
from bot.domain.incident.transitions import require_open
from bot.domain.people import Person
from bot.domain.triage.tree import Text

#: Hex digits of a step's key, and of what names an edition of a sheet.
_KEY: Final = 16
_EDITION: Final = 8


@dataclass(frozen=True, slots=True)
class Checklist:
    """The steps of one severity, in the policy's order; there may be none."""

    severity: str
    steps: tuple[Text, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """What a tick of each step is kept under: made of its words, so that it never shows on others.

        Two steps with the same words are two; those of another severity are others.
        """
        return tuple(
            _digest(self.severity, step.ja, step.en, str(self.steps[:place].count(step)))[:_KEY]
            for place, step in enumerate(self.steps)
        )

    @property
    def edition(self) -> str:
        """Eight hex digits that change with any word of it, and with the severity."""
        return _digest(self.severity, *self.keys)[:_EDITION]

    def done(self, checks: Mapping[str, Check]) -> frozenset[int]:
        """The places, from 0, of the steps that *checks* has."""
        return frozenset(place for place, key in enumerate(self.keys) if key in checks)


@dataclass(frozen=True, slots=True)
class Pick:
    """What somebody chose in the card's select.

    Attributes:
        edition: Of the sheet that they saw.
        shown: The places, from 0, of the steps that stood there as done.
        chosen: The places of those that they left chosen.
    """

    edition: str
    shown: frozenset[int]
    chosen: frozenset[int]


@dataclass(frozen=True, slots=True)
class Filled:
    """What a choice changed; the places, from 0, of the steps that were ticked and taken back."""

    incident: Incident
    ticked: tuple[int, ...] = ()
    unticked: tuple[int, ...] = ()


def fill_in(incident: Incident, sheet: Checklist, pick: Pick, *, by: Person, at: datetime) -> Filled:
    """Tick what *by* chose, and take back what they took out of the choice.

    Only what differs from what they saw counts: two people who tick different steps at the same moment do not
    undo each other. Whoever ticked a step first stays the one who did.

    Args:
        pick: Of this very edition of *sheet*.
        at: Aware.

    Raises:
        InvalidTransition: it has ended.
    """
    require_open(incident)
    done = sheet.done(incident.checks)
    ticked = _places(sheet, (pick.chosen - pick.shown) - done)
    unticked = _places(sheet, (pick.shown - pick.chosen) & done)
    if not ticked and not unticked:
        return Filled(incident)
    keys = sheet.keys
    gone = {keys[place] for place in unticked}
    kept = {key: check for key, check in incident.checks.items() if key not in gone}
    new = {keys[place]: Check(by.id, by.name, at) for place in ticked}
    changed = replace(incident, checks={**kept, **new}, version=incident.version + 1)
    return Filled(changed, ticked, unticked)


def drawn_anew(incident: Incident) -> Incident:
    """Nothing has changed, but its card shows a sheet that is no longer the one.

    Raises:
        InvalidTransition: it has ended.
    """
    require_open(incident)
    return replace(incident, version=incident.version + 1)


def _places(sheet: Checklist, places: Collection[int]) -> tuple[int, ...]:
    """In order, and only those that there are: what was chosen comes from outside."""
    return tuple(place for place in range(len(sheet.steps)) if place in places)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
