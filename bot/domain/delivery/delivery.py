"""A delivery: a message to send. It is stored first, rendered once, then tried until sent or given up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Final

from bot.domain.delivery.kinds import Action, AnyDeliveryKind
from bot.domain.payloads import Json, Payload


class Addressing(Payload):
    """What the payload of any delivery may say about its place and its reader.

    Attributes:
        answers: The id of the message that it answers.
        asks: The on-call place whose person it mentions.
        rings_team: In a capability's post, the team whose role it rings in the place of ``@here``.
    """

    answers: int | None = None
    asks: str | None = None
    rings_team: str | None = None


class Named(Payload):
    """The name of the person that a delivery is about, where its payload has one."""

    name: str | None = None


class FileRef(Payload):
    """A file as a delivery's payload names it.

    Attributes:
        key: Of the stored file.
        filename: As readers see it.
        description: The alternative text of a picture; empty for a document.
    """

    key: str
    filename: str
    description: str = ""


class AttachedFiles(Payload):
    """What the payload of any delivery may say about the files that it carries."""

    files: tuple[FileRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A stored file.

    Attributes:
        key: Unique: "postmortem:42:1".
        incident_id: Whose words it holds; None: no incident's.
        content: Discord takes 10 MiB a file; what writes it keeps it far below that.
    """

    key: str
    guild_id: int
    filename: str
    content: bytes
    incident_id: int | None = None


def in_order(refs: Iterable[FileRef], stored: Iterable[Attachment]) -> list[Attachment]:
    """Return the *stored* files in the order of *refs*; one that is not there any more is left out."""
    known = {each.key: each for each in stored}
    return [known[ref.key] for ref in refs if ref.key in known]


class Notice(Payload):
    """The data of one line in an incident's thread. Each kind of line is a subclass, beside its capability.

    Attributes:
        name: The kind, as it is stored.
        by: The name of the person who acted; empty for the bot itself.
    """

    name: ClassVar[str]

    by: str = ""

    def __init_subclass__(cls, *, name: str | None = None) -> None:
        """Set the kind; a base of several kinds has none."""
        super().__init_subclass__()
        if name is not None:
            cls.name = name

    @staticmethod
    def name_in(stored: Json) -> str:
        """Return the name of the notice that a delivery's data hold."""
        return str(stored.get("notice"))

    def as_data(self) -> dict[str, object]:
        """Return the JSON that the notice's delivery stores: its name and its fields."""
        return {"notice": self.name, **self.to_json()}


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
        recipient_id: Their Discord id; None where none was looked up.
    """

    action: Action
    channel_id: int
    message_id: int | None
    body: Json
    recipient: str | None = None
    recipient_id: int | None = None


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


#: Start of the reason for a message that has perhaps arrived: no one sends it again before having looked.
UNKNOWN: Final = "may have been posted"

#: A message that is sent this long after its delivery was stored is late.
LATE: Final = timedelta(minutes=2)

#: Seconds to wait before attempt 2, 3, ...; after the last one a delivery that is urgent,
#: or that goes to a system outside, has failed.
RETRY_DELAYS_S = (1.0, 3.0, 8.0, 20.0, 40.0)

#: The longest wait that a system outside may ask for, seconds. A page that waits longer goes by another way.
LONGEST_OUTSIDE_S: Final = 60.0

#: How long a ringing delivery may take before an email goes out first. Longer than the full window of a
#: channel (5 s) plus the time in which a bundle gathers (2.5 s), so that a storm alone sends no email.
PATIENCE: Final = timedelta(seconds=10)

#: After `RETRY_DELAYS_S`, a delivery that is not urgent is tried every five minutes, for a day.
PATIENT_DELAY_S = 300.0
PATIENT_ATTEMPTS = 288


def retry_after(kind: AnyDeliveryKind, attempts: int, *, asked_s: float | None) -> timedelta | None:
    """Return the time to the next attempt, or None when it is time to give up.

    Args:
        attempts: Attempts made so far, >= 1.
        asked_s: What the peer asked for (`retry_after`), seconds.
    """
    if kind.spec.is_outside and (asked_s or 0.0) > LONGEST_OUTSIDE_S:
        return None
    if attempts <= len(RETRY_DELAYS_S):
        delay_s = RETRY_DELAYS_S[attempts - 1]
    elif not (kind.spec.is_urgent or kind.spec.is_outside) and attempts <= PATIENT_ATTEMPTS:
        delay_s = PATIENT_DELAY_S
    else:
        return None
    return timedelta(seconds=max(delay_s, asked_s or 0.0))


def comes_too_late(delivery: Delivery, *, now: datetime, wait: timedelta, asked_wait: timedelta) -> bool:
    """Return True if the next attempt would come after the delivery's deadline, one for all its attempts.

    For the kinds that a storm combines, the deadline counts from the time the delivery was stored. There are
    as many alerts as incidents, so an alert's deadline counts from its first attempt: the bot's own queue is
    no reason for an email.

    Args:
        wait: The time until the next attempt.
        asked_wait: The part of *wait* that is not spent in the bot's own queue.
    """
    if delivery.kind.spec.is_gathered:
        return now + wait > delivery.created_at + PATIENCE
    return delivery.kind.spec.is_urgent and now + asked_wait > (delivery.first_sent_at or now) + PATIENCE


def may_double(delivery: Delivery) -> bool:
    """Return True if sending the delivery twice is better than not at all: those of the highest severity."""
    return delivery.priority > priority_of(1)


def is_mute(delivery: Delivery, posted: Posted) -> bool:
    """Return True if the posted message did not notify the people whom it should have notified.

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
