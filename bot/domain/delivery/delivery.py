"""A delivery: a message to send. It is stored first, rendered once, then tried until sent or given up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class DeliveryKind(StrEnum):
    """The kind of a delivery."""

    ALERT = "alert"  # the post in the severity's channel
    SEED_ACK = "seed_ack"  # the bot's own 👀 under it, so that acking is one tap
    THREAD_ROOT = "thread_root"  # a quiet post to hang the thread on, when the alert is in another channel
    THREAD = "thread"
    PRIVATE_THREAD = "private_thread"  # of a private incident: hangs on no message, its name tells nothing
    MEMBER = "member"  # add a person to the private thread
    MEMBER_REMOVED = "member_removed"  # remove a person from the private thread
    THREAD_START = "thread_start"  # the first message: the start time, by itself
    THREAD_CARD = "thread_card"
    PAGE = "page"  # a DM to the person on call
    ESCALATION = "escalation"
    SECOND = "second"  # the later copy of a message that was posted twice: it points to the alert
    BUNDLE = "bundle"  # one message in the place of many pages or escalations
    ROLE_DM = "role_dm"  # a DM to the person whose role another person has assigned or taken over
    NOTICE = "notice"  # one line in the incident's thread
    PIN_SEEN = "pin_seen"  # the bot's ✅ under a message that is on the timeline now
    TRIAGE_LINE = "triage_line"  # a quiet line where a triage was started
    REEVALUATION_HELD = "reevaluation_held"  # the line that says when a held triage will be asked about
    REEVALUATION = "reevaluation"  # the question about a held triage, in its channel
    UNFINISHED_DM = "unfinished_dm"  # a DM that asks the person who left a triage whether they go on
    UNFINISHED = "unfinished"  # the post in its channel that somebody should take the triage up
    MORNING = "morning"  # the post that gathers what is due on a business day, for people to take
    MORNING_NAG = "morning_nag"  # the reminder of items that are not taken yet
    HANDOVER = "handover"  # the line that says who is on call now
    ON_DUTY = "on_duty"  # the DM to the person whose turn begins
    ON_DUTY_SOON = "on_duty_soon"  # a DM a day ahead, with what they lack; a refusal is a gap, too
    ON_DUTY_GAPS = "on_duty_gaps"  # the warning that a person who comes on call lacks something
    ALERT_QUESTION = "alert_question"  # the question whether a message that no pattern matches is an alert
    ALERTS_SKIPPED = "alerts_skipped"  # the note that older messages of a watched channel were not read
    DIGEST = "digest"
    REPLAY = "replay"  # a DLQ entry sent again


class DeliveryStatus(StrEnum):
    """The state of a delivery."""

    PENDING = "pending"
    SENDING = "sending"  # an attempt began; whether Discord has it is unknown until it is SENT
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"  # made moot before it was sent, by an acknowledge for instance


class Action(StrEnum):
    """What a request does in Discord."""

    MESSAGE = "message"
    THREAD = "thread"
    REACTION = "reaction"
    PRIVATE_THREAD = "private_thread"
    MEMBER = "member"
    MEMBER_REMOVED = "member_removed"


@dataclass(frozen=True, slots=True)
class Request:
    """A request to Discord, rendered once and stored, so that each attempt sends the same message.

    Attributes:
        channel_id: The channel; for a DM the DM channel.
        message_id: The message to hang a thread or a reaction on; for a member, the user's id.
        body: JSON body of the HTTP request, without the nonce.
        recipient: For a delivery to an on-call place: the handle of the person who held it.
    """

    action: Action
    channel_id: int
    message_id: int | None
    body: Mapping[str, object]
    recipient: str | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """What Discord created for a request.

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
    """A delivery to store in the transaction that makes it due.

    Attributes:
        to: "channel:<name>", "person:<on-call place>" (its holder when the delivery is rendered),
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
        emailed: The email in its place was accepted for every recipient.
        emailed_to: The recipients that have the email so far, by `OnCallPerson.mailbox`.
        held_at: When it began to wait for Discord to be back.
        is_late: Its message says that it comes late.
        bundle_id: The bundle that reports it instead of a message of its own; it shares that bundle's fate.
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
        """Return True if the email in its place has reached at least one recipient."""
        return self.emailed or bool(self.emailed_to)


#: States in which a delivery may still be sent.
UNFINISHED: Final = frozenset({DeliveryStatus.PENDING, DeliveryStatus.SENDING})

#: Kinds that only make sense until someone acknowledges.
PAGING = frozenset({DeliveryKind.PAGE, DeliveryKind.ESCALATION})

#: Kinds that a storm combines into one message, so that few messages are ahead of them in the queue.
GATHERED: Final = PAGING | {DeliveryKind.BUNDLE}

#: Kinds about who is in a private thread.
MEMBERSHIP: Final = frozenset({DeliveryKind.MEMBER, DeliveryKind.MEMBER_REMOVED})

#: Kinds whose message accepts a 👀 as an acknowledge.
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

#: Kinds that people wait for: if Discord does not take them soon, layers two and three do.
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

#: Kinds that report the state of a triage; they show its incident once there is one.
TRIAGE_POSTS = frozenset(
    {
        DeliveryKind.TRIAGE_LINE,
        DeliveryKind.REEVALUATION_HELD,
        DeliveryKind.REEVALUATION,
        DeliveryKind.UNFINISHED_DM,
        DeliveryKind.UNFINISHED,
    }
)

#: The triage posts that ask whether somebody goes on with a triage that its person has left.
UNFINISHED_POSTS: Final = frozenset({DeliveryKind.UNFINISHED_DM, DeliveryKind.UNFINISHED})

#: Kinds whose message reports a moment; a late message says that it is late.
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

#: A message that is sent this long after its delivery was stored is late.
LATE: Final = timedelta(minutes=2)
#: Kinds that gather what is due on a business day.
MORNING_POSTS = frozenset({DeliveryKind.MORNING, DeliveryKind.MORNING_NAG})

#: Kinds about who is on call; they belong to no incident.
ONCALL_POSTS = frozenset(
    {DeliveryKind.HANDOVER, DeliveryKind.ON_DUTY, DeliveryKind.ON_DUTY_SOON, DeliveryKind.ON_DUTY_GAPS}
)

#: Suffix of the key of a line that is posted again, because its thread was gone or closed.
AGAIN: Final = ":again"

#: Kinds whose failure is not reported, because no one misses them.
DISPENSABLE = frozenset({DeliveryKind.TRIAGE_LINE, DeliveryKind.PIN_SEEN})

#: Seconds to wait before attempt 2, 3, ...; after the last one an urgent delivery has failed.
RETRY_DELAYS_S = (1.0, 3.0, 8.0, 20.0, 40.0)

#: How long a ringing delivery may take before an email goes out first. Longer than the full window of a
#: channel (5 s) plus the time in which a bundle gathers (2.5 s), so that a storm alone sends no email.
PATIENCE: Final = timedelta(seconds=10)

#: After `RETRY_DELAYS_S`, a delivery that is not urgent is tried every five minutes, for a day.
PATIENT_DELAY_S = 300.0
PATIENT_ATTEMPTS = 288


def retry_after(kind: DeliveryKind, attempts: int, *, asked_s: float | None) -> timedelta | None:
    """Return the time to the next attempt, or None when it is time to give up.

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
    """Return True if the next attempt would come after the delivery's deadline, one for all its attempts.

    For the kinds that a storm combines, the deadline counts from the time the delivery was stored. There are
    as many alerts as incidents, so an alert's deadline counts from its first attempt: the bot's own queue is
    no reason for an email.

    Args:
        wait: The time until the next attempt.
        asked: The part of *wait* that is not spent in the bot's own queue.
    """
    if delivery.kind in GATHERED:
        return now + wait > delivery.created_at + PATIENCE
    return delivery.kind in URGENT and now + asked > (delivery.first_sent_at or now) + PATIENCE


def may_double(delivery: Delivery) -> bool:
    """Return True if sending it twice is better than not at all: deliveries of the highest severity."""
    return delivery.priority > priority_of(1)


def is_mute(delivery: Delivery, posted: Posted) -> bool:
    """Return True if the posted message did not ring a mention it should have rung.

    The returned message says whether @here and the roles rang. In a private thread that is the only proof: a
    role that is not mentionable still rings if the sender may mention everyone.
    """
    allowed = None if delivery.request is None else delivery.request.body.get("allowed_mentions")
    if not isinstance(allowed, Mapping):
        return False
    parse, roles = allowed.get("parse"), allowed.get("roles")
    if isinstance(parse, list | tuple) and "everyone" in parse and not posted.pinged:
        return True
    return isinstance(roles, list | tuple) and not {int(str(role)) for role in roles} <= posted.roles


def priority_of(rank: int | None) -> int:
    """Return the job priority for a severity of this rank (0 = highest): 100, 90, ...; 0 if no one waits."""
    return 0 if rank is None else max(100 - 10 * rank, 10)
