"""A hook: one request by which another system reports alerts, and the rules for its source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from bot.domain.alerts.events import AlertEvent, AlertSender
from bot.domain.errors import BotError


class HookFormat(StrEnum):
    """A system whose requests can be read. Each has a reader in `bot.integrations.hooks`."""

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


def unread_among(said: Sequence[AlertEvent | UnreadAlert]) -> UnreadAlerts | None:
    """Return the alerts of *said* that cannot be read, if there are any."""
    unread = {nth: one.reason for nth, one in enumerate(said) if isinstance(one, UnreadAlert)}
    if not unread:
        return None
    reasons = ", ".join(dict.fromkeys(unread.values()))
    return UnreadAlerts(min(unread), f"{len(unread)} of {len(said)} alerts cannot be read: {reasons}")


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
class HookKeys:
    """The secrets of a source. Several at a time let a team replace one while requests come.

    Attributes:
        secrets: The last part of the address.
        signing: What the source signs with, or its bearer token or password; empty: it does not sign.
    """

    secrets: tuple[str, ...] = field(repr=False)
    signing: tuple[str, ...] = field(default=(), repr=False)


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


def in_environment(source: str) -> str:
    """Return how a source is written in the environment: "MY_CRON" for "my-cron"."""
    return source.replace("-", "_").upper()
