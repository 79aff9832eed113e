"""What puts a person on call at a place: an override, a schedule set from chat, or the policy file."""

from datetime import datetime
from enum import StrEnum

from bot.domain.payloads import Payload


class DutyKind(StrEnum):
    """The entry that puts a person on call; the one that wins comes first."""

    OVERRIDE = "override"
    SWAP = "swap"  # two overrides of one commit
    PERSON = "person"  # set from chat until further notice
    ROTATION = "rotation"  # set from chat
    CALENDAR = "calendar"  # an imported shift
    LAYER = "layer"  # a rotation of the policy file
    ALWAYS = "always"  # the policy file's person


class Duty(Payload):
    """What put a person on call, as it counted at one moment.

    Attributes:
        kind: One that only a newer version knows cannot be read, as if nothing were recorded.
        who: The person's handle.
        since, until: When the shift began and ends, as it was planned then; None: no such moment.
        by: The name of the person who recorded it in chat.
        instead_of: The handle of the person who would be on call without the override.
        layer: The number of the policy file's layer, from 1.
        applies: When that layer counts, as `Applies` has it.
    """

    kind: DutyKind
    who: str
    since: datetime | None = None
    until: datetime | None = None
    by: str | None = None
    instead_of: str | None = None
    layer: int | None = None
    applies: str | None = None
