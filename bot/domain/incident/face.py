"""A digest of the values that both a post and a form show, short enough for a button to carry."""

from hashlib import sha256
from typing import Final

from bot.domain.incident.incident import Incident

DIGITS: Final = 8


def face_of(incident: Incident) -> str:
    """Return eight hex digits that change as soon as the form about *incident* would show another value."""
    impact = "" if incident.updates.last is None else incident.updates.last.impact
    shown = (
        incident.is_open,
        incident.is_private,
        incident.severity,
        incident.targets,
        incident.symptoms,
        impact,
    )
    return sha256(repr(shown).encode(errors="replace")).hexdigest()[:DIGITS]
