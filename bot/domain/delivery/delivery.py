"""A delivery: a message to send. It is stored first, rendered once, then tried until sent or given up."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.delivery.kinds import Action, AnyDeliveryKind
from bot.domain.payloads import Json


class DeliveryStatus(StrEnum):
    """The state of a delivery."""

    PENDING = "pending"
    SENDING = "sending"  # an attempt began; whether Discord has it is unknown until it is SENT
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"  # made obsolete before it was sent, by an acknowledgement for instance


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

    kind: AnyDeliveryKind
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
    kind: AnyDeliveryKind
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

#: Suffix of the key of a line that is posted again, because its thread was gone or closed.
REPOST_SUFFIX: Final = ":again"


def priority_of(rank: int | None) -> int:
    """Return the job priority for a severity of this rank (0 = highest): 100, 90, ...; 0 if no one waits."""
    return 0 if rank is None else max(100 - 10 * rank, 10)
