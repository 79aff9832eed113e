"""What the deliveries of an incident carry besides the incident."""

from bot.domain.incident.incident import Role
from bot.domain.payloads import Payload


class PostingData(Payload):
    """A part of a posting.

    Attributes:
        posting: The number of the posting; 0 in a row of an older version, which knew only the first one.
        quiet: It mentions no one, because the same news has pinged people already.
        again: It replaces a post that was deleted.
        answers: The id of the message that the alert answers.
    """

    posting: int
    quiet: bool = False
    again: bool = False
    answers: int | None = None


class MemberData(Payload):
    """A request to add a person to the private thread, or to remove one.

    Attributes:
        posting: As `PostingData.posting`.
        name: Of the person, where it is known.
        asked: The unique key of the request; None for one that goes with the thread.
    """

    posting: int
    name: str | None = None
    asked: str | None = None


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
