"""Hooks: requests by which other systems report alerts, the rules for a source, and the depth of a body."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from bot.domain.alerts.events import AlertEvent, AlertSender
from bot.domain.delivery.kinds import AnyDeliveryKind
from bot.domain.errors import BotError
from bot.domain.payloads import Payload


class HookDeliveryKind(AnyDeliveryKind):
    """The kind of delivery of this capability."""

    #: The note that what a source has sent by HTTP could not be read.
    HOOK_UNREAD = "hook_unread"


class HookUnreadData(Payload):
    """The note that what a source has sent could not be read.

    Attributes:
        label: The source, as people read it.
        source: As the policy names it.
        problem: Why, in English, without the request's words.
    """

    label: str
    source: str
    problem: str


class HookFormat(StrEnum):
    """A system whose requests can be read. Each has a reader in `cogs.hooks.readers`."""

    ALERTMANAGER = "alertmanager"
    CLOUDFLARE = "cloudflare"
    GITHUB = "github"
    GRAFANA = "grafana"
    JSON = "json"  # any body, read by the policy's mapping
    PAGERDUTY = "pagerduty"  # Events v2: what speaks to PagerDuty can speak to this bot instead
    SENTRY = "sentry"
    STANDARD = "standard"  # Standard Webhooks


#: What people call each; the policy may say otherwise.
LABELS: Final = MappingProxyType(
    {
        HookFormat.ALERTMANAGER: "Alertmanager",
        HookFormat.CLOUDFLARE: "Cloudflare",
        HookFormat.GITHUB: "GitHub",
        HookFormat.GRAFANA: "Grafana",
        HookFormat.PAGERDUTY: "PagerDuty",
        HookFormat.SENTRY: "Sentry",
    }
)


class MappedPart(StrEnum):
    """A part of an alert that the policy's mapping may say where to find in the body."""

    EACH = "each"  # the list of alerts, if a body has several; the others are sought in each of them
    TITLE = "title"
    KEY = "key"
    STATUS = "status"
    SEVERITY = "severity"
    TARGET = "target"
    URL = "url"
    TEXT = "text"
    STARTED_AT = "started_at"


class HookRefused(BotError):
    """The request does not prove that its source has sent it.

    Args:
        reason: A word for the log and the figures: "signature", "credentials", "too_old".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class HookUnreadable(BotError):
    """The body is not what its source sends.

    Args:
        reason: What is wrong, in English, without the body's words: "alerts is not a list".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class UnreadAlert:
    """An alert of a request that cannot be read, among others that can.

    Attributes:
        reason: As of `HookUnreadable`.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class UnreadAlerts:
    """The alerts of one request that cannot be read.

    Attributes:
        first: The place of the first one in the request, from 0.
        reason: How many they are, and why.
    """

    first: int
    reason: str


def unread_among(alerts: Sequence[AlertEvent | UnreadAlert]) -> UnreadAlerts | None:
    """Return those of *alerts* that cannot be read, if there are any."""
    unread = {nth: one.reason for nth, one in enumerate(alerts) if isinstance(one, UnreadAlert)}
    if not unread:
        return None
    reasons = ", ".join(dict.fromkeys(unread.values()))
    return UnreadAlerts(min(unread), f"{len(unread)} of {len(alerts)} alerts cannot be read: {reasons}")


@dataclass(frozen=True, slots=True)
class HookRequest:
    """One request as it was received.

    Attributes:
        headers: By name in lower case. Of a stored request: only those that its reader keeps.
        body: Not decoded: signatures are over the bytes.
    """

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class NewHook:
    """A verified request, to be stored.

    Attributes:
        delivery_id: The source's own id of it; None: it gives none.
        request: With the headers that are kept.
        priority: Of its job.
        at: When it was sent, aware, if it did not arrive then; None: now.
    """

    guild_id: int
    source: str
    delivery_id: str | None
    request: HookRequest
    priority: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoredHook:
    """A request that waits to be processed, or is being processed in parts.

    Attributes:
        at: When it was received, aware.
        next_event: The alert with which the next part begins, from 0; those before it were received.
        problem: What went wrong with an alert of an earlier part.
    """

    id: int
    request: HookRequest
    at: datetime
    next_event: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook of a repository on GitHub.

    Attributes:
        repository: ``owner/name``; None: the one that the bot writes to.
    """

    number: int
    repository: str | None = None


@dataclass(frozen=True, slots=True)
class ProcessedHook:
    """What became of a request, or of a part of it.

    Attributes:
        events: How many of its alerts could be read; until it is done, how many were looked at.
        problem: Why it, or an alert in it, could not be read; None if all could.
        is_done: Nothing of it is left.
    """

    id: int
    events: int
    problem: str | None = None
    is_done: bool = True


@dataclass(frozen=True, slots=True)
class HookRules:
    """``[hooks.<source>]``: what the policy says about a source.

    Attributes:
        sender: Its name and its severities.
        mapping: Of `HookFormat.JSON` and `HookFormat.STANDARD`: what is where in the body.
        sent_by: Where GitHub keeps what it has tried to send; None: what did not arrive is not fetched.
        reports_deployments: What it sends are deployments, none of which is an alert.
    """

    sender: AlertSender
    format: HookFormat
    mapping: Mapping[str, str] = field(default_factory=dict)
    sent_by: Webhook | None = None
    reports_deployments: bool = False


@dataclass(frozen=True, slots=True)
class HookSenders:
    """The sources of a policy, by name."""

    by_name: Mapping[str, HookRules]


def in_environment(source: str) -> str:
    """Return how a source is written in the environment: "MY_CRON" for "my-cron"."""
    return source.replace("-", "_").upper()


@dataclass(frozen=True, slots=True)
class HookAttempt:
    """One attempt of a source to deliver a request.

    Attributes:
        id: Of the attempt; the source knows it by this.
        delivery_id: Of the request, the same for each attempt.
        at: When it was made, aware.
        has_arrived: It was answered with 2xx.
    """

    id: int
    delivery_id: str
    at: datetime
    has_arrived: bool


def missed(attempts: Iterable[HookAttempt], *, known: Collection[str]) -> list[HookAttempt]:
    """Return the first attempt of each request that never arrived, oldest first.

    Args:
        known: Delivery ids of requests that are stored.
    """
    first: dict[str, HookAttempt] = {}
    arrived = set(known)
    for attempt in sorted(attempts, key=lambda one: (one.at, one.id)):
        first.setdefault(attempt.delivery_id, attempt)
        if attempt.has_arrived:
            arrived.add(attempt.delivery_id)
    return [attempt for name, attempt in first.items() if name not in arrived]


#: Lists and objects within each other, at most. What monitors send has about ten.
DEEPEST: Final = 32

_STRING: Final = re.compile(rb'"(?:[^"\\]+|\\.)*+"?', re.DOTALL)
_OPENING: Final = bytes.maketrans(b"{}", b"[]")
_OTHERS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")


def is_utf_8(body: bytes) -> bool:
    """Return True if *body* is UTF-8, ASCII included."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_shallow(body: bytes) -> bool:
    """Return True if *body* is nested no more than `DEEPEST`, or is no JSON and has few brackets.

    A body that is not UTF-8 is passed: its reader decodes it and asks again, because half a sign of Shift_JIS
    may be a bracket. It takes time in proportion to the body, whatever is in it.
    """
    if not is_utf_8(body):
        return True
    left = _STRING.sub(b"", body).translate(_OPENING, _OTHERS)
    for _ in range(DEEPEST):
        left = left.replace(b"[]", b"")
    return b"[]" not in left and left.count(b"[") <= DEEPEST
