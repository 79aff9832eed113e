"""What posts show of an incident that a form about it shows, too: so short that a button can carry it."""

from hashlib import sha256
from typing import Final

from bot.domain.incident.incident import Incident

DIGITS: Final = 8


def face_of(incident: Incident) -> str:
    """Eight hex digits, others as soon as the form about *incident* would show anything else."""
    impact = "" if incident.last_update is None else incident.last_update.impact
    shown = (
        incident.is_open,
        incident.is_private,
        incident.severity,
        incident.targets,
        incident.symptoms,
        impact,
    )
    return sha256(repr(shown).encode(errors="replace")).hexdigest()[:DIGITS]
