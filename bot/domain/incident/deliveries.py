"""What the deliveries of an incident carry besides the incident."""

from dataclasses import dataclass

from bot.domain.incident.incident import Role
from bot.domain.payloads import Payload


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleDm(Payload):
    """The DM about a role that another person gave or took over.

    Attributes:
        holder_id, holder: Its reader: the new holder, or the former one.
        by: The name of the person who gave it, or took it over.
        taken_over: The reader has lost the role.
    """

    role: Role
    holder_id: int
    holder: str
    by: str
    taken_over: bool = False
