"""Alerts that come by themselves instead of as a message in Discord: from a hook, or from a probe."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote, urlsplit

from bot.domain.alerts.alert import MAY_BE_AFFECTED, first_line
from bot.domain.alerts.recognition import Says
from bot.domain.alerts.subject import words_of
from bot.domain.masking.masking import mask, open_link
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
    """

    name: str
    label: str
    severity: str
    severities: Mapping[str, str] = field(default_factory=dict)
    channel: str | None = None
    same_within: timedelta = timedelta(hours=24)
    targets: Mapping[str, str] = field(default_factory=dict)

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
