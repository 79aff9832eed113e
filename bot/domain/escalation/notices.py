"""What the lines in an incident's thread say about its ladder and its responder."""

from dataclasses import dataclass
from typing import ClassVar

from bot.domain.delivery.notices import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclinedNotice(Notice):
    """A person on call cannot respond.

    Attributes:
        to: The on-call place that is paged instead; None: no place is left.
    """

    name: ClassVar = "declined"

    to: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreachedNotice(Notice):
    """No DM reaches a person on call.

    Attributes:
        who: The person, as `Wording.on_call` takes it.
        to: As in `DeclinedNotice`.
    """

    name: ClassVar = "unreached"

    who: str
    to: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedNotice(Notice):
    """The responder let go."""

    name: ClassVar = "released"


@dataclass(frozen=True, slots=True, kw_only=True)
class LapsedNotice(Notice):
    """The responder did not answer a reminder; they are given as the person who acted."""

    name: ClassVar = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOverNotice(Notice):
    """Another responder has the acknowledge now.

    Attributes:
        to, to_id: The new one; 0 for a person without an account.
    """

    name: ClassVar = "taken_over"

    to: str
    to_id: int
