"""A message the bot owes: intent first, rendered once, then sent until it is there or given up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class DeliveryKind(StrEnum):
    """What is owed."""

    ALERT = "alert"  # the post in the severity's channel
    SEED_ACK = "seed_ack"  # the bot's own 👀 under it, so that acking is one tap
    THREAD_ROOT = "thread_root"  # a quiet post to hang the thread on, when the alert is in another channel
    THREAD = "thread"
    PRIVATE_THREAD = "private_thread"  # of a private incident: hangs on no message, its name tells nothing
    MEMBER = "member"  # somebody is let into it
    MEMBER_REMOVED = "member_removed"  # and taken out of it
    THREAD_START = "thread_start"  # the first message: the start time, by itself
    THREAD_CARD = "thread_card"
    PAGE = "page"  # a DM to whoever is on call
    ESCALATION = "escalation"
    SECOND = "second"  # one of these three that stands in Discord twice: the later one points to the alert
    BUNDLE = "bundle"  # one message in the place of many pages or escalations
    ROLE_DM = "role_dm"  # to whoever was given a role by somebody else
    NOTICE = "notice"  # one line in the incident's thread
    PIN_SEEN = "pin_seen"  # the bot's ✅ under a message that is on the timeline now
    TRIAGE_LINE = "triage_line"  # a quiet line where a triage was started
    REEVALUATION_HELD = "reevaluation_held"  # when a triage that ended in re-evaluate will be asked about
    REEVALUATION = "reevaluation"  # and the question itself, in its channel
    UNFINISHED_DM = "unfinished_dm"  # to whoever has left a triage: do they go on?
    UNFINISHED = "unfinished"  # and that somebody should, in its channel
    MORNING = "morning"  # what is due on a business day, to be taken by somebody
    MORNING_NAG = "morning_nag"  # and what nobody has taken yet
    HANDOVER = "handover"  # the line that others are on call now
    ON_DUTY = "on_duty"  # the DM to whoever comes on
    ON_DUTY_SOON = "on_duty_soon"  # a day ahead, with what they lack: a DM that is refused tells as much
    ON_DUTY_GAPS = "on_duty_gaps"  # that somebody who comes on lacks something
    ALERT_QUESTION = "alert_question"  # whether a message that nobody understands is an alert
    ALERTS_SKIPPED = "alerts_skipped"  # older messages of a watched channel than could be read
    DIGEST = "digest"
    REPLAY = "replay"  # a DLQ entry sent again


class DeliveryStatus(StrEnum):
    """How far it got."""

    PENDING = "pending"
    SENDING = "sending"  # an attempt began; whether Discord has it is unknown until it is SENT
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"  # made moot before it was sent, by an acknowledge for instance


class Action(StrEnum):
    """What is asked of Discord."""

    MESSAGE = "message"
    THREAD = "thread"
    REACTION = "reaction"
    PRIVATE_THREAD = "private_thread"
    MEMBER = "member"
    MEMBER_REMOVED = "member_removed"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of Discord, rendered once and kept, so that each attempt is the same message.

    Attributes:
        channel_id: Where; for a DM the DM channel.
        message_id: The message to hang a thread or a reaction on; for a member, the user's id.
        body: JSON body of the HTTP request, without the nonce.
        recipient: Of what goes to a place of the on-call order: the handle of whoever stood there.
    """

    action: Action
    channel_id: int
    message_id: int | None
    body: Mapping[str, object]
    recipient: str | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """What Discord made of it.

    Attributes:
        message_id: The message; for a thread, the thread's id; for a reaction, the message reacted to; for a
            member, the user's id.
        pinged: `mention_everyone` of the returned message: whether `@here` really rang.
        roles: `mention_roles` of it: the roles that really rang.
    """

    channel_id: int
    message_id: int
    pinged: bool = False
    roles: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """What somebody owes to whom, to be stored in the transaction that makes it due.

    Attributes:
        to: "channel:<name>", "person:<on-call place>" (whoever stands there when it is rendered),
            "named:<handle>", "user:<id>", "incident" (the thread, or the alert it hangs on).
        key: Idempotency key, unique: "inc:42:step:1:dm:primary".
        data: Facts for rendering that are not on the incident; JSON-able.
        after: Key of the delivery that must be sent first.
        priority: Higher goes first; see `priority_of`.
    """

    kind: DeliveryKind
    to: str
    key: str
    guild_id: int
    incident_id: int | None = None
    data: Mapping[str, object] = field(default_factory=dict)
    after: str | None = None
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """A stored delivery.

    Attributes:
        nonce: <= 25 characters, from the key: Discord gives the first message back for the same nonce within
            minutes.
        first_sent_at: When the first attempt began: where to look from when a message may be there already.
        channel_id, message_id: Where it is, once sent (as in `Posted`).
        after_channel_id, after_message_id: Where the delivery it waited for is.
        attempts: Those that failed.
        shown_version: The incident's version that the message shows.
        emailed: The email in its place was accepted for everyone whom it was for.
        emailed_to: Who of them has it so far, by `OnCallPerson.mailbox`.
        held_at: Since when it waits, or has waited, for Discord to be back.
        is_late: Its message says that it comes late.
        bundle_id: The bundle that tells of it instead of a message of its own; it shares that one's fate.
    """

    id: int
    kind: DeliveryKind
    to: str
    key: str
    guild_id: int
    incident_id: int | None
    data: Mapping[str, object]
    priority: int
    status: DeliveryStatus
    nonce: str
    attempts: int
    created_at: datetime
    first_sent_at: datetime | None = None
    request: Request | None = None
    channel_id: int | None = None
    message_id: int | None = None
    error: str | None = None
    http_status: int | None = None
    after_channel_id: int | None = None
    after_message_id: int | None = None
    shown_version: int = 0
    emailed: bool = False
    emailed_to: tuple[str, ...] = ()
    held_at: datetime | None = None
    is_late: bool = False
    bundle_id: int | None = None

    @property
    def has_email(self) -> bool:
        """Whether the email in its place has reached anybody."""
        return self.emailed or bool(self.emailed_to)


#: States of what may still be sent.
UNFINISHED: Final = frozenset({DeliveryStatus.PENDING, DeliveryStatus.SENDING})

#: Kinds that only make sense while nobody has acknowledged.
PAGING = frozenset({DeliveryKind.PAGE, DeliveryKind.ESCALATION})

#: Kinds of which a storm makes one message for all, so that they wait behind few others.
GATHERED: Final = PAGING | {DeliveryKind.BUNDLE}

#: Kinds about who is in a private thread.
MEMBERSHIP: Final = frozenset({DeliveryKind.MEMBER, DeliveryKind.MEMBER_REMOVED})

#: Kinds on whose message a 👀 counts.
ACK_PLACES = frozenset(
    {
        DeliveryKind.ALERT,
        DeliveryKind.THREAD_ROOT,
        DeliveryKind.THREAD_START,
        DeliveryKind.PAGE,
        DeliveryKind.ESCALATION,
        DeliveryKind.SECOND,
        DeliveryKind.ROLE_DM,
    }
)

#: Kinds that somebody waits for: when Discord does not take them soon, layers two and three do.
URGENT = frozenset(
    {
        DeliveryKind.ALERT,
        DeliveryKind.PRIVATE_THREAD,
        DeliveryKind.PAGE,
        DeliveryKind.ESCALATION,
        DeliveryKind.BUNDLE,
        DeliveryKind.REPLAY,
    }
)

#: Kinds that say where a triage stands; they show its incident once there is one.
TRIAGE_POSTS = frozenset(
    {
        DeliveryKind.TRIAGE_LINE,
        DeliveryKind.REEVALUATION_HELD,
        DeliveryKind.REEVALUATION,
        DeliveryKind.UNFINISHED_DM,
        DeliveryKind.UNFINISHED,
    }
)

#: Those of them that ask whether somebody goes on with one that was left.
UNFINISHED_POSTS: Final = frozenset({DeliveryKind.UNFINISHED_DM, DeliveryKind.UNFINISHED})

#: Kinds whose message tells of a moment: one that comes late says so.
DATED = frozenset(
    {
        DeliveryKind.ALERT,
        DeliveryKind.PAGE,
        DeliveryKind.ESCALATION,
        DeliveryKind.BUNDLE,
        DeliveryKind.NOTICE,
        DeliveryKind.ROLE_DM,
    }
)

#: How long after it was owed a message comes late.
LATE: Final = timedelta(minutes=2)
#: Kinds that gather what is due on a business day.
MORNING_POSTS = frozenset({DeliveryKind.MORNING, DeliveryKind.MORNING_NAG})

#: Kinds about who is on call; they belong to no incident.
ONCALL_POSTS = frozenset(
    {DeliveryKind.HANDOVER, DeliveryKind.ON_DUTY, DeliveryKind.ON_DUTY_SOON, DeliveryKind.ON_DUTY_GAPS}
)

#: At the end of the key of a line that is said once more, because its thread was gone or closed.
AGAIN: Final = ":again"

#: Kinds that nobody misses: when Discord does not take them, no one is told.
DISPENSABLE = frozenset({DeliveryKind.TRIAGE_LINE, DeliveryKind.PIN_SEEN})

#: Seconds to wait before attempt 2, 3, ...; after the last one an urgent delivery has failed.
RETRY_DELAYS_S = (1.0, 3.0, 8.0, 20.0, 40.0)

#: How long what rings may take before an email goes ahead of it: longer than a full window
#: of a channel (5 s) and the time in which a bundle gathers (2.5 s), so that a storm is no reason for it.
PATIENCE: Final = timedelta(seconds=10)

#: What is not urgent is late rather than lost: then every five minutes, for a day.
PATIENT_DELAY_S = 300.0
PATIENT_ATTEMPTS = 288


def retry_after(kind: DeliveryKind, attempts: int, *, asked_s: float | None) -> timedelta | None:
    """Time to the next attempt, or None when it is time to give up.

    Args:
        attempts: Attempts made so far, >= 1.
        asked_s: What the peer asked for (`retry_after`), seconds.
    """
    if attempts <= len(RETRY_DELAYS_S):
        delay_s = RETRY_DELAYS_S[attempts - 1]
    elif kind not in URGENT and attempts <= PATIENT_ATTEMPTS:
        delay_s = PATIENT_DELAY_S
    else:
        return None
    return timedelta(seconds=max(delay_s, asked_s or 0.0))


def comes_too_late(delivery: Delivery, *, now: datetime, wait: timedelta, asked: timedelta) -> bool:
    """Whether it would go out after its own deadline, which is one for all its attempts.

    What a storm tells of together counts from when it was owed. An alert, of which there are as many as
    incidents, counts from its first attempt: for the queue of our own before it nobody is written to.

    Args:
        wait: Until it would be tried again.
        asked: The part of it that is no queue of our own.
    """
    if delivery.kind in GATHERED:
        return now + wait > delivery.created_at + PATIENCE
    return delivery.kind in URGENT and now + asked > (delivery.first_sent_at or now) + PATIENCE


def may_double(delivery: Delivery) -> bool:
    """Whether it had better be sent twice than not at all: what the gravest severity owes."""
    return delivery.priority > priority_of(1)


def is_mute(delivery: Delivery, posted: Posted) -> bool:
    """It is there and has not rung whom it was to: the returned message says whether @here and the roles did.

    In a private thread that is the only proof: a role that is not mentionable rings for who may mention all.
    """
    allowed = None if delivery.request is None else delivery.request.body.get("allowed_mentions")
    if not isinstance(allowed, Mapping):
        return False
    parse, roles = allowed.get("parse"), allowed.get("roles")
    if isinstance(parse, list | tuple) and "everyone" in parse and not posted.pinged:
        return True
    return isinstance(roles, list | tuple) and not {int(str(role)) for role in roles} <= posted.roles


def priority_of(rank: int | None) -> int:
    """Job priority for a severity of this rank (0 = gravest): 100, 90, ...; 0 for what nobody waits for."""
    return 0 if rank is None else max(100 - 10 * rank, 10)
