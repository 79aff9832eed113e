"""A delivery: a message to send. It is stored first, rendered once, then tried until sent or given up."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from bot.domain.delivery.kinds import Action, PostingPart
from bot.domain.delivery.kinds import DeliveryKindSpec as Spec
from bot.domain.payloads import Json

#: A message to people that nothing special applies to.
_ORDINARY: Final = Spec()

#: A message of the ladder.
_OF_LADDER: Final = Spec(
    is_urgent=True,
    is_paging=True,
    is_gathered=True,
    goes_by_email=True,
    takes_ack=True,
    is_dated=True,
    is_refreshed=True,
)


class DeliveryKind(StrEnum):
    """The kind of a delivery, with the record of what it means."""

    #: What every layer may ask of the kind.
    spec: Spec

    def __new__(cls, name: str, spec: Spec = _ORDINARY) -> Self:
        """Make the member called *name* in the database."""
        kind = str.__new__(cls, name)
        kind._value_ = name
        kind.spec = spec
        return kind

    # -- an incident's posting: the alert and its thread
    #: The post in the severity's channel.
    ALERT = (
        "alert",
        Spec(
            part=PostingPart.ALERT,
            is_root=True,
            is_urgent=True,
            goes_by_email=True,
            takes_ack=True,
            is_dated=True,
            is_refreshed=True,
            may_answer=True,
        ),
    )
    #: The bot's own 👀 under it, so that acking is one tap.
    SEED_ACK = "seed_ack", Spec(action=Action.REACTION, part=PostingPart.ALERT)
    #: A quiet post to hang the thread on, when the alert is in another channel.
    THREAD_ROOT = (
        "thread_root",
        Spec(part=PostingPart.THREAD, is_root=True, takes_ack=True, is_refreshed=True),
    )
    THREAD = "thread", Spec(action=Action.THREAD, part=PostingPart.THREAD)
    #: The thread of a private incident: it hangs on no message, and its name tells nothing.
    PRIVATE_THREAD = (
        "private_thread",
        Spec(action=Action.PRIVATE_THREAD, part=PostingPart.THREAD, is_urgent=True, goes_by_email=True),
    )
    #: The first message: the start time, by itself.
    THREAD_START = "thread_start", Spec(part=PostingPart.THREAD, takes_ack=True, follows_details=True)
    THREAD_CARD = "thread_card", Spec(part=PostingPart.THREAD, is_refreshed=True)
    #: The commands to begin with, where the severity has some.
    THREAD_SHEET = "thread_sheet", Spec(part=PostingPart.THREAD, follows_affected=True)
    #: The later copy of a message that was posted twice: it points to the alert.
    SECOND = "second", Spec(takes_ack=True, is_refreshed=True)

    # -- who is in a private thread
    #: Add a person to it.
    MEMBER = "member", Spec(action=Action.MEMBER)
    #: Remove a person from it.
    MEMBER_REMOVED = "member_removed", Spec(action=Action.MEMBER_REMOVED)

    # -- paging
    #: A DM to the person on call.
    PAGE = "page", _OF_LADDER
    ESCALATION = "escalation", replace(_OF_LADDER, keeps_order=True)
    #: A page by a way beside Discord: to a person, or once for the incident.
    OUTSIDE_PAGE = "outside_page", Spec(action=Action.OUTSIDE)
    #: One message in the place of many pages or escalations.
    BUNDLE = "bundle", Spec(is_urgent=True, is_gathered=True, is_dated=True)

    # -- around an incident
    #: A DM to the person whose role another person has assigned or taken over.
    ROLE_DM = "role_dm", Spec(takes_ack=True, is_dated=True, is_refreshed=True)
    #: A DM to the person who owes the postmortem.
    POSTMORTEM_DM = "postmortem_dm", Spec(is_dated=True, is_refreshed=True)
    #: One line in the incident's thread.
    NOTICE = "notice", Spec(is_dated=True, keeps_order=True, waits_behind=frozenset({"notice"}))
    #: The card with what changed before the incident began, in the thread.
    SUSPECTS = (
        "suspects",
        Spec(is_refreshed=True, is_dispensable=True, waits_behind=frozenset({"thread_sheet", "checks"})),
    )
    #: The output of a command that a person pasted, in the thread.
    OUTPUT = "output"
    #: The file with the draft of the postmortem, in the thread.
    POSTMORTEM_FILE = "postmortem_file"
    #: The message with the state of every system, which fills in.
    CHECKS = "checks", Spec(is_dispensable=True, waits_behind=frozenset({"thread_sheet"}))
    #: The bot's ✅ under a message that is on the timeline now.
    PIN_SEEN = "pin_seen", Spec(action=Action.REACTION, is_dispensable=True)

    # -- triage
    #: A quiet line where a triage was started.
    TRIAGE_LINE = "triage_line", Spec(shows_triage=True, is_refreshed=True, is_dispensable=True)
    #: The line that says when a held triage will be asked about.
    REEVALUATION_HELD = "reevaluation_held", Spec(shows_triage=True, is_refreshed=True)
    #: The question about a held triage, in its channel.
    REEVALUATION = "reevaluation", Spec(shows_triage=True, is_refreshed=True)
    #: A DM that asks the person who left a triage whether they go on.
    UNFINISHED_DM = "unfinished_dm", Spec(shows_triage=True, is_refreshed=True)
    #: The post in the team's channel that offers the triage to others.
    UNFINISHED = "unfinished", Spec(shows_triage=True, is_refreshed=True)

    # -- a business day
    #: The post that gathers what is due on a business day, for people to take.
    MORNING = "morning"
    #: The reminder of items that are not taken yet.
    MORNING_NAG = "morning_nag", Spec(may_answer=True)

    # -- who is on call
    #: The line that says who is on call now.
    HANDOVER = "handover"
    #: The DM to the person whose turn begins.
    ON_DUTY = "on_duty"
    #: A DM a day ahead, with what is missing; a refusal is a gap, too.
    ON_DUTY_SOON = "on_duty_soon"
    #: The warning that something is missing for a person who comes on call.
    ON_DUTY_GAPS = "on_duty_gaps"

    # -- action items
    #: A DM to the owner of an action item: it is theirs, it is due, or its alert fired again.
    ACTION_DM = "action_dm"

    # -- other
    #: The question whether a message that no pattern matches is an alert.
    ALERT_QUESTION = "alert_question", Spec(may_answer=True)
    #: The line that says what the team has decided about a noisy alert.
    ALERT_VERDICT = "alert_verdict", Spec(may_answer=True)
    #: The line about a maintenance window: it began, was changed, or is over.
    ALERT_WINDOW = "alert_window"
    #: The note that older messages of a watched channel were not read.
    ALERTS_SKIPPED = "alerts_skipped"
    DIGEST = "digest"
    #: A DLQ entry sent again.
    REPLAY = "replay", Spec(is_urgent=True, is_replay=True)
    #: The same by the channel's own webhook.
    REPLAY_WEBHOOK = "replay_webhook", Spec(action=Action.WEBHOOK, is_replay=True, is_once=True)
    #: The message that shows how a batch of replays goes; those who started it see that elsewhere, too.
    REPLAY_PROGRESS = "replay_progress", Spec(is_dispensable=True)
    #: The message in the most severe severity's channel about new failures in the DLQ.
    DLQ_BURST = "dlq_burst"


class DeliveryStatus(StrEnum):
    """The state of a delivery."""

    PENDING = "pending"
    SENDING = "sending"  # an attempt began; whether Discord has it is unknown until it is SENT
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"  # made obsolete before it was sent, by an acknowledge for instance


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
    body: Json
    recipient: str | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """What Discord created for a request.

    Attributes:
        message_id: The message; for a thread, the thread's id; for a reaction, the message reacted to; for a
            member, the user's id.
        pinged: `mention_everyone` of the returned message: whether `@here` really rang.
        roles: `mention_roles` of it: the roles that really rang.
        reference: What a system outside calls it, for a page that is kept in step with that system.
    """

    channel_id: int
    message_id: int
    pinged: bool = False
    roles: frozenset[int] = frozenset()
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A delivery to store in the transaction that makes it due.

    Attributes:
        to: "channel:<name>", "person:<on-call place>" (its holder when the delivery is rendered),
            "named:<handle>", "user:<id>", "incident" (the thread, or the alert it hangs on), "system:<way>".
        key: Idempotency key, unique: "inc:42:step:1:dm:primary".
        data: What it carries besides its subject: a payload of its capability, as JSON.
        after: Key of the delivery that must be sent first.
        priority: Higher goes first; see `priority_of`.
        wait: How long after the commit it is due.
    """

    kind: DeliveryKind
    to: str
    key: str
    guild_id: int
    incident_id: int | None = None
    data: Json = field(default_factory=dict)
    after: str | None = None
    priority: int = 0
    wait: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Delivery:
    """A stored delivery.

    Attributes:
        nonce: <= 25 characters, from the key: Discord gives the first message back for the same nonce within
            minutes.
        first_sent_at: When the first attempt began: where to look from when a message may be there already.
        finished_at: When it was sent, given up or cancelled.
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
    data: Json
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
    finished_at: datetime | None = None

    @property
    def recipient(self) -> str | None:
        """Return the handle of the person it is for, once that is decided."""
        return None if self.request is None else self.request.recipient

    @property
    def has_email(self) -> bool:
        """Return True if the email in its place has reached at least one recipient."""
        return self.emailed or bool(self.emailed_to)


#: States in which a delivery may still be sent.
UNFINISHED: Final = frozenset({DeliveryStatus.PENDING, DeliveryStatus.SENDING})

#: Lists of kinds that queries take. Those of the first are of use until someone acknowledges.
PAGING: Final = frozenset(kind for kind in DeliveryKind if kind.spec.is_paging or kind.spec.is_outside)
ACK_KINDS: Final = frozenset(kind for kind in DeliveryKind if kind.spec.takes_ack)

#: Suffix of the key of a line that is posted again, because its thread was gone or closed.
REPOST_SUFFIX: Final = ":again"


def priority_of(rank: int | None) -> int:
    """Return the job priority for a severity of this rank (0 = highest): 100, 90, ...; 0 if no one waits."""
    return 0 if rank is None else max(100 - 10 * rank, 10)
