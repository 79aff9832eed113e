"""A batch of replays: the entries that a filter matched, and how each of them ended."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.delivery.attempts import UNKNOWN
from bot.domain.delivery.delivery import UNFINISHED, DeliveryStatus
from bot.domain.payloads import Payload


class Via(StrEnum):
    """How a replay is sent."""

    BOT = "bot"
    WEBHOOK = "webhook"  # the target channel's own


@dataclass(frozen=True, slots=True)
class ReplayTarget:
    """Where replays go, and how.

    Attributes:
        channel: Name or id; None: each to where it was meant for.
        keeps_mentions: They notify the people that the stored messages mention.
    """

    via: Via = Via.BOT
    channel: str | None = None
    keeps_mentions: bool = False


class BatchState(StrEnum):
    """The state of a batch."""

    PREVIEWED = "previewed"
    RUNNING = "running"  # also while it waits for what was under way when it was stopped
    ENDED = "ended"


class EntryState(StrEnum):
    """The state of an entry in its batch, as far as the batch decides it."""

    WAITING = "waiting"
    QUEUED = "queued"  # its delivery says the rest
    SKIPPED = "skipped"
    RETURNED = "returned"  # the batch was stopped before it was sent: it can be replayed again


class Skip(StrEnum):
    """Why an entry is left out of a batch."""

    REPLAYED = "replayed"  # or being replayed by another batch
    ARRIVED = "arrived"  # it has been posted since, by the bot itself
    PRIVATE = "private"
    EMPTY = "empty"  # nothing in it can be posted
    GONE = "gone"  # the row is no longer there
    OURS = "ours"  # a webhook's message could not be emptied if its incident became private
    NO_CHANNEL = "no_channel"  # the table does not say where it was meant for
    NO_WEBHOOK = "no_webhook"
    WEBHOOK_ENDED = "webhook_ended"


class ReplayOutcome(StrEnum):
    """The outcome of a replay: not begun, under way, or how it ended."""

    WAITING = "waiting"
    UNDER_WAY = "under_way"
    POSTED = "posted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """An entry of the DLQ in a batch.

    Attributes:
        channel: Where it was meant for, as stored.
        skip: Why it is left out, if it is.
        delivery_key: Of the delivery that sends it; reserved as soon as the batch begins.
        status, error, http_status, channel_id, message_id: Of that delivery, once it is queued.
    """

    position: int
    entry_id: str
    channel: str
    state: EntryState = EntryState.WAITING
    skip: Skip | None = None
    delivery_key: str | None = None
    status: DeliveryStatus | None = None
    error: str | None = None
    http_status: int | None = None
    channel_id: int | None = None
    message_id: int | None = None

    @property
    def outcome(self) -> ReplayOutcome:
        """Return how the entry's replay ended, from its own state and its delivery's."""
        if self.state is not EntryState.QUEUED:
            return ReplayOutcome(self.state.value)
        return outcome_of(self.status, self.error)


def outcome_of(status: DeliveryStatus | None, error: str | None) -> ReplayOutcome:
    """Return how a replay ended whose delivery has this status."""
    if status is None or status in UNFINISHED:
        return ReplayOutcome.UNDER_WAY
    if status is DeliveryStatus.SENT:
        return ReplayOutcome.POSTED
    if status is DeliveryStatus.CANCELLED:  # its incident has become private meanwhile
        return ReplayOutcome.SKIPPED
    return ReplayOutcome.UNKNOWN if (error or "").startswith(UNKNOWN) else ReplayOutcome.REFUSED


@dataclass(frozen=True, slots=True)
class ReplayBatch:
    """A batch of replays as it is now.

    Attributes:
        requested_at: When its preview was shown.
        stopped_by_name: The person who stopped it; None: no one has.
        entries: In the order in which they are sent, oldest failure first.
    """

    id: int
    guild_id: int
    state: BatchState
    target: ReplayTarget
    requested_by_id: int
    requested_by_name: str
    requested_at: datetime
    started_at: datetime | None = None
    next_at: datetime | None = None
    stopped_at: datetime | None = None
    stopped_by_name: str | None = None
    ended_at: datetime | None = None
    entries: tuple[BatchEntry, ...] = ()

    @property
    def counts(self) -> Mapping[ReplayOutcome, int]:
        """Return how many entries there are of each outcome; 0 for the others."""
        return Counter(entry.outcome for entry in self.entries)

    @property
    def to_send(self) -> tuple[BatchEntry, ...]:
        """Return the entries that wait for their turn."""
        return tuple(entry for entry in self.entries if entry.state is EntryState.WAITING)

    @property
    def has_ended(self) -> bool:
        """Return True if nothing of the batch will change any more."""
        return self.state is BatchState.ENDED

    @property
    def is_stoppable(self) -> bool:
        """Return True if stopping the batch would keep an entry from being sent."""
        return self.state is BatchState.RUNNING and self.stopped_at is None

    @property
    def has_settled(self) -> bool:
        """Return True if no entry of the batch waits or is under way."""
        counts = self.counts
        return not counts[ReplayOutcome.WAITING] and not counts[ReplayOutcome.UNDER_WAY]


class BatchData(Payload):
    """The progress message of a batch.

    Attributes:
        batch: Its number.
    """

    batch: int
