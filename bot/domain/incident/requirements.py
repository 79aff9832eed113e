"""What a change requires of an incident's state."""

from bot.domain.errors import InvalidTransition
from bot.domain.incident.incident import Incident, IncidentKind, Status


def require_open(incident: Incident) -> None:
    """Require that *incident* is open.

    Raises:
        InvalidTransition: it has ended; the key says how.
    """
    if incident.is_open:
        return
    if incident.is_drill:  # it cannot be opened again, so nothing else is of any use here
        raise InvalidTransition("drill_over", incident=incident.label)
    raise InvalidTransition(
        f"already_{incident.status.value}",
        incident=incident.label,
        by=None if incident.ended is None else incident.ended.name,
    )


def require_resolved(incident: Incident) -> None:
    """Require that *incident* is resolved.

    Raises:
        InvalidTransition: it is open, or has ended in another way; the key says how.
    """
    if incident.is_open:
        raise InvalidTransition("not_resolved", incident=incident.label)
    if incident.status is not Status.RESOLVED:
        require_open(incident)


def require_tracked(incident: Incident) -> None:
    """Require that *incident* is an open tracked alert.

    Raises:
        InvalidTransition: it has ended, or has become an incident.
    """
    require_open(incident)
    if incident.kind is IncidentKind.INCIDENT:
        raise InvalidTransition("declared_before", incident=incident.label)
