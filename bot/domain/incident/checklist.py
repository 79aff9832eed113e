"""The first-response sheet as a checklist: the identity of each step, and the steps that are done."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.domain.incident.incident import Check, Incident
from bot.domain.incident.requirements import require_open
from bot.domain.people import Person
from bot.domain.text import DIGEST_DIGITS, short_digest
from bot.domain.triage.tree import Text

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
