"""What a form showed when it opened, so that only the user's edits count when it is submitted."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from bot.domain.incident.incident import Incident
from bot.domain.text import short_digest, storable


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
        incident.started_at,
        incident.aftermath.resolution,
    )
    return short_digest(repr(shown))
