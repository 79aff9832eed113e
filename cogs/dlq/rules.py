"""Undelivered notifications: what is asked for, what is sent again, batches, and the watch for new ones.

Source: the runbook, 通知が届かなかった疑いがあるとき (DLQ 確認).
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.calendar.typed_times import (
    SPAN,
    InvalidStartTime,
    StartTimeInFuture,
    StartTimeTooOld,
    parse_start_time,
    plain_line,
    span_of,
)
from bot.domain.delivery.delivery import UNFINISHED, UNKNOWN, DeliveryStatus, Posted
from bot.domain.delivery.kinds import Action, AnyDeliveryKind, DeliveryKindSpec
from bot.domain.dlq import MOST_HOURS, NO_ANSWER, USUAL_HOURS, Cursor, DlqFilter, DlqView
from bot.domain.errors import UserError
from bot.domain.payloads import Payload


class DlqDeliveryKind(AnyDeliveryKind):
    """The kinds of delivery about undelivered notifications."""

    #: A DLQ entry sent again.
    REPLAY = "replay", DeliveryKindSpec(is_urgent=True, is_replay=True)
    #: The same by the channel's own webhook.
    REPLAY_WEBHOOK = "replay_webhook", DeliveryKindSpec(action=Action.WEBHOOK, is_replay=True, is_once=True)
    #: The message that shows how a batch of replays goes; those who started it see that elsewhere, too.
    REPLAY_PROGRESS = "replay_progress", DeliveryKindSpec(is_dispensable=True)
    #: The message in the most severe severity's channel about new failures in the DLQ.
    DLQ_BURST = "dlq_burst"


#: Characters of an id as people type it: among a thousand entries, two with the same ones are unlikely.
SHORT: Final = 6


def short_id(entry_id: str) -> str:
    """Return an entry's id as people type it: the last six characters.

    The first ones are the time in ids of version 7, and shared by all failures of some hours.
    """
    return entry_id[-SHORT:]


@dataclass(frozen=True, slots=True)
class EntryOrigin:
    """The delivery that an entry of the DLQ is about.

    Attributes:
        incident_id: None: it is about no incident.
        channel_id, message_id: Where it is by now, if it has arrived after all.
    """

    nonce: str
    incident_id: int | None = None
    channel_id: int | None = None
    message_id: int | None = None

    @property
    def delivered(self) -> Posted | None:
        """Return the message that it has become since; None if it has not arrived."""
        if self.channel_id is None or self.message_id is None:
            return None
        return Posted(self.channel_id, self.message_id)


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_SEPARATOR: Final = ";"


def written_view(view: DlqView) -> str:
    """Return *view* as a short text, which `read_view` reads back."""
    return _SEPARATOR.join(_parts(view))


def read_view(text: str) -> DlqView:
    """Read a view that `written_view` wrote.

    Raises:
        ValueError: it is no such text.
    """
    given = {word[:1]: _plain(word[1:]) for word in text.split(_SEPARATOR)}
    http = given.get("x")
    criteria = DlqFilter(
        hours=min(max(int(given.get("h", str(USUAL_HOURS))), 1), MOST_HOURS),
        severity=given.get("s"),
        channel=given.get("c"),
        http_status=None if http is None else int(http),
        status=given.get("t"),
        text=given.get("q"),
        since=_moment(given.get("a")),
        until=_moment(given.get("b")),
    )
    return DlqView(
        criteria, _cursor(given.get("o"), is_newer=False) or _cursor(given.get("n"), is_newer=True)
    )


def _parts(view: DlqView) -> Iterator[str]:
    criteria, cursor = view.filter, view.cursor
    yield f"h{criteria.hours}"
    for sign, value in (
        ("s", criteria.severity),
        ("c", criteria.channel),
        ("t", criteria.status),
        ("q", criteria.text),
    ):
        if value is not None:
            yield sign + _escaped(value)
    if criteria.http_status is not None:
        yield f"x{criteria.http_status}"
    for sign, moment in (("a", criteria.since), ("b", criteria.until)):
        if moment is not None:
            yield sign + _number(moment)
    if cursor is not None:
        yield f"{'n' if cursor.is_newer else 'o'}{_number(cursor.at)}.{_escaped(cursor.id)}"


def _cursor(text: str | None, *, is_newer: bool) -> Cursor | None:
    if text is None:
        return None
    at, _, entry_id = text.partition(".")
    moment = _moment(at)
    return None if moment is None else Cursor(moment, entry_id, is_newer)


def _number(moment: datetime) -> str:
    """Return the microseconds of *moment* since 1970 to the base of 36."""
    left, digits = (moment - _EPOCH) // _MICROSECOND, ""
    while left > 0:
        left, digit = divmod(left, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits or "0"


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return _EPOCH + int(text, len(_DIGITS)) * _MICROSECOND
    except OverflowError as error:
        raise ValueError(text) from error


def _escaped(text: str) -> str:
    """Return *text* without the sign between two words, and without line breaks."""
    return re.sub(r"[%;\r\n]", lambda sign: f"%{ord(sign[0]):02x}", text)


def _plain(text: str) -> str:
    return re.sub(r"%([0-9a-f]{2})", lambda code: chr(int(code[1], 16)), text)


_LONGEST: Final = 60
_NO_ANSWER: Final = frozenset({"応答なし", "なし", "none"})
_PHRASES: Final = (
    (re.compile(r"\bhttp\s+", re.ASCII | re.IGNORECASE), ""),
    (re.compile(r"\bno answer\b", re.ASCII | re.IGNORECASE), "none"),
)
_HTTP: Final = re.compile(r"(?:http)?([1-5]\d\d)", re.ASCII)
_SPANS: Final = re.compile(rf"(?:{SPAN.pattern} ?)+", re.ASCII)
_BETWEEN: Final = re.compile(r"\s*[〜~～]\s*|\s+(?:-|–|から|to|until)\s+")


def with_period(criteria: DlqFilter, period: str, *, now: datetime, timezone: ZoneInfo) -> DlqFilter:
    """Return *criteria* for the *period* that a person has typed.

    Understood: nothing (24 hours); "3h", "90分", "7日"; a moment, from which it reaches until now; or two of
    them with 〜 in between, the second one perhaps left out. A moment is read as `parse_start_time` does.

    Raises:
        UserError: it cannot be read, reaches back too far, or ends before it begins.
    """
    typed = period.strip()
    if not typed:
        return replace(criteria, hours=USUAL_HOURS, since=None, until=None)
    line = plain_line(typed[:_LONGEST])
    if _SPANS.fullmatch(line):
        hours = math.ceil(span_of(line) / timedelta(hours=1))
        if not 1 <= hours <= MOST_HOURS:
            raise UserError("dlq_period_unreadable", value=typed)
        return replace(criteria, hours=hours, since=None, until=None)
    try:
        moments = [
            parse_start_time(part, now=now, timezone=timezone) if part.strip() else None
            for part in _BETWEEN.split(typed, maxsplit=1)
        ]
    except (InvalidStartTime, StartTimeInFuture, StartTimeTooOld):  # they speak of an incident's start
        raise UserError("dlq_period_unreadable", value=typed) from None
    since, until = moments[0], moments[1] if len(moments) > 1 else None
    if since is None or (until is not None and until <= since):
        raise UserError("dlq_period_unreadable", value=typed)
    return replace(criteria, since=since, until=until)


def hours_since(since: datetime, *, now: datetime) -> int:
    """Return how many hours a list from *since* on reaches back, rounded up, as far as a list may."""
    return min(max(math.ceil((now - since) / timedelta(hours=1)), 1), MOST_HOURS)


def with_status(criteria: DlqFilter, typed: str) -> DlqFilter:
    """Return *criteria* for the status that a person has typed: "503", "応答なし", "failed".

    Raises:
        UserError: more than one state or one HTTP status is named.
    """
    words = list(_named_in(typed))
    answers = [word for word in words if isinstance(word, int)]
    states = [word for word in words if isinstance(word, str)]
    if len(answers) > 1 or len(states) > 1:
        raise UserError("dlq_status_unreadable", value=typed)
    return replace(
        criteria, http_status=answers[0] if answers else None, status=states[0] if states else None
    )


def _named_in(typed: str) -> Iterator[int | str]:
    """Yield the HTTP statuses and the states that *typed* names."""
    text = unicodedata.normalize("NFKC", typed)
    for pattern, put in _PHRASES:
        text = pattern.sub(put, text)
    for word in re.split(r"[\s,、]+", text.strip()):
        plain = word.casefold()
        if plain in _NO_ANSWER:
            yield NO_ANSWER
        elif http := _HTTP.fullmatch(plain):
            yield int(http[1])
        elif word:
            yield word


_EVERYONE: Final = re.compile(r"@everyone\b", re.ASCII)
_HERE: Final = re.compile(r"@here\b", re.ASCII)
_ROLE: Final = re.compile(r"<@&(\d{1,20})>", re.ASCII)
_USER: Final = re.compile(r"<@!?(\d{1,20})>", re.ASCII)
_MOST_IDS: Final = 100  # Discord: in each list of allowed mentions


@dataclass(frozen=True, slots=True)
class Pings:
    """The mentions of a message that notify people. Those in embeds never do.

    Attributes:
        everyone, here: It mentions everybody, or everybody who is online.
        roles, users: The ids that it mentions, in the order of the text.
    """

    everyone: bool = False
    here: bool = False
    roles: tuple[int, ...] = ()
    users: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return self.everyone or self.here or bool(self.roles or self.users)

    def allowed(self) -> dict[str, object]:
        """Return the allowed mentions that let exactly these notify people."""
        parse = ["everyone"] if self.everyone or self.here else []
        named = {"roles": self.roles, "users": self.users}
        listed = {kind: [str(one) for one in ids] for kind, ids in named.items() if ids}
        return {"parse": parse, **listed}


def pings_of(payload: Mapping[str, object]) -> Pings:
    """Return the mentions with which *payload* would have notified people.

    A message without allowed mentions notifies everyone that its content mentions, as Discord does.
    """
    content = payload.get("content")
    if not isinstance(content, str):
        return Pings()
    allowed = payload.get("allowed_mentions")
    rules = allowed if isinstance(allowed, Mapping) else {"parse": ["everyone", "roles", "users"]}
    parse = _names(rules.get("parse"))
    return Pings(
        everyone="everyone" in parse and bool(_EVERYONE.search(content)),
        here="everyone" in parse and bool(_HERE.search(content)),
        roles=_ids(_ROLE, content, rules.get("roles"), is_open="roles" in parse),
        users=_ids(_USER, content, rules.get("users"), is_open="users" in parse),
    )


def _ids(pattern: re.Pattern[str], content: str, listed: object, *, is_open: bool) -> tuple[int, ...]:
    """Return the ids that *content* mentions: all, or those that are *listed*."""
    mentioned = dict.fromkeys(pattern.findall(content))
    allowed = _names(listed)
    return tuple(int(one) for one in mentioned if is_open or one in allowed)[:_MOST_IDS]


def _names(value: object) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, list | tuple) else frozenset()


#: Discord: embeds of a message, and characters of its content.
_EMBEDS: Final = 10
_CONTENT: Final = 2_000

#: Keys that are kept, or left out with words of their own.
_KNOWN: Final = frozenset(
    {"content", "embeds", "allowed_mentions", "components", "tts", "attachments", "files"}
)


@dataclass(frozen=True, slots=True)
class Stripped:
    """What a replay leaves out of a stored message.

    Attributes:
        mentions: It would have notified people, and does not.
        keys: Further top-level keys, sorted.
    """

    mentions: bool = False
    components: bool = False
    tts: bool = False
    attachments: bool = False
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message as a replay sends it.

    Attributes:
        body: Content and embeds, with the mentions that it allows.
        pings: Whom the stored message would have notified; `stripped` says if they are left out.
        has_embeds: Its embeds are sent as they were stored, with their old times.
        is_empty: Nothing is left that Discord would take.
    """

    body: dict[str, object]
    stripped: Stripped
    pings: Pings
    has_embeds: bool
    is_empty: bool


def prepared(payload: object, *, keeps_mentions: bool = False) -> Prepared:
    """Return *payload* as a replay sends it; one that is no object has nothing to send.

    Args:
        keeps_mentions: A person has decided that the people it mentions are notified again.
    """
    stored: Mapping[str, object] = payload if isinstance(payload, Mapping) else {}
    words, listed, pings = stored.get("content"), stored.get("embeds"), pings_of(stored)
    content = words[:_CONTENT] if isinstance(words, str) else ""
    embeds = [
        dict(embed)
        for embed in (listed[:_EMBEDS] if isinstance(listed, list | tuple) else ())
        if isinstance(embed, Mapping) and embed
    ]
    body: dict[str, object] = {"allowed_mentions": pings.allowed() if keeps_mentions else Pings().allowed()}
    if content:
        body["content"] = content
    if embeds:
        body["embeds"] = embeds
    stripped = Stripped(
        mentions=bool(pings) and not keeps_mentions,
        components=bool(stored.get("components")),
        tts=bool(stored.get("tts")),
        attachments=bool(stored.get("attachments") or stored.get("files")),
        keys=tuple(sorted(str(key) for key in stored if key not in _KNOWN and stored[key])),
    )
    return Prepared(body, stripped, pings, bool(embeds), is_empty=not (content or embeds))


@dataclass(frozen=True, slots=True)
class ReplayRecord:
    """A replay of a DLQ entry. An entry has one, and one more after each that did not arrive for sure.

    Attributes:
        channel_id, message_id: Where it arrived, once it did.
        error, http_status: Why it did not.
    """

    entry_id: str
    requested_by_id: int
    requested_by_name: str
    requested_at: datetime
    channel: str
    channel_id: int | None = None
    message_id: int | None = None
    error: str | None = None
    http_status: int | None = None

    @property
    def posted(self) -> Posted | None:
        """Return where the replayed message was posted; None if it was not."""
        if self.channel_id is None or self.message_id is None:
            return None
        return Posted(self.channel_id, self.message_id)

    @property
    def is_unknown(self) -> bool:
        """Return True if the message may have arrived: a person has to look before it is sent again."""
        return self.error is not None and self.error.startswith(UNKNOWN)

    @property
    def may_be_repeated(self) -> bool:
        """Return True if the replay failed, so that a person may repeat it."""
        return self.error is not None

    @property
    def has_ended(self) -> bool:
        """Return True if the replay's outcome is known."""
        return self.posted is not None or self.error is not None


class ReplayData(Payload):
    """A DLQ entry sent again.

    Attributes:
        body: The message as it was meant, with the mentions that it allows.
        entry: The entry's id.
        by: The name of the person who sends it.
        batch: The number of the batch that it belongs to.
        keeps_mentions: It notifies the people that it mentions; the person was asked.
        meant_at: When the message was to arrive; a version before did not store it.
    """

    body: dict[str, object]
    entry: str
    by: str
    batch: int | None = None
    keeps_mentions: bool = False
    meant_at: datetime | None = None


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


#: Failures that come within this of the first one are one message.
BURST: Final = timedelta(minutes=10)

#: How far back each look goes, for rows that are committed late; and every so often how much further: the
#: bot's own rows wait for a database that was away.
SHALLOW: Final = timedelta(minutes=10)
DEEP: Final = timedelta(hours=24)
DEEP_EVERY: Final = timedelta(minutes=5)

#: How many failures a message lists.
LISTED: Final = 5


@dataclass(frozen=True, slots=True)
class DlqWatch:
    """How far a guild's watch has looked.

    Attributes:
        looked_at: When it last looked.
        deep_at: When it last looked far back.
    """

    looked_at: datetime
    deep_at: datetime

    def looks_deep(self, now: datetime) -> bool:
        """Return True if the next look goes far back."""
        return now - self.deep_at >= DEEP_EVERY

    def start(self, now: datetime) -> datetime:
        """Return from when on the next look reads: also all that failed while the database was away."""
        return self.looked_at - (DEEP if self.looks_deep(now) else SHALLOW)


class SeenFailure(Payload):
    """A failure as its message lists it.

    Attributes:
        id: The entry's.
        title: None if it has none; an incident's number if it is about one of ours.
    """

    id: str
    attempted_at: datetime
    channel: str | None = None
    title: str | None = None
    http_status: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class DlqBurst:
    """Failures that came close together, as one message tells of them.

    Attributes:
        count: How many there are so far.
        shown: The first of them.
        arrived: The ids of those that have arrived since.
    """

    id: int
    guild_id: int
    opened_at: datetime
    count: int
    shown: tuple[SeenFailure, ...]
    arrived: frozenset[str] = frozenset()

    def takes(self, now: datetime) -> bool:
        """Return True if a failure that is found *now* belongs to the burst."""
        return now - self.opened_at < BURST


class BurstData(Payload):
    """The message about a burst.

    Attributes:
        burst: Its number.
        rings: It notifies everybody who is online, because the policy says so.
    """

    burst: int
    rings: bool = False
