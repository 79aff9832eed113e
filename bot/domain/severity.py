"""Severities, and the rules of each. Source: the runbook, Severity 区分; the values are policy."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from bot.domain.paging import Also
from bot.domain.payloads import Payload


class Mention(StrEnum):
    """Whom the message of an escalation step mentions in a channel."""

    NONE = "none"
    HERE = "here"


class CalendarDeadline(StrEnum):
    """Deadlines that a calendar decides, not a stopwatch."""

    NEXT_BUSINESS_DAY = "next_business_day"


NEXT_BUSINESS_DAY: Final = CalendarDeadline.NEXT_BUSINESS_DAY

#: A span from the alert (> 0), or a moment that `business_time` works out.
Deadline: TypeAlias = timedelta | CalendarDeadline


@dataclass(frozen=True, slots=True)
class LadderStep:
    """One step of a severity's ladder. Steps are taken only until someone acknowledges.

    Attributes:
        after: Time since the alert, >= 0; None means at the ack deadline.
        mention: The mention of the message in the alert's channel. The step at 0 posts none: the alert
            is there.
        dm: On-call places ("primary") to alert by DM; may be empty.
        also: Ways beside Discord: the personal ones for each person of `dm`, the others once.
        repeat: The time after which it is repeated until someone answers; None for once. Only a last step.
        repeat_up_to: The most repetitions; None for no limit.
    """

    after: timedelta | None
    mention: Mention = Mention.NONE
    dm: tuple[str, ...] = ()
    repeat: timedelta | None = None
    repeat_up_to: int | None = None
    also: tuple[Also, ...] = ()


@dataclass(frozen=True, slots=True)
class SeverityPolicy:
    """The rules of a severity.

    Attributes:
        name: "SEV1"; as in the policy file, ``[A-Z0-9_-]{1,16}``.
        priority: The alerting name of the same thing, "P0"; no two severities share one.
        channel: Name or id of the channel that the alert goes to.
        mention: The mention of the alert.
        ack_within: The deadline for the first acknowledgement.
        thread_channel: Where the incident's thread is opened; None for no thread.
        postmortem: A postmortem is due after recovery.
        ladder: The escalations until someone acknowledges, in the policy's order; may be empty.
        rank: Place in the policy file, 0 = the highest severity.
        update_every: The time from the acknowledgement to the first status update, and between updates; None
            for never.
        ack_lapses_after: How long after the first reminder of a status update the acknowledgement lapses and
            the ladder goes on, unless someone reacts; None for never.
        email_after: From which step of the ladder on, counted from 1, an email goes out as well, although
            Discord takes the message; None for never.
        quiet_hours: Its pages outside Discord wait for the end of a person's quiet hours.
        commands_in_thread: How many commands the thread begins with; 0 for none.
        email_backup: When Discord does not take the alert, the on-call gets it by email.
    """

    name: str
    priority: str
    channel: str
    mention: Mention
    ack_within: Deadline
    thread_channel: str | None
    postmortem: bool
    ladder: tuple[LadderStep, ...]
    rank: int
    email_backup: bool = False
    update_every: Deadline | None = None
    ack_lapses_after: timedelta | None = None
    email_after: int | None = None
    quiet_hours: bool = False
    commands_in_thread: int = 0

    @property
    def is_urgent(self) -> bool:
        """Return True if its alerts do not wait for the next business day."""
        return self.ack_within is not NEXT_BUSINESS_DAY

    @property
    def calls_people(self) -> bool:
        """Return True if the severity's alerts or ladder ping the channel, or its ladder sends DMs."""
        is_anyone_called = any(step.mention is not Mention.NONE or step.dm for step in self.ladder)
        return self.mention is not Mention.NONE or is_anyone_called


class SeverityChange(Payload):
    """The last change of the severity.

    Attributes:
        before, after: Names of severities.
        by: The name of the person; None: a clock.
        reason: In the person's words; may be empty.
        merged: The number of the incident whose merge raised this one, instead of a reason.
    """

    before: str
    after: str
    by: str | None
    at: datetime
    reason: str | None = None
    merged: int | None = None


@dataclass(frozen=True, slots=True)
class NewSeverity:
    """The effect of another severity on an incident that is already open.

    Attributes:
        name, priority: Of the new severity.
        ack_due_at: The deadline for the first acknowledgement under it, aware.
        reposts: It is announced in another channel, or louder, by a post of its own.
        thread_channel: Where its thread belongs; None when the one there is will do.
        next_update_at: When a status update is due under it, once a responder is on it; None: never.
        is_more_severe: It is a higher severity than before.
    """

    name: str
    priority: str
    ack_due_at: datetime
    reposts: bool
    thread_channel: str | None
    next_update_at: datetime | None = None
    is_more_severe: bool = False
