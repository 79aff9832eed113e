"""Announcements: states, approval, drafts, and what keeps a text from publication."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self
from zoneinfo import ZoneInfo

from bot.domain.delivery.delivery import Notice
from bot.domain.incident.incident import ByPerson, Incident, Phase, Role, UsersAffected, label_pattern
from bot.domain.masking.spans import MASK
from bot.domain.payloads import Payload
from bot.domain.people import Person
from bot.domain.text import is_one_emoji
from bot.domain.timeline.entries import EntryData, EntryKind
from bot.domain.triage.tree import Text

#: The pause after the first failed attempt to send one; it doubles up to the longest.
_FIRST_PAUSE: Final = timedelta(seconds=10)
_LONGEST_PAUSE: Final = timedelta(minutes=2)

#: How long after the approval the bot goes on trying. After that a person has to know: users wait.
GIVE_UP_AFTER: Final = timedelta(minutes=15)

#: `strftime` would ask the locale.
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class AnnouncementState(StrEnum):
    """What an announcement tells of its incident. Status pages have the same words, except for the last."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    REOPENED = "reopened"  # it was announced as resolved, and is back


class AnnouncementStatus(StrEnum):
    """How far an announcement has come."""

    DRAFT = "draft"
    APPROVED = "approved"  # and on its way through the webhook
    PUBLISHED = "published"
    FAILED = "failed"  # approved, but the webhook did not take it


class PublishedVia(StrEnum):
    """How an announcement was published."""

    COPY = "copy"  # by a person, who has copied it
    WEBHOOK = "webhook"


class AnnouncementText(Payload, kw_only=False):
    """The words for one channel, in both languages."""

    ja: str
    en: str

    def say(self, language: str) -> str:
        """Return the words in *language*."""
        return self.ja if language == "ja" else self.en


class PublishedAnnouncement(Payload):
    """What users were told, as the timeline keeps it; attributes as in `Announcement`."""

    number: int
    state: AnnouncementState = AnnouncementState.INVESTIGATING
    via: PublishedVia = PublishedVia.COPY
    texts: dict[str, AnnouncementText]


@dataclass(frozen=True, slots=True)
class Announcement:
    """One announcement of an incident as stored. Every datetime is aware.

    Attributes:
        number: From 1, by incident.
        version: Grows with each change of the words: an approval is for one version.
        severity, targets, started_at: Of the incident when it was drafted.
        texts: By channel, in the policy's order.
        published_at: Once it is published.
        attempts: Failed attempts to send it since the approval.
        next_try_at: When it is sent next; None unless it is approved.
        error: Why the last attempt failed.
    """

    incident_id: int
    number: int
    guild_id: int
    version: int
    state: AnnouncementState
    severity: str
    targets: tuple[str, ...]
    started_at: datetime
    texts: Mapping[str, AnnouncementText]
    drafted_by: ByPerson
    status: AnnouncementStatus = AnnouncementStatus.DRAFT
    edited_by: ByPerson | None = None
    approved_by: ByPerson | None = None
    published_via: PublishedVia | None = None
    published_at: datetime | None = None
    attempts: int = 0
    next_try_at: datetime | None = None
    error: str | None = None

    @property
    def is_published(self) -> bool:
        """Return True if users can read it."""
        return self.status is AnnouncementStatus.PUBLISHED

    def as_published(self, via: PublishedVia) -> PublishedAnnouncement:
        """Return the part of the announcement that the incident's timeline keeps."""
        return PublishedAnnouncement(number=self.number, state=self.state, via=via, texts=dict(self.texts))

    def edited(self, texts: Mapping[str, AnnouncementText], *, by: Person, at: datetime) -> Self:
        """Return the announcement with other texts.

        It is a draft again: what was approved were the earlier ones.
        """
        return replace(
            self.redrafted(self.state, texts), edited_by=ByPerson(by.id, by.name, at), severity=self.severity
        )

    def redrafted(self, state: AnnouncementState, texts: Mapping[str, AnnouncementText]) -> Self:
        """Return the announcement as a new, unedited draft about *state*."""
        return replace(
            self,
            state=state,
            texts=texts,
            version=self.version + 1,
            status=AnnouncementStatus.DRAFT,
            edited_by=None,
            approved_by=None,
            attempts=0,
            next_try_at=None,
            error=None,
        )

    def approved(self, *, by: Person, at: datetime) -> Self:
        """Return the announcement as approved and due to be sent."""
        return replace(
            self,
            status=AnnouncementStatus.APPROVED,
            approved_by=ByPerson(by.id, by.name, at),
            attempts=0,
            next_try_at=at,
            error=None,
        )

    def published(self, via: PublishedVia, *, at: datetime) -> Self:
        """Return a copy that is marked as published, with no further attempt due."""
        return replace(
            self,
            status=AnnouncementStatus.PUBLISHED,
            published_via=via,
            published_at=at,
            next_try_at=None,
            error=None,
        )

    def tried(self, error: str, *, at: datetime, asked_s: float | None, is_final: bool) -> Self:
        """Return the announcement after an attempt that failed at *at*: tried again later, or given up.

        Args:
            error: Why, in one line without secrets.
            asked_s: How long the receiver asks to be left alone, seconds.
            is_final: Another attempt would fail as well.
        """
        attempts = self.attempts + 1
        pause = min(_FIRST_PAUSE * (1 << min(attempts - 1, 10)), _LONGEST_PAUSE)
        next_try_at = at + max(pause, timedelta(seconds=asked_s or 0.0))
        approved_at = at if self.approved_by is None else self.approved_by.at
        gives_up = is_final or next_try_at - approved_at > GIVE_UP_AFTER
        return replace(
            self,
            attempts=attempts,
            error=error,
            status=AnnouncementStatus.FAILED if gives_up else self.status,
            next_try_at=None if gives_up else next_try_at,
        )


def may_be_told(rules: "AnnouncementRules", incident: Incident) -> bool:
    """Return True if users may be told of an incident: by its severity, and unless it is private."""
    return rules.has(incident.severity) and (rules.private or not incident.is_private)


_PHASES: Final = {
    Phase.INVESTIGATING: AnnouncementState.INVESTIGATING,
    Phase.IDENTIFIED: AnnouncementState.IDENTIFIED,
    Phase.MONITORING: AnnouncementState.MONITORING,
}


def state_of(incident: Incident, *, last: AnnouncementState | None) -> AnnouncementState:
    """Return what users are to be told of an incident now.

    Args:
        last: What the last published announcement says; None: there is none.
    """
    if not incident.is_open:
        return AnnouncementState.RESOLVED
    if incident.users_affected is UsersAffected.NO:
        return AnnouncementState.MONITORING
    if incident.phase is not None:
        return _PHASES[incident.phase]
    was_over = last is AnnouncementState.RESOLVED or last is AnnouncementState.REOPENED
    return AnnouncementState.REOPENED if was_over else AnnouncementState.INVESTIGATING


#: X counts these as one and every other character as two.
#: Source: twitter-text's configuration v3, https://github.com/twitter/twitter-text/tree/master/config.
_LIGHT: Final = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))

#: X replaces every address by one of its own, of this length.
_ADDRESS_LENGTH: Final = 23

#: An address, with or without its scheme. X knows every top-level domain; here any two letters or more are
#: taken for one, so that a name ("node.js") may be counted as too long, never an address as too short.
_ADDRESS: Final = re.compile(
    r"(?:https?://(?:[^\s/.、。「」（）]+\.)+|(?<![@A-Za-z0-9_.-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+)"
    r"[a-z]{2,}(?::[0-9]+)?(?:/[!-~]*[A-Za-z0-9_/=#&+-])?/?",
    re.IGNORECASE,
)

#: A sign with what belongs to it: its presentation, a skin tone, further signs joined to it; or a flag.
_CLUSTER: Final = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3"
    "|.[\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
    "(?:\u200d.[\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*)*",
    re.DOTALL,
)


def length(text: str) -> int:
    """Return the length of *text* in characters, for channels that count those."""
    return len(text)


def length_on_x(text: str) -> int:
    """Return the weighted length of *text* on X, which takes 280: 140 Japanese characters, 280 Latin ones."""
    composed = unicodedata.normalize("NFC", text)
    addresses = len(_ADDRESS.findall(composed))
    rest = _ADDRESS.sub("", composed)
    return addresses * _ADDRESS_LENGTH + sum(_weight(part) for part in _CLUSTER.findall(rest))


def _weight(cluster: str) -> int:
    """Return the weight of a character, or of an emoji of several, which counts as one character."""
    if len(cluster) > 1 and is_one_emoji(cluster):
        return 2
    return sum(1 if any(first <= ord(sign) <= last for first, last in _LIGHT) else 2 for sign in cluster)


#: What a target without a name for the public is called.
SOME_FEATURES: Final = Text("一部の機能", "some features")

#: What is wrong, under a severity of which the policy does not say.
_EFFECT: Final = Text("不具合", "problem")


@dataclass(frozen=True, slots=True)
class AnnouncementChannel:
    """A place where users read announcements.

    Attributes:
        limit: The length that it takes.
        counts_as_x: Its length is counted as X does; otherwise each character counts one.
    """

    name: Text
    limit: int
    counts_as_x: bool = False

    def length(self, words: str) -> int:
        """Return how much of the limit *words* take."""
        return length_on_x(words) if self.counts_as_x else length(words)


@dataclass(frozen=True, slots=True)
class AnnouncementRules:
    """The policy's `[announcements]`.

    Attributes:
        severities: Under which the bot asks whether users are affected; empty: under none.
        channels: By id, in the policy's order; at most two, as a form holds four texts.
        names: The names of targets for the public, by target.
        effects: What is wrong, by severity.
        texts: The drafts, with {start}, {targets}, {effect} and {impact}.
        approvers: The roles whose holders approve.
        uses_webhook: Announcements are sent by the webhook, if one is configured.
        private: Private incidents may be announced.
        public: Names that may appear in an announcement although the policy uses them.
    """

    severities: tuple[str, ...] = ()
    channels: Mapping[str, AnnouncementChannel] = field(default_factory=lambda: MappingProxyType({}))
    names: Mapping[str, Text] = field(default_factory=lambda: MappingProxyType({}))
    effects: Mapping[str, Text] = field(default_factory=lambda: MappingProxyType({}))
    texts: Mapping[AnnouncementState, Text] = field(default_factory=lambda: MappingProxyType({}))
    approvers: tuple[Role, ...] = (Role.COMMUNICATOR, Role.COMMANDER)
    uses_webhook: bool = False
    private: bool = False
    public: tuple[str, ...] = ()

    def has(self, severity: str) -> bool:
        """Return True if the bot asks whether users are affected by incidents of *severity*."""
        return severity in self.severities

    def name(self, target: str) -> Text:
        """Return the name that users know *target* by; a general one if it has none."""
        return self.names.get(target, SOME_FEATURES)

    def effect(self, severity: str) -> Text:
        """Return what is wrong, in words for users."""
        return self.effects.get(severity, _EFFECT)


#: The placeholders of a draft's text.
PLACEHOLDERS: Final = ("start", "targets", "effect", "impact")

#: States in which users are affected now: a draft says how, once an update does.
_GOES_ON: Final = frozenset(
    {AnnouncementState.INVESTIGATING, AnnouncementState.IDENTIFIED, AnnouncementState.REOPENED}
)

#: A sentence with one of these is Japanese.
_JAPANESE: Final = re.compile("[\u3041-\u30ff\u4e00-\u9fff]")

#: What a drill's announcement begins with, so that a copy of it misleads no one.
DRILL: Final = Text("【訓練】", "[DRILL] ")

_DEFAULTS: Final = {
    AnnouncementState.INVESTIGATING: Text(
        "{start} 頃から、{targets}で{effect}が発生しています。{impact}現在、原因を調査しています。"
        "ご迷惑をおかけし、申し訳ございません。",
        "There has been a {effect} with {targets} since about {start}. {impact}We are investigating the "
        "cause, and we are sorry for the inconvenience.",
    ),
    AnnouncementState.IDENTIFIED: Text(
        "{targets}で発生している{effect}の原因が分かり、復旧作業を進めています。{impact}"
        "ご迷惑をおかけし、申し訳ございません。",
        "We have found the cause of the {effect} with {targets} and are working on a fix. {impact}"
        "We are sorry for the inconvenience.",
    ),
    AnnouncementState.MONITORING: Text(
        "{targets}で発生した{effect}への対応を終え、正常に動いていることを確認しています。"
        "ご迷惑をおかけし、申し訳ございません。",
        "A fix for the {effect} with {targets} is in place, and we are checking that all is well. "
        "We are sorry for the inconvenience.",
    ),
    AnnouncementState.RESOLVED: Text(
        "{start} 頃から、{targets}で発生していた{effect}は、復旧しました。"
        "ご迷惑をおかけし、申し訳ございませんでした。",
        "The {effect} with {targets} that began at about {start} is resolved. "
        "We are sorry for the inconvenience.",
    ),
    AnnouncementState.REOPENED: Text(
        "復旧をお知らせした{targets}の{effect}が、再び発生しています。{impact}現在、原因を調査しています。"
        "ご迷惑をおかけし、申し訳ございません。",
        "The {effect} with {targets} that we reported as resolved is back. {impact}We are investigating the "
        "cause, and we are sorry for the inconvenience.",
    ),
}


def draft(
    rules: AnnouncementRules,
    incident: Incident,
    state: AnnouncementState,
    *,
    zone: ZoneInfo,
    internal: Iterable[str] = (),
) -> dict[str, AnnouncementText]:
    """Return the draft for each channel. It names targets by their public names.

    It has the impact that the last status update names, in that sentence's language. Where all that does not
    fit into a channel's limit, the draft speaks of some features, and then goes without the impact.

    Args:
        internal: As `findings_in` takes it: an impact that users must not read is left out.
    """
    said, local = _impact(rules, incident, state, internal), incident.started_at.astimezone(zone)
    drafts: dict[str, list[str]] = {}
    for language in ("ja", "en"):
        words = rules.texts.get(state, _DEFAULTS[state]).say(language)
        words = words.replace("{start}", _moment(local, language))
        words = words.replace("{effect}", rules.effect(incident.severity).say(language))
        if incident.is_drill:
            words = DRILL.say(language) + words
        targets = (public_targets(rules, incident.targets, language), SOME_FEATURES.say(language))
        drafts[language] = [
            words.replace("{targets}", named).replace("{impact}", impact)
            for impact in (said.say(language), "")
            for named in targets
        ]
    return {
        name: AnnouncementText(*(_fitting(channel, made) for made in drafts.values()))
        for name, channel in rules.channels.items()
    }


def _impact(
    rules: AnnouncementRules, incident: Incident, state: AnnouncementState, internal: Iterable[str]
) -> AnnouncementText:
    """Return the impact as a sentence of the language that it is written in; empty in the other one."""
    said = " ".join(incident.updates.impact.split())
    if state not in _GOES_ON or not said or next(_findings_in(said, _forbidden(rules, internal)), None):
        return AnnouncementText("", "")
    is_whole = said[-1] in "。．.!?！？"
    if _JAPANESE.search(said):
        return AnnouncementText(said if is_whole else f"{said}。", "")
    return AnnouncementText("", f"{said} " if is_whole else f"{said}. ")


def _fitting(channel: AnnouncementChannel, made: Sequence[str]) -> str:
    return next((words for words in made if channel.length(words) <= channel.limit), made[-1])


def public_targets(rules: AnnouncementRules, targets: Iterable[str], language: str) -> str:
    """Return what users know *targets* as, each name once; without targets, some features."""
    names = list(dict.fromkeys(rules.name(target).say(language) for target in targets))
    names = names or [SOME_FEATURES.say(language)]
    if language == "ja":
        return "、".join(names)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _moment(local: datetime, language: str) -> str:
    """Return a local time as users read it: "11/24 14:05", "14:05 JST on Nov 24"."""
    if language == "ja":
        return f"{local.month}/{local.day} {local:%H:%M}"
    return f"{local:%H:%M %Z} on {_MONTHS[local.month - 1]} {local.day}"


class FindingKind(StrEnum):
    """What is wrong with the text of an announcement."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    INTERNAL = "internal"  # a name of ours
    MENTION = "mention"  # of Discord's, which means nothing elsewhere
    MASKED = "masked"  # it had a secret in it


@dataclass(frozen=True, slots=True)
class TextFinding:
    """One thing that is wrong with the text for a channel in a language.

    Attributes:
        what: The name or the mention; empty for the others.
    """

    channel: str
    language: str
    kind: FindingKind
    what: str = ""


_MENTION: Final = re.compile(r"@everyone|@here|<(?:@[!&]?|#|a?:\w+:)\d+>", re.ASCII)
_LABEL: Final = re.compile(rf"\b{label_pattern()}", re.ASCII | re.IGNORECASE)

#: A plain word may be a worker's name, and is a word all the same: "public", "admin".
_NAMELIKE: Final = re.compile(r"[._/\d-]", re.ASCII)


def internal_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return the *names* that can only be internal: with a dot, a hyphen or a digit; each once."""
    return tuple(dict.fromkeys(name for name in names if _NAMELIKE.search(name)))


def findings_in(
    rules: AnnouncementRules, texts: Mapping[str, AnnouncementText], *, internal: Iterable[str]
) -> list[TextFinding]:
    """Return what is wrong with *texts*; empty if they may be published.

    Args:
        internal: Names that users must not read, as of `internal_names`. ``*`` stands for any signs.
    """
    forbidden = _forbidden(rules, internal)
    findings: list[TextFinding] = []
    for name, channel in rules.channels.items():
        words = texts.get(name, AnnouncementText("", ""))
        for language in ("ja", "en"):
            text = words.say(language)
            kinds = list(_findings_in(text, forbidden))
            if channel.length(text) > channel.limit:
                kinds.append((FindingKind.TOO_LONG, ""))
            findings += (TextFinding(name, language, kind, what) for kind, what in kinds)
    return findings


def _forbidden(rules: AnnouncementRules, internal: Iterable[str]) -> list[re.Pattern[str]]:
    return [_pattern(name) for name in internal if name not in rules.public]


def _findings_in(text: str, forbidden: Iterable[re.Pattern[str]]) -> Iterator[tuple[FindingKind, str]]:
    if not text.strip():
        yield FindingKind.EMPTY, ""
    if MASK.search(text):
        yield FindingKind.MASKED, ""
    if mention := _MENTION.search(text):
        yield FindingKind.MENTION, mention[0]
    plain = unicodedata.normalize("NFKC", text)  # full-width signs say the same
    matches = [one.search(plain) for one in (*forbidden, _LABEL)]
    for name in dict.fromkeys(match[0] for match in matches if match is not None):
        yield FindingKind.INTERNAL, name


def _pattern(name: str) -> re.Pattern[str]:
    inside = r"[\w.-]*".join(re.escape(part) for part in name.split("*"))
    return re.compile(rf"(?<![\w.-]){inside}(?![\w-]|\.\w)", re.IGNORECASE | re.ASCII)


class AnnouncementEntry(EntryKind):
    """What the timeline has of announcements."""

    ANNOUNCED = "announced"  # users were told
    FAILED = "announcement_failed"  # an announcement could not be sent


class AnnouncedEntry(EntryData, kind=AnnouncementEntry.ANNOUNCED):
    """An announcement was published, by the person who approved it."""

    said: PublishedAnnouncement


class AnnouncementFailedEntry(EntryData, kind=AnnouncementEntry.FAILED):
    """An approved announcement could not be sent; *reason* is one line."""

    number: int
    reason: str


class AnnouncedNotice(Notice, name="announced"):
    """An announcement was published."""

    said: PublishedAnnouncement


class AnnouncementFailedNotice(Notice, name="announcement_failed"):
    """An approved announcement could not be sent; *reason* is one line."""

    number: int
    reason: str


class FollowUpNotice(Notice, name="follow_up"):
    """Users have not been told of the incident's present state yet.

    Attributes:
        state: The state to tell them.
        told: The state that they were told last.
    """

    state: AnnouncementState = AnnouncementState.RESOLVED
    told: AnnouncementState = AnnouncementState.INVESTIGATING


class StillPublishedNotice(Notice, name="still_published"):
    """Users can still read the announcements that were published before the incident became private.

    Attributes:
        count: Of the announcements.
    """

    count: int
