"""What the draft of a postmortem is made of, where it goes, and how it is stored."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from bot.domain.action_items import ActionItem
from bot.domain.delivery.delivery import AttachedFiles, Delivery, DeliveryStatus, FileRef, Notice
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.escalation.payloads import PagingData
from bot.domain.incident.incident import Incident, label_of
from bot.domain.incident.ownership import Spell, acked_in_time, spells, unowned
from bot.domain.incident.parts import Postmortem, Resolution
from bot.domain.oncall.people import marked
from bot.domain.timeline.entries import EntryKind, TimelineEntry, TimelineKind
from bot.domain.timeline.lines import Line

_PROMISES = frozenset({TimelineKind.UPDATED, TimelineKind.UPDATE_DUE})


class CallOutcome(StrEnum):
    """What became of a notification."""

    ARRIVED = "arrived"
    EMAILED = "emailed"  # the DM did not arrive; an email in its place was accepted
    FAILED = "failed"
    NOT_NEEDED = "not_needed"  # a person acknowledged before it was sent
    WAITING = "waiting"


#: The kinds of delivery that notify people of an incident; `CallBy` has their ways.
CALLS: Final = (DeliveryKind.ALERT, DeliveryKind.ESCALATION, DeliveryKind.PAGE, DeliveryKind.OUTSIDE_PAGE)


class CallBy(StrEnum):
    """How people were notified in Discord; a page that leaves it has its `Way`."""

    DM = "dm"
    POST = "post"


@dataclass(frozen=True, slots=True)
class PostmortemCall:
    """A notification: a person who was called, or a post in a channel.

    Attributes:
        place: The on-call place that they held, or their handle if the ladder names a person; the name of a
            channel; empty for a system that calls people itself.
        handle: The person; None if none was recorded.
        asked_at: When it was queued.
        arrived_at: When it arrived; None: it has not.
        by: As `CallBy` or `Way` has it.
        is_emailed: An email went out beside it, or in its place.
        is_loud: It mentioned everyone there.
        reason: Why it did not arrive; empty unless that is known.
        where: Guild, channel and id of a post; empty for any other.
        user_id: The person's in Discord, as far as it is known.
    """

    place: str
    handle: str | None
    asked_at: datetime
    outcome: CallOutcome
    arrived_at: datetime | None = None
    by: str = CallBy.DM
    is_emailed: bool = False
    is_loud: bool = False
    reason: str = ""
    where: tuple[int, ...] = ()
    user_id: int | None = None

    @property
    def who(self) -> str:
        """Return the person, or else the place, as `Wording.on_call` takes it."""
        return self.place if self.handle is None else marked(self.handle)

    @property
    def was_sent(self) -> bool:
        """Return True if something was sent, whether or not it arrived."""
        return self.outcome not in (CallOutcome.NOT_NEEDED, CallOutcome.WAITING)


@dataclass(frozen=True, slots=True)
class PostmortemFacts:
    """The facts of one incident; the same facts make the same document.

    Attributes:
        lines: The timeline, oldest first, without the numbers of private incidents.
        called: What notified people: the calls of the ladder, and posts that all can see, by time.
        resolution: How it was resolved; None: nothing was said.
        postmortem: Who owes it, and by when; None: none is required.
        actions: Its action items, in the order in which they were added.
        read_at: When they were read; the document does not depend on it.
        draft_wanted: How often the draft of an owed postmortem had been asked for by then.
    """

    incident: Incident
    lines: tuple[Line, ...]
    called: tuple[PostmortemCall, ...]
    read_at: datetime
    resolution: Resolution | None = None
    postmortem: Postmortem | None = None
    actions: tuple[ActionItem, ...] = ()
    draft_wanted: int = 0

    @property
    def took_to_notice(self) -> timedelta:
        """Return the time from the start of the trouble to the alert."""
        return max(self.incident.triggered_at - self.incident.started_at, timedelta())

    @property
    def took_to_resolve(self) -> timedelta | None:
        """Return the time from the alert to the end; None while the incident is open. MTTR's definition."""
        ended = self.incident.ended
        return None if ended is None else ended.at - self.incident.triggered_at

    @property
    def in_time(self) -> bool | None:
        """Return True if the ack deadline was met, as `acked_in_time` has it; None while it is ahead."""
        incident = self.incident
        return acked_in_time(
            self._entries, triggered_at=incident.triggered_at, due_at=incident.ack_due_at, now=self.until
        )

    @property
    def late_by(self) -> timedelta | None:
        """Return how long after a missed ack deadline the incident got an owner; None: not, or in time."""
        due_at = self.incident.ack_due_at
        after = (spell.start for spell in self.spells if spell.name is not None and spell.start > due_at)
        taken = None if self.in_time is not False else next(after, None)
        return None if taken is None else taken - due_at

    @property
    def spells(self) -> tuple[Spell, ...]:
        """Return who had the incident, one after the other."""
        return spells(self._entries, triggered_at=self.incident.triggered_at)

    @property
    def _entries(self) -> list[TimelineEntry]:
        return sorted((line.entry for line in self.lines), key=lambda entry: entry.at)

    @property
    def until(self) -> datetime:
        """Return when the incident ended; of an open one, the time of the latest that is known."""
        incident = self.incident
        if incident.ended is not None and not incident.is_open:
            return incident.ended.at
        return max([incident.triggered_at, *(line.at for line in self.lines)])

    @property
    def unowned(self) -> timedelta:
        """Return the time without an owner after the first acknowledgement."""
        first = self.incident.acknowledged
        return timedelta() if first is None else unowned(self.spells, since=first.at, until=self.until)

    @property
    def impact(self) -> str:
        """Return the impact as a person wrote it: in the resolution, else in the last update with one."""
        said = "" if self.resolution is None else self.resolution.impact
        told = (line.impact for line in reversed(self.lines) if line.entry.is_update and line.impact)
        last = self.incident.updates.last
        return said or ("" if last is None else last.impact) or next(told, "")

    def count(self, kind: EntryKind) -> int:
        """Return how many entries of a kind the timeline has."""
        return sum(line.entry.kind is kind for line in self.lines)

    @property
    def updates(self) -> int:
        """Return the number of status updates."""
        return sum(line.entry.is_update for line in self.lines)

    @property
    def broken_promises(self) -> int:
        """Return how many status updates were due and had to be asked for.

        A reminder that is repeated is about the same update: it counts once.
        """
        kinds = [line.entry.kind for line in self.lines if line.entry.kind in _PROMISES]
        before = [None, *kinds]
        return sum(
            kind is TimelineKind.UPDATE_DUE and last is not TimelineKind.UPDATE_DUE
            for last, kind in zip(before, kinds, strict=False)
        )


def called_by(deliveries: Iterable[Delivery]) -> tuple[PostmortemCall, ...]:
    """Return what notified people, by time, of *deliveries* of the kinds `CALLS` in any state."""
    return tuple(sorted(map(_call, deliveries), key=lambda call: (call.asked_at, call.place)))


def _call(delivery: Delivery) -> PostmortemCall:
    target, _, place = delivery.to.partition(":")
    outcome = _outcome(delivery)
    by: str = CallBy.POST
    if delivery.kind is DeliveryKind.PAGE:
        by = CallBy.DM
    elif delivery.kind is DeliveryKind.OUTSIDE_PAGE:
        by = PagingData.from_json(delivery.data).way or ""
    is_posted = by == CallBy.POST and delivery.channel_id is not None and delivery.message_id is not None
    return PostmortemCall(
        place="" if target == "system" else place,
        handle=None if by == CallBy.POST else delivery.recipient,
        asked_at=delivery.created_at,
        outcome=outcome,
        arrived_at=delivery.finished_at if outcome is CallOutcome.ARRIVED else None,
        by=by,
        is_emailed=delivery.has_email,
        is_loud=by == CallBy.POST and _is_loud(delivery),
        reason=(delivery.error or "") if outcome is CallOutcome.FAILED else "",
        where=(delivery.guild_id, delivery.channel_id or 0, delivery.message_id or 0) if is_posted else (),
        user_id=None if delivery.request is None else delivery.request.recipient_id,
    )


def _is_loud(delivery: Delivery) -> bool:
    allowed = None if delivery.request is None else delivery.request.body.get("allowed_mentions")
    parse = allowed.get("parse") if isinstance(allowed, Mapping) else None
    return isinstance(parse, list | tuple) and "everyone" in parse


def _outcome(page: Delivery) -> CallOutcome:
    match page.status:
        case DeliveryStatus.SENT:
            return CallOutcome.ARRIVED
        case DeliveryStatus.CANCELLED:
            return CallOutcome.NOT_NEEDED
        case DeliveryStatus.FAILED:
            return CallOutcome.EMAILED if page.has_email else CallOutcome.FAILED
        case DeliveryStatus.PENDING | DeliveryStatus.SENDING:
            return CallOutcome.WAITING


def acting(lines: Iterable[Line]) -> Iterator[tuple[int | None, str]]:
    """Yield id and name of the people who act on the timeline, in the order in which they do."""
    for line in lines:
        for entry in (line.entry, *line.corrections):
            if entry.actor_name is not None:
                yield entry.actor_id, entry.actor_name


#: Bytes of a title in a path. A file name has 255 on every common file system, and the policy's pattern adds
#: to the title.
SLUG_BYTES: Final = 150

#: Letters, numbers, and the marks that belong to the letter before them: dakuten, accents, vowel signs.
_KEPT: Final = frozenset("LN")
_MARK: Final = "M"


def slug(title: str, *, label: str) -> str:
    """Return *title* as a part of a path: lower-case letters and digits of any script, hyphens between.

    Args:
        title: Anything: a path, an emoji, nothing at all.
        label: "INC-42", for a title without any letter or digit.

    Returns:
        At most `SLUG_BYTES` bytes of UTF-8, in NFKC, without dots, slashes or blanks; never empty.
    """
    composed = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", title).lower())
    words = "".join(_signs(composed)).split()
    # Cut between two letters, so that no byte is over the limit.
    joined = "-".join(words).encode()[:SLUG_BYTES].decode(errors="ignore")
    return joined.strip("-") or label.lower()


def document_path(pattern: str, *, title: str, label: str, day: date) -> str:
    """Return the path of a postmortem.

    Args:
        pattern: The policy's: "docs/ops/postmortems/{date}-{title}.md".
        title: As in `slug`; *label*, too.
        day: When the incident began, in the team's time zone.
    """
    return pattern.format(date=day.isoformat(), title=slug(title, label=label))


def numbered(path: str, label: str) -> str:
    """Return *path* with the incident's label, because another incident of that day has its title."""
    stem, dot, suffix = path.rpartition(".")
    return f"{stem}-{label.lower()}.{suffix}" if dot and "/" not in suffix else f"{path}-{label.lower()}"


def _signs(text: str) -> list[str]:
    """Return the signs of *text*, with a blank for each that no path should have."""
    signs: list[str] = []
    for sign in text:
        category = unicodedata.category(sign)[0]
        belongs = category in _KEPT or (category == _MARK and bool(signs) and signs[-1] != " ")
        signs.append(sign if belongs and not _is_variant(sign) else " ")
    return signs


def _is_variant(sign: str) -> bool:
    """Return True for a variation selector: it makes an emoji of a digit, and shows nothing itself."""
    return "\ufe00" <= sign <= "\ufe0f" or "\U000e0100" <= sign <= "\U000e01ef"


@dataclass(frozen=True, slots=True)
class PostmortemDocument:
    """The draft of one incident's postmortem.

    Attributes:
        path: In the team's repository; two incidents of a guild never share one.
        version: From 1; grows with each draft that reads differently.
        digest: SHA-256 of the content, in hex.
        read_at: When the facts were read; older facts never replace newer ones.
        problem: Why the team's own template did not serve; None: it did, or there is none.
        posting: The number of its message in the thread: a deleted one is followed by another.
        shown_version: The version that this message carries; 0: none so far.
        picture: The description of the picture beside it; None: it has none.
        picture_version: The version that the picture shows; None without one, or if an older bot drafted it.
    """

    incident_id: int
    guild_id: int
    path: str
    version: int
    digest: str
    read_at: datetime
    problem: str | None = None
    posting: int = 1
    shown_version: int = 0
    picture: str | None = None
    picture_version: int | None = None

    @property
    def delivery_key(self) -> str:
        """Return the key of the delivery that carries it."""
        return f"inc:{self.incident_id}:postmortem:{self.posting}"

    @property
    def file_key(self) -> str:
        """Return the key of the stored file."""
        return file_key(self.incident_id, self.version)

    @property
    def data(self) -> "PostmortemData":
        """Return the data of the delivery that posts the document."""
        file = FileRef(key=self.file_key, filename=f"{label_of(self.incident_id)}-postmortem.md")
        files = (file,) if self.picture_ref is None else (file, self.picture_ref)
        return PostmortemData(files=files, path=self.path, version=self.version, problem=self.problem)

    @property
    def picture_ref(self) -> FileRef | None:
        """Return the picture as a message names it; None: this version has none."""
        if self.picture is None or self.picture_version != self.version:
            return None
        key, name = picture_key(self.incident_id, self.version), picture_name(self.incident_id)
        return FileRef(key=key, filename=name, description=self.picture)

    def posted_anew(self) -> Self:
        """Return the document whose message is gone: the next one carries it."""
        return replace(self, posting=self.posting + 1, shown_version=0)


class PostmortemData(AttachedFiles):
    """What the delivery of a draft says beside its file; attributes as `PostmortemDocument`."""

    path: str
    version: int
    problem: str | None = None


class UndraftedNotice(Notice, name="postmortem_undrafted"):
    """A line in the thread: no draft could be made so far. It is tried again."""


def picture_name(incident_id: int) -> str:
    """Return the name of the picture's file, which the document links as its neighbour."""
    return f"{label_of(incident_id)}-timeline.png"


def picture_key(incident_id: int, version: int) -> str:
    """Return the key of the picture of one version."""
    return f"{file_key(incident_id, version)}:picture"


def file_key(incident_id: int, version: int) -> str:
    """Return the key of the file of one version."""
    return f"postmortem:{incident_id}:{version}"
