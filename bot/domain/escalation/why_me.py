"""The answer to "Why me?": why a page, or a message in the channel, came to a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.escalation.ladder import Why
from bot.domain.incident.calls import CallPage
from bot.domain.incident.incident import Incident
from bot.domain.oncall.duty import Duty


@dataclass(frozen=True, slots=True)
class CallRule:
    """What caused the message.

    Attributes:
        severity: The one whose ladder it was.
        at: When it was decided, aware.
        number: The step's number in the ladder, from 1, as the policy file lists it; None: no step of it.
        after: Time from the ladder's start to the step; *due_at*: when it was due.
        repeats: The step is a repetition of that one.
        why: Why it came before its time, or outside the ladder.
        declined_by: The name of the person whose decline passed it on.
    """

    severity: str
    at: datetime
    number: int | None = None
    after: timedelta | None = None
    due_at: datetime | None = None
    repeats: bool = False
    why: Why | None = None
    declined_by: str | None = None


class CallAnswer(StrEnum):
    """What a person who was called has answered."""

    ACKNOWLEDGED = "acknowledged"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class CalledPerson:
    """A person who was called.

    Attributes:
        who: As `marked`; the place while its holder is not known.
        duty: What put them there when they were called; None: that is not known.
        is_recorded: The duty was stored with the call; else it is computed from the schedule as it was.
        pages: The DMs to them, by time.
        is_gone: Discord knows no such member of the server.
        answer, answered_at: Their answer, if there is one.
    """

    who: str
    place: str
    duty: Duty | None
    is_recorded: bool
    pages: tuple[CallPage, ...]
    is_gone: bool = False
    answer: CallAnswer | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Uncalled:
    """A person who was on call, too, but had not been called.

    Attributes:
        at: When they declined all the same, or the time of the step that was to call them; None: there was
            no such step.
    """

    who: str
    place: str
    has_declined: bool = False
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reminded:
    """The reminder of a status update, and whom it asks.

    Attributes:
        due_at: When the update was due.
        lead: The name of the person whom it asks: the commander, else the responder; None: none was left.
        acknowledged_at: When that person acknowledged; None: they have not.
        is_to_reader: It asks the person who wants to know.
        stand_in: The person on call whom it mentions instead.
    """

    due_at: datetime
    lead: str | None
    acknowledged_at: datetime | None
    is_to_reader: bool
    stand_in: CalledPerson | None = None


@dataclass(frozen=True, slots=True)
class WhyMe:
    """The answer to one person.

    Attributes:
        rule: None: the ladder has not called anyone.
        own: The reader; None: they were not called.
        tried: The others called before, in that order.
        beside: The others called by the same step; without `own`, all that it called.
        uncalled: The rest of the on-call order then.
        reminded: They ask below a reminder, which no ladder has caused.
    """

    incident: Incident
    rule: CallRule | None = None
    own: CalledPerson | None = None
    tried: tuple[CalledPerson, ...] = ()
    beside: tuple[CalledPerson, ...] = ()
    uncalled: tuple[Uncalled, ...] = ()
    reminded: Reminded | None = None
