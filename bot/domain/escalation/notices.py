"""What the lines in an incident's thread say about its ladder and its responder."""

from bot.domain.delivery.notices import Notice


class DeclinedNotice(Notice, name="declined"):
    """A person on call cannot respond.

    Attributes:
        to: The on-call place that is paged instead; None: no place is left.
    """

    to: str | None


class UnreachedNotice(Notice, name="unreached"):
    """No DM reaches a person on call.

    Attributes:
        who: The person, as `Wording.on_call` takes it.
        to: As in `DeclinedNotice`.
    """

    who: str
    to: str | None


class ReleasedNotice(Notice, name="released"):
    """The responder has let the incident go."""


class LapsedNotice(Notice, name="lapsed"):
    """The responder did not answer a reminder; the notice's `by` names them."""


class TakenOverNotice(Notice, name="taken_over"):
    """Another responder has the acknowledgement now.

    Attributes:
        to, to_id: The new one; 0 for a person without an account.
    """

    to: str
    to_id: int
