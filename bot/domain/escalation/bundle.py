"""Bundles: under load, one message reports many escalations. This module decides which may share one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain.delivery.delivery import NewDelivery
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.escalation.deliveries import PagingData
from bot.domain.incident.incident import Incident, Status

#: How many incidents a bundle lists by name; Discord: options in a select menu.
LISTED: Final = 25

#: How long after its start a bundle waits for undecided steps that may belong in it: first for steps that
#: were due by its start, then for steps that came due later. Sending a bundle writes each of its deliveries
#: twice. Among thousands of steps that delays deciding the others, and these then need another message.
_FOR_ITS_OWN: Final = timedelta(seconds=4.5)
_FOR_LATER: Final = timedelta(seconds=2.5)


@dataclass(frozen=True, slots=True)
class Group:
    """Deliveries that one message may report together: of the same kind and severity, to the same people.

    Attributes:
        mention: The mention that the ladder's step asks for; "none" for DMs.
    """

    guild_id: int
    kind: AnyDeliveryKind
    to: str
    severity: str
    mention: str
    priority: int


@dataclass(frozen=True, slots=True)
class Bundled:
    """A delivery that a bundle reports."""

    id: int
    incident_id: int
    kind: AnyDeliveryKind
    to: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """The content of a bundle at one moment.

    Attributes:
        id: The id of its own delivery.
        kind: The kind of the deliveries that it replaces.
        count: The number of incidents that it reports.
        waiting: How many of these have no acknowledgement.
        shown: The waiting incidents, longest wait first, at most `LISTED`.
        now: The moment.
    """

    id: int
    kind: AnyDeliveryKind
    severity: str
    mention: str
    count: int
    waiting: int
    shown: tuple[Incident, ...]
    now: datetime


def group_of(owed: NewDelivery, incident: Incident) -> Group | None:
    """Return the group that a delivery may be bundled in; None if it needs a message of its own.

    A private incident and a drill each need their own message. So does a delivery that waits for another one
    (a thread for instance), because it goes to a place of its own.
    """
    apart = incident.is_private or incident.is_drill or incident.status is not Status.TRIGGERED
    if not owed.kind.spec.is_paging or apart or owed.after is not None:
        return None
    is_page = owed.kind is DeliveryKind.PAGE
    return Group(
        guild_id=owed.guild_id,
        kind=owed.kind,
        to=owed.to,
        severity=incident.severity,
        mention="none" if is_page else PagingData.from_json(owed.data).mention or "none",
        priority=owed.priority,
    )


def to_bundle(owed: Sequence[tuple[NewDelivery, Incident]], *, bundle_from: int) -> Mapping[str, Group]:
    """Return the deliveries to bundle, key -> group: those whose group has *bundle_from* or more.

    Args:
        bundle_from: >= 2.
    """
    groups = {new.key: group for new, incident in owed if (group := group_of(new, incident)) is not None}
    sizes = Counter(groups.values())
    return {key: group for key, group in groups.items() if sizes[group] >= bundle_from}


def may_grow(begun_at: datetime, *, due_since: datetime | None, now: datetime) -> bool:
    """Return True if a bundle should wait for more deliveries.

    Args:
        due_since: When a step that is not decided yet came due; None: there is none.
    """
    if due_since is None:
        return False
    return now - begun_at < (_FOR_ITS_OWN if due_since <= begun_at else _FOR_LATER)
