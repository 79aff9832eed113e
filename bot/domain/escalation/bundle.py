"""Under load, one message tells of many escalations: which of them may share one, and what it says."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain.delivery.delivery import PAGING, DeliveryKind, NewDelivery
from bot.domain.incident.incident import Incident, Status

#: How many incidents a bundle lists by name; Discord: options in a select menu.
LISTED: Final = 25

#: How long a bundle waits, since it was begun, while steps are due that may belong in it: for those that were
#: due with it, and for what only came due since. Sending it writes twice whatever it tells of: in the middle
#: of thousands that holds up the decision of the others, and these need a further message.
_FOR_ITS_OWN: Final = timedelta(seconds=4.5)
_FOR_LATER: Final = timedelta(seconds=2.5)


@dataclass(frozen=True, slots=True)
class Group:
    """What one message may tell of together: the same kind of news, as grave, for the same people.

    Attributes:
        mention: Whom the message pings, as the ladder's step says; "none" for DMs.
    """

    guild_id: int
    kind: DeliveryKind
    to: str
    severity: str
    mention: str
    priority: int


@dataclass(frozen=True, slots=True)
class Bundled:
    """A delivery that a bundle tells of."""

    id: int
    incident_id: int
    kind: DeliveryKind
    to: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bundle tells.

    Attributes:
        id: Its delivery's.
        kind: Of the deliveries that it stands for.
        count: How many incidents it tells of.
        waiting: How many of these nobody has acknowledged.
        shown: Those that are waiting, gravest wait first, at most `LISTED`.
        now: When this was so.
    """

    id: int
    kind: DeliveryKind
    severity: str
    mention: str
    count: int
    waiting: int
    shown: tuple[Incident, ...]
    now: datetime


def group_of(owed: NewDelivery, incident: Incident) -> Group | None:
    """The group that a delivery may be bundled in; None when it stands for itself.

    A private incident is told of by itself, a drill is marked by itself, and what waits for another message
    (a thread for instance) is in a place of its own.
    """
    apart = incident.is_private or incident.is_drill or incident.status is not Status.TRIGGERED
    if owed.kind not in PAGING or apart or owed.after is not None:
        return None
    is_page = owed.kind is DeliveryKind.PAGE
    return Group(
        guild_id=owed.guild_id,
        kind=owed.kind,
        to=owed.to,
        severity=incident.severity,
        mention="none" if is_page else str(owed.data.get("mention", "none")),
        priority=owed.priority,
    )


def crowded(owed: Sequence[tuple[NewDelivery, Incident]], *, bundle_from: int) -> Mapping[str, Group]:
    """Which of *owed* are told of together, by key: those of a group that has *bundle_from* or more.

    Args:
        bundle_from: >= 2.
    """
    groups = {new.key: group for new, incident in owed if (group := group_of(new, incident)) is not None}
    sizes = Counter(groups.values())
    return {key: group for key, group in groups.items() if sizes[group] >= bundle_from}


def may_grow(begun_at: datetime, *, due_since: datetime | None, now: datetime) -> bool:
    """Whether a bundle waits for more.

    Args:
        due_since: Since when a step is due that nobody has decided yet; None: there is none.
    """
    if due_since is None:
        return False
    return now - begun_at < (_FOR_ITS_OWN if due_since <= begun_at else _FOR_LATER)
