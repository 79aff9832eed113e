"""What monitors have said: events that came by HTTP, each occurrence of an alert, and the rules about it."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote, urlsplit

from bot.domain.alerts.alert import MAY_BE_AFFECTED, first_line
from bot.domain.alerts.recognition import Clue, Says, Shape
from bot.domain.alerts.subject import words_of
from bot.domain.masking.masking import mask, open_link
from bot.domain.people import Person
from bot.domain.severity import SeverityPolicy

#: Characters of an address that is shown: a post has 2,000 in all.
URL_LIMIT: Final = 512

#: What stays as it is in a link: brackets and parentheses would end it. An IPv6 address needs its brackets.
_IN_LINKS: Final = "%/:?#@!$&'*+,;=~"
_IN_HOSTS: Final = "[]:%"

#: Discord's ids count milliseconds from here.
#: Source: Discord's docs, Reference > Snowflakes.
_EPOCH: Final = datetime(2015, 1, 1, tzinfo=UTC)
_NUMBER_BITS: Final = 22


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One thing that a monitor says about one of its alerts.

    Attributes:
        says: It fires, it is over, or neither; the last is passed over.
        key: The monitor's own name for the alert (its fingerprint, group key or deduplication key), equal
            when it fires again and when it is over. Empty: title and target make one.
        title: What happened, one line.
        target: What is affected, if the monitor names it.
        severity: The monitor's own word ("critical"), or the name or priority of a severity ("SEV1", "P0").
        url: Where to read more: http or https, else it is left out.
        text: What happened in more words, for the timeline.
        started_at: When the trouble began, aware; None: when the event was received.
    """

    says: Says
    key: str
    title: str
    target: str | None = None
    severity: str | None = None
    url: str | None = None
    text: str = ""
    started_at: datetime | None = None

    def masked(self) -> "AlertEvent":
        """Return the event as it may be stored and shown: without tokens, passwords and keys.

        Emails stay in title and target, because they may be what is affected, and go from the text. An
        address with a secret is left out. A long text takes some time: see `bot.domain.masking.masking.mask`.
        """
        return replace(
            self,
            title=mask(self.title, leaves=MAY_BE_AFFECTED).text,
            target=None if self.target is None else mask(self.target, leaves=MAY_BE_AFFECTED).text,
            url=None if self.url is None else open_link(self.url),
            text=mask(self.text).text,
        )

    def fingerprint(self, sender: str) -> str:
        """Return the fingerprint that all events about the same alert of *sender* share: 64 hex digits."""
        key = self.key or f"{words_of(self.title)}\n{words_of(self.target or '')}"
        return hashlib.sha256(f"event\n{sender}\n{key}".encode("utf-8", "replace")).hexdigest()

    @property
    def line(self) -> str:
        """Return the title without markup and mentions; empty when nothing of it can be read."""
        return first_line(self.title)

    @property
    def link(self) -> str | None:
        """Return the address as a link in a post takes it, or None if it is none."""
        if self.url is None or not _is_link(self.url):
            return None
        address = urlsplit(self.url)
        path = address._replace(scheme="", netloc="").geturl()
        return f"{address.scheme}://{quote(address.netloc, safe=_IN_HOSTS)}{quote(path, safe=_IN_LINKS)}"


@dataclass(frozen=True, slots=True)
class AlertSender:
    """A monitor whose events are received, and what the policy makes of them.

    Attributes:
        name: "sentry", as the policy calls it; it never changes, because alerts are compared by it.
        label: "Sentry", as people read it.
        severity: The severity of its alerts, unless an event says another.
        severities: The monitor's own words in lower case -> names of severities.
        channel: Where its alerts are posted; None: in the channel of their severity.
        same_within: How long an alert that is over, and fires again, counts as the same one.
        targets: The monitor's own names in lower case ("parky/app") -> the policy's names of targets.
        team: Whose alerts they are, if their targets do not say so.
    """

    name: str
    label: str
    severity: str
    severities: Mapping[str, str] = field(default_factory=dict)
    channel: str | None = None
    same_within: timedelta = timedelta(hours=24)
    targets: Mapping[str, str] = field(default_factory=dict)
    team: str | None = None

    def target_of(self, event: AlertEvent) -> str:
        """Return the target of *event* as the policy calls it, or else as the monitor does; empty without."""
        target = event.target or ""
        return self.targets.get(target.strip().lower(), target)

    def severity_of(self, event: AlertEvent, known: Iterable[SeverityPolicy]) -> str:
        """Return the name of the severity of *event*.

        Args:
            known: The severities of the policy.
        """
        stated = (event.severity or "").strip().lower()
        if named := self.severities.get(stated):
            return named
        own = {word.lower(): one.name for one in known for word in (one.name, one.priority)}
        return own.get(stated, self.severity)


@dataclass(frozen=True, slots=True)
class EventOrigin:
    """Where an event comes from. Two events with the same `id` and `nth` are the same one.

    Attributes:
        id: See `event_id`. Of two events of one sender, the later one has the higher id.
        nth: Its place among the events that came together, from 0.
        at: When it was received, aware.
    """

    guild_id: int
    id: int
    at: datetime
    nth: int = 0


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """What became of an event.

    Attributes:
        incident_id: The incident that it was counted on; None: it was counted on none.
    """

    incident_id: int | None


def event_id(at: datetime, number: int) -> int:
    """Return an id that sorts by time among the ids of Discord's messages.

    Alerts from hooks and from messages may end up on one incident, where the order of their ids decides
    whether it has fired since it was over.

    Args:
        at: Aware.
        number: Of a sequence. Two events of the same millisecond must differ in its lowest 22 bits.
    """
    milliseconds = (at - _EPOCH) // timedelta(milliseconds=1)
    return (milliseconds << _NUMBER_BITS) | (number & ((1 << _NUMBER_BITS) - 1))


def _is_link(url: str) -> bool:
    """Return True for a web address without a name and a password, which a post must not show."""
    try:
        address = urlsplit(url)
    except ValueError:
        return False
    is_web = address.scheme in {"http", "https"} and bool(address.hostname) and "@" not in address.netloc
    return is_web and len(url) <= URL_LIMIT and url.isprintable() and not any(map(str.isspace, url))


@dataclass(frozen=True, slots=True)
class Threshold:
    """How often an alert has to come before it is tracked.

    Attributes:
        count: At least 2.
        within: The time within which it has to.
    """

    count: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """What a rule is compared with.

    Attributes:
        title: As people read it.
        senders: The names of the monitor.
        severity: The name of the one that the alert has without a rule.
    """

    title: str
    target: str | None
    senders: tuple[str, ...]
    severity: str


@dataclass(frozen=True, slots=True)
class AlertRule:
    """A rule. It is about an alert that has all that it names; at least one of them is given.

    Attributes:
        number: Its place in the policy, from 1.
        title, target, sender: None: any.
        severity: None: any.
        ignores: The alert opens nothing.
        only_after: It opens nothing before it came so often.
        becomes: The name of the severity that it has instead.
    """

    number: int
    title: Shape | None = None
    target: Shape | None = None
    sender: Shape | None = None
    severity: str | None = None
    ignores: bool = False
    only_after: Threshold | None = None
    becomes: str | None = None

    def is_about(self, alert: AlertFacts) -> bool:
        """Return True if the rule decides about *alert*."""
        return (
            _fits(self.title, (alert.title,))
            and _fits(self.target, () if alert.target is None else (alert.target,))
            and _fits(self.sender, alert.senders)
            and self.severity in {None, alert.severity}
        )


def rule_for(alert: AlertFacts, rules: Iterable[AlertRule]) -> AlertRule | None:
    """Return the first rule that is about *alert*, or None."""
    return next((rule for rule in rules if rule.is_about(alert)), None)


def _fits(shape: Shape | None, lines: tuple[str, ...]) -> bool:
    return shape is None or any(shape.match(line) is not None for line in lines)


#: The channel of what was said in none.
NO_CHANNEL: Final = 0


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that a monitor has said something about an alert.

    Attributes:
        id: Of the message or event; of two, the later one has the higher id.
        channel_id: Where the message is; `NO_CHANNEL` for an event.
        sender: Two monitors may report one alert; each says for itself that it is over.
        by: The monitor, as people read it.
        at: When it was said, aware.
        url: The message, or where to read more; may be empty.
        severity: Of the alert, by what was said.
        same_within: How long it counts as the same alert; None: as the policy says for all.
        is_readable: It says what the alert is about.
        nth: Its place among the events that came together.
        title: What it is about, one line.
        target: What is affected, if it says so.
        subject: What it is about, as a reading has it; empty for an event.
        is_success: It says that some work went well.
        rule: The policy's rule about it, if there is one.
        clues: By what it is known what it says, the strongest first.
        lesson: The number of the `AlertLesson` by which it is read, if there is one.
        team: Whose alert its source says it is: see `Policy.team_of`.
        channel: Where the policy wants it posted; None: in the channel of its severity.
    """

    guild_id: int
    id: int
    channel_id: int
    sender: str
    fingerprint: str
    by: Person
    at: datetime
    url: str
    severity: SeverityPolicy
    same_within: timedelta | None = None
    is_readable: bool = True
    nth: int = 0
    title: str = ""
    target: str | None = None
    rule: AlertRule | None = None
    subject: str = ""
    is_success: bool = False
    clues: tuple[Clue, ...] = ()
    lesson: int | None = None
    team: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class KnownAlert:
    """An alert that a sender has posted.

    Attributes:
        number: Of its incident.
        subject: As in `Occurrence`; None: opened by a version that kept none.
        is_open: It still fires, or waits for an answer; else it is over and muted.
    """

    number: int
    fingerprint: str
    title: str
    subject: str | None
    is_open: bool = True
