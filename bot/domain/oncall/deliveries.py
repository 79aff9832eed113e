"""What the messages about who is on call carry."""

from datetime import datetime

from bot.domain.payloads import Payload


class PlaceChange(Payload):
    """A place with another person.

    Attributes:
        former, handle: The people, by their handles in the policy file.
        until: When the shift ends; None: no end is known.
    """

    place: str
    former: str
    handle: str
    until: datetime | None


class OpenIncident(Payload):
    """An open incident in a handover.

    Attributes:
        title: None for a private one.
        where: Guild and channel of its thread or alert; None for a private one, or while it is not posted.
    """

    label: str
    severity: str
    status: str
    title: str | None
    where: tuple[int, ...] | None


class HandoverData(Payload):
    """A handover.

    Attributes:
        at: When it was; always written.
        handle: The reader of the DM; empty in the line for the team.
    """

    changes: tuple[PlaceChange, ...]
    incidents: tuple[OpenIncident, ...]
    at: datetime | None = None
    handle: str = ""


class GapData(Payload):
    """A gap in the readiness of a person on call.

    Attributes:
        gap: As `Gap` has it.
        names: Of channels or roles.
    """

    gap: str
    names: tuple[str, ...]


class ShiftCheckData(Payload):
    """A coming shift of a person, and the gaps in their readiness for it.

    Attributes:
        starts, ends: Of the shift; no end: None.
        standing: The shift has begun already, so the message is about now.
    """

    handle: str
    places: tuple[str, ...]
    starts: datetime
    ends: datetime | None
    gaps: tuple[GapData, ...]
    standing: bool = False
