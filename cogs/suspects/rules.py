"""The rules of suspects: the card, the decision on a rollback, and which past incidents resemble one."""

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from bot.domain.delivery.delivery import Notice
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKindSpec
from bot.domain.errors import OutboundProblem
from bot.domain.incident.incident import Incident
from bot.domain.incident.relations import THRESHOLD, Rarity, runs_of, score, words_of, words_of_run
from bot.domain.payloads import Payload
from bot.domain.systems import RecentChange
from bot.domain.timeline.entries import EntryData, EntryKind


@dataclass(frozen=True, slots=True)
class SuspectRules:
    """The rules for the card with what changed before an incident began.

    Attributes:
        severities: The severities whose incidents get one.
        within: How long before the start a change counts.
        rollback: The commands to paste for a rollback, a line each; empty for none.
    """

    severities: tuple[str, ...] = ()
    within: timedelta = timedelta(hours=2)
    rollback: str = ""

    def has(self, severity: str) -> bool:
        """Return True if the incidents of *severity* get a card."""
        return severity in self.severities


class SuspectKind(AnyDeliveryKind):
    """The kind of delivery of this capability."""

    #: The card with what changed before the incident began, in the thread.
    SUSPECTS = (
        "suspects",
        DeliveryKindSpec(
            is_refreshed=True, is_dispensable=True, waits_behind=frozenset({"thread_sheet", "checks"})
        ),
    )


class SuspectEntryKind(EntryKind):
    """The kind of timeline entry that it writes."""

    ROLLBACK_DECIDED = "rollback_decided"  # to roll back, or not to


class ChangesCut(Exception):  # a signal to the caller, who has to say so
    """The source has more changes than were read.

    Attributes:
        changes: What was read.
        read_from: The changes from then on were read, those before were not; aware.
    """

    def __init__(self, changes: Sequence[RecentChange], read_from: datetime) -> None:
        super().__init__()
        self.changes, self.read_from = changes, read_from


#: Returns the changes from a time until another, both aware. It may return earlier or later ones as well.
#:
#: Raises:
#:     UpstreamUnavailable: the source does not say; an OutboundFailed says why.
#:     ChangesCut: not all were read.
ReadChanges: TypeAlias = Callable[[datetime, datetime], Awaitable[list[RecentChange]]]


@dataclass(frozen=True, slots=True)
class ChangeSource:
    """A system that knows of changes.

    Attributes:
        name: Of the texts about it: "github_deployments".
        about: The repository or project that it reads.
        is_partial: It knows only what it was told: that it knows of nothing means nothing.
    """

    name: str
    read: ReadChanges
    about: str = ""
    is_partial: bool = False


#: Changes that a card keeps: the newest ones, as they are the likeliest.
MOST_CHANGES: Final = 20


class SourceProblem(StrEnum):
    """The reason why a source could not be read."""

    REFUSED = "refused"  # the token is unknown, or may not read this
    NOT_FOUND = "not_found"
    LIMITED = "limited"  # too many requests
    SLOW = "slow"  # no answer in time
    AWAY = "away"

    @property
    def may_pass(self) -> bool:
        """Return True if the source may be read later without a change by a person."""
        return self in {SourceProblem.LIMITED, SourceProblem.SLOW, SourceProblem.AWAY}


_PROBLEMS: Final = {
    OutboundProblem.NOT_FOUND: SourceProblem.NOT_FOUND,
    OutboundProblem.RATE_LIMITED: SourceProblem.LIMITED,
    OutboundProblem.PAUSED: SourceProblem.LIMITED,
    OutboundProblem.TIMEOUT: SourceProblem.SLOW,
}


def problem_of(problem: OutboundProblem) -> SourceProblem:
    """Return what a failed request means for a source."""
    known = SourceProblem.REFUSED if problem.is_final else SourceProblem.AWAY
    return _PROBLEMS.get(problem, known)


class UnreadSource(Payload):
    """A source that could not be read, or not to the end.

    Attributes:
        source: Its name, such as "github_deployments".
        about: The repository or project that it reads.
        read_from: It has so many changes that only those from then on were read, aware; None: none was. Then
            *problem* means nothing: processes of an earlier version, which know of no cut list, show that.
    """

    source: str
    about: str = ""
    problem: SourceProblem
    read_from: datetime | None = None


class PastIncident(Payload):
    """A past incident that resembles this one, as it was known when the card was made.

    Attributes:
        number: Its number.
        where: The ids of the address where people worked on it: guild, channel and perhaps message.
        cause, fix: As the person who resolved it wrote; empty if they wrote nothing.
        open_items: Its open action items, the first to be due first.
        topics: Of the command sheets whose output was kept on its timeline.
        same_targets: The targets that both name.
        same_alert: The same alert of a monitor began both.
        words: The words that both titles have.
    """

    number: int
    title: str
    severity: str
    ended_at: datetime
    where: tuple[int, ...] = ()
    cause: str = ""
    fix: str = ""
    open_items: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    same_targets: tuple[str, ...] = ()
    same_alert: bool = False
    words: tuple[str, ...] = ()


class SuspectCard(Payload):
    """What the card shows.

    Attributes:
        started_at: The start of the incident for which it was read, aware.
        since: The changes from then on until the start are listed.
        changes: The newest first, at most `MOST_CHANGES`.
        more: How many older ones there were besides.
        unread: The sources that could not be read.
        past: The past incidents that resemble it, the most similar first.
        tries: How often the sources were read for this start.
    """

    started_at: datetime
    since: datetime
    changes: tuple[RecentChange, ...] = ()
    more: int = 0
    unread: tuple[UnreadSource, ...] = ()
    past: tuple[PastIncident, ...] = ()
    tries: int = 1

    @property
    def may_grow(self) -> bool:
        """Return True if a source that could not be read may be read later."""
        return any(one.problem.may_pass and one.read_from is None for one in self.unread)

    def without(self, number: int) -> "SuspectCard":
        """Return the card without past incident *number*."""
        return replace(self, past=tuple(one for one in self.past if one.number != number))


def card_of(
    changes: Iterable[RecentChange],
    unread: Sequence[UnreadSource],
    *,
    started_at: datetime,
    within: timedelta,
    tries: int = 1,
) -> SuspectCard:
    """Return the card of what changed in the time *within* before *started_at*.

    A change at the very start may be its cause, so it counts; a later one does not. Of a change that two
    sources know, the first one counts, with how it ended if only the other one knows that.
    """
    since = started_at - within
    shown = sorted(
        (one for one in _each_once(changes) if since <= one.at <= started_at),
        key=lambda one: one.at,
        reverse=True,
    )
    return SuspectCard(
        started_at=started_at,
        since=since,
        changes=tuple(shown[:MOST_CHANGES]),
        more=max(len(shown) - MOST_CHANGES, 0),
        unread=tuple(unread),
        tries=tries,
    )


def _each_once(changes: Iterable[RecentChange]) -> Iterable[RecentChange]:
    known: dict[object, RecentChange] = {}
    for number, change in enumerate(changes):
        first = known.setdefault(change.key or number, change)
        if change.state and not first.state:
            known[change.key] = replace(first, state=change.state)
    return [replace(change, key="") for change in known.values()]


#: Characters of its reason.
REASON_LIMIT: Final = 300


class Rollback(Payload):
    """The decision that counts: the last one.

    Attributes:
        rolls_back: True: roll back; False: do not.
        reason: At most `REASON_LIMIT` characters.
        by_id, by_name, at: Who decided it, and when.
    """

    rolls_back: bool
    reason: str
    by_id: int
    by_name: str
    at: datetime


class FirstLook(Payload):
    """What is known of the suspects of an incident; empty for one that was not read to be shown.

    Attributes:
        card: None before it is read, or where no source is configured.
        rollback: None before it is decided.
    """

    card: SuspectCard | None = None
    rollback: Rollback | None = None


def first_look(incident: Incident) -> FirstLook:
    """Return what is known of the suspects of an incident that was read to be shown."""
    return FirstLook.from_json(incident.own.get("suspects") or {})


class RollbackEntry(EntryData, kind=SuspectEntryKind.ROLLBACK_DECIDED):
    """A person has decided whether to roll back; attributes as `Rollback`."""

    rolls_back: bool
    reason: str


class RollbackNotice(Notice, name="rollback_decided"):
    """The same, in the thread; attributes as `Rollback`."""

    rolls_back: bool
    reason: str


_HIRAGANA: Final = re.compile("[\u3041-\u309f]+")
_KATAKANA: Final = re.compile("[\u30a0-\u30ff]+")
#: The last word of a part that is cut: 開か of 開かない, with the character that it inflects.
_CUT_ENDING: Final = re.compile(f"(?:.{_HIRAGANA.pattern}|{_KATAKANA.pattern})$")
_CUT_BEGINNING: Final = re.compile(f"^{_KATAKANA.pattern}")
_SHORTEST: Final = 2  # one character that is left of a part tells nothing


def words_in_common(one: str, other: str) -> tuple[str, ...]:
    """Return the parts of title *other*, as it spells them, whose words are in title *one*, too.

    Pairs of Japanese characters that overlap are one part: 管理 and 理画 are 管理画. A part ends where a
    word does in one of the titles: 開か becomes 開かない if both go on so, and is left out otherwise.
    """
    common = words_of(one).keys() & words_of(other).keys()
    parts: dict[str, str] = {}
    for run in runs_of(other):
        for part in _parts_of(run, common, runs_of(one)):
            parts.setdefault(part.casefold(), part)
    return tuple(parts.values())


def _parts_of(run: str, common: AbstractSet[str], beside: Sequence[str]) -> Iterator[str]:
    """Yield the parts of *run* that consist of words of *common*; *beside* are the other title's runs."""
    if run[0].isascii():
        if not common.isdisjoint(words_of_run(run)):
            yield run
        return
    begin = 0
    while begin < max(len(run) - 1, 1):
        end = begin
        if run[begin : begin + 2] in common:
            end = min(begin + 2, len(run))
            while end < len(run) and _goes_on(run, begin, end, common, beside):
                end += 1
            yield from _whole(run, begin, end, beside)
        begin = max(end, begin + 1)


def _goes_on(run: str, begin: int, end: int, common: AbstractSet[str], beside: Sequence[str]) -> bool:
    """Return True if the character at *end* belongs to the part before it: 問い goes on to 問い合わせ."""
    if run[end - 1 : end + 1] in common:
        return True
    is_inflected = bool(_HIRAGANA.match(run, end - 1))
    fits = bool(_HIRAGANA.match(run, end)) or run[end : end + 2] in common
    return is_inflected and fits and any(run[begin : end + 1] in text for text in beside)


def _whole(run: str, begin: int, end: int, beside: Sequence[str]) -> Iterator[str]:
    """Yield a part without a word that both titles cut at its beginning or end, if there is more to it."""
    part = whole = run[begin:end]
    places = [(text, match.start()) for text in beside for match in re.finditer(re.escape(part), text)]
    if all(_is_cut(text, at + len(part)) for text, at in [(run, begin), *places]):
        whole = _CUT_ENDING.sub("", whole)
    if all(_is_cut(text, at) for text, at in [(run, begin), *places]):
        whole = _CUT_BEGINNING.sub("", whole)
    if whole == part or len(whole) >= _SHORTEST:
        yield whole


def _is_cut(run: str, at: int) -> bool:
    """Return True if the characters around a place are of one word: both are hiragana, or both katakana."""
    pair = run[max(at - 1, 0) : at + 1]
    return 0 < at < len(run) and any(script.fullmatch(pair) for script in (_HIRAGANA, _KATAKANA))


#: How many are shown.
MOST_PAST: Final = 3

#: Among how many titles a word may be rare, as for the card of a triage.
_TITLES: Final = 300

#: What the same alert of a monitor adds to the score, which is about 0 to 1: with it alone, one is shown.
_SAME_ALERT: Final = 0.5


@dataclass(frozen=True, slots=True)
class KnownReport:
    """What incidents are compared by.

    Attributes:
        fingerprint: Of the alert that began it; None for none.
    """

    number: int
    title: str
    targets: tuple[str, ...] = ()
    symptoms: tuple[str, ...] = ()
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Resemblance:
    """A past incident, and what it has in common with this one.

    Attributes:
        same_targets: The targets that both name.
        same_alert: The same alert began both.
        words: The words of the past title that this title has, too.
    """

    number: int
    same_targets: tuple[str, ...]
    same_alert: bool
    words: tuple[str, ...]


def resembling(
    report: KnownReport, past: Sequence[KnownReport], *, most: int = MOST_PAST
) -> list[Resemblance]:
    """Return the past incidents that resemble *report*, the most similar first; of equals the latest.

    Args:
        past: The latest first; how rare a word is, is counted among the first `_TITLES`.
    """
    words = words_of(report.title).keys()
    alike = [
        one
        for one in past
        if one.number != report.number
        and (_is_same_alert(report, one) or not words_of(one.title).keys().isdisjoint(words))
    ]
    if not alike:
        return []
    rarity = Rarity.of(one.title for one in past[:_TITLES])
    scored = [
        (score(report, one, rarity) + (_SAME_ALERT if _is_same_alert(report, one) else 0.0), one)
        for one in alike
    ]
    best = sorted((pair for pair in scored if pair[0] >= THRESHOLD), key=lambda pair: -pair[0])
    return [
        Resemblance(
            number=one.number,
            same_targets=tuple(target for target in one.targets if target in report.targets),
            same_alert=_is_same_alert(report, one),
            words=words_in_common(report.title, one.title),
        )
        for _, one in best[:most]
    ]


def _is_same_alert(report: KnownReport, past: KnownReport) -> bool:
    return report.fingerprint is not None and report.fingerprint == past.fingerprint
