"""The people whom an incident's ladder has called so far and calls next."""

from collections.abc import Iterable
from datetime import datetime

from bot.domain.payloads import Payload


class CallStep(Payload):
    """A step of the ladder, as the posts show it.

    Attributes:
        due_at: When it was, or is, to be taken.
        taken_at: When it was taken; None while it is to come.
        mention: As `Mention` has it.
        dm: The on-call places that it pages.
        repeats: The step is repeated until the incident is acknowledged.
        also: The ways beside Discord that it names, as `Also` has them.
    """

    due_at: datetime
    taken_at: datetime | None = None
    mention: str = "none"
    dm: tuple[str, ...] = ()
    repeats: bool = False
    also: tuple[str, ...] = ()


class CallPage(Payload):
    """A DM to a person on call.

    Attributes:
        who: The person, as `marked`; the place while its holder is not known.
        asked_at: When it was queued, which is when its step was taken.
        sent_at: When it arrived; None: it has not.
        is_refused: It was given up.
        is_emailed: The person has had an email in its place, or beside it.
    """

    who: str
    asked_at: datetime
    sent_at: datetime | None = None
    is_refused: bool = False
    is_emailed: bool = False


class OutsideCall(Payload):
    """A page that left Discord, and what came of it.

    Attributes:
        way: As `Way` has it.
        who: The person, as `marked`; the place while its holder is not known; None: it pages by itself.
        sent_at: When the system took it; None: it was given up.
    """

    way: str
    who: str | None = None
    sent_at: datetime | None = None


class Decline(Payload):
    """The answer of a person who cannot respond.

    Attributes:
        who: The person, as `marked`.
    """

    who: str
    at: datetime


class Calls(Payload):
    """The calls for an unacknowledged incident; empty for any other.

    Attributes:
        steps: Of all its ladders, without those that were cancelled, by time.
        pages: By time.
        declined: The people who cannot respond, by time.
        outside: The pages that left Discord, by time.
    """

    steps: tuple[CallStep, ...] = ()
    pages: tuple[CallPage, ...] = ()
    declined: tuple[Decline, ...] = ()
    outside: tuple[OutsideCall, ...] = ()

    @property
    def following(self) -> CallStep | None:
        """Return the next step; None if none is left."""
        return next(iter(self.to_come), None)

    @property
    def to_come(self) -> list[CallStep]:
        """Return the steps that are still to come, by time."""
        return [step for step in self.steps if step.taken_at is None]

    @property
    def decliners(self) -> tuple[str, ...]:
        """Return the people who cannot respond, as `marked`."""
        return tuple(one.who for one in self.declined)

    def taken(self) -> list[tuple[datetime, list[CallStep]]]:
        """Return the steps that were taken, those that were taken together under one time."""
        moments: dict[datetime, list[CallStep]] = {}
        for step in self.steps:
            if step.taken_at is not None:
                moments.setdefault(step.taken_at, []).append(step)
        return sorted(moments.items())

    def called_at(self, moment: datetime) -> list[str]:
        """Return the people who were called by the step taken at *moment*."""
        return list(dict.fromkeys(page.who for page in self.pages if page.asked_at == moment))

    def is_past(self, deadline: datetime) -> bool:
        """Return True if a step that was due at *deadline* or later was taken."""
        return any(step.taken_at is not None and step.due_at >= deadline for step in self.steps)


def arrived(pages: Iterable[CallPage]) -> list[datetime]:
    """Return when *pages* arrived, those that did."""
    return [page.sent_at for page in pages if page.sent_at is not None]
