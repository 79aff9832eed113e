"""Dependencies: which targets an alert needs, and what an incident holds."""

from collections.abc import Collection, Iterable, Mapping

from bot.domain.alerts.alert import mention_of, named
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKindSpec
from bot.domain.incident.incident import Incident, NewIncident
from bot.domain.outage import Journal
from bot.domain.payloads import Payload
from bot.domain.severity import SeverityPolicy


class DependencyDelivery(AnyDeliveryKind):
    """The kinds of delivery of dependencies."""

    #: The line in an incident's thread that counts what the incident holds.
    DEPENDANTS = "dependants", DeliveryKindSpec(is_refreshed=True)
    #: An alert of the highest severity that is held, in the severity's channel; it rings nobody.
    HELD_QUIETLY = "held_quietly"


class Dependant(Payload):
    """An alert that an incident has held, as its posts show it."""

    fingerprint: str
    title: str
    target: str | None = None


class Dependants(Payload):
    """What an incident has held, as `Incident.own` has it.

    Attributes:
        alerts, times: How many different ones, and how often they came.
        tracked: How many of them were opened since.
        moved: How many of them something else holds by now, such as a maintenance.
        waiting: The latest of those that it holds now.
    """

    alerts: int = 0
    times: int = 0
    tracked: int = 0
    moved: int = 0
    waiting: tuple[Dependant, ...] = ()


class HeldQuietlyData(Payload):
    """An alert of the highest severity that *incident* holds, in the severity's channel."""

    incident: int
    severity: str
    title: str
    target: str | None = None
    url: str = ""


def dependants(incident: Incident) -> Dependants:
    """Return what an incident that was read to be shown has held."""
    return Dependants.from_json(incident.own.get("dependencies") or {})


def needed_by(target: str | None, title: str, depends_on: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the targets that an alert depends on, also through others.

    The alert is about its target; if it names none, about those that its title mentions.
    """
    if target:
        own = named(target, depends_on)
    else:
        own = tuple(name for name in depends_on if mention_of(name).search(title))
    return needed_through(own, depends_on)


def too_low(severity: SeverityPolicy, others: Iterable[SeverityPolicy]) -> frozenset[str]:
    """Return the names of the severities whose incidents hold no alert of *severity*.

    An incident that waits for the next business day pages nobody now, so an urgent alert pages by itself.
    """
    return frozenset(one.name for one in others if severity.is_urgent and not one.is_urgent)


def holds_meanwhile(
    new: NewIncident,
    journal: Journal,
    depends_on: Mapping[str, tuple[str, ...]],
    *,
    besides: Collection[str] = (),
) -> bool:
    """Return True if an unacknowledged incident of the journal is about what an alert depends on.

    The journal knows no other open ones, and without evidence an alert pages.

    Args:
        besides: The severities whose incidents do not hold it: see `too_low`.
    """
    needed = needed_by(next(iter(new.targets), None), new.title, depends_on)
    names = {name.casefold() for name in needed}
    holders = (
        one
        for one in journal.watches.values()
        if not (one.is_drill or one.is_private or one.severity in besides)
    )
    return any(name.casefold() in names for one in holders for name in one.targets)


def needed_through(targets: Iterable[str], depends_on: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return what *targets* depend on, also through others, the nearest first."""
    found: dict[str, None] = {}
    ahead = [needed for target in targets for needed in depends_on.get(target, ())]
    for name in ahead:  # grows
        if name not in found:
            found[name] = None
            ahead += depends_on.get(name, ())
    return tuple(found)
