"""How good the alerts of monitors are: does anybody act on them?"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.domain.incident.incident import Incident

#: An alert that fires again within this time after it ended was not mended.
AGAIN_WITHIN: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class AlertCounts:
    """What became of the alerts that began in a period; drills are left out.

    An alert is one tracked incident. The same alert within `same_within` is a further message of it.

    Attributes:
        alerts: Tracked, whatever became of them.
        messages: Times that the monitor posted them.
        acknowledged: A person took them.
        acted_on: Declared as an incident that was no false alarm, or merged into a declared one.
        false: Closed as a false alarm, declared or not.
        again: The same alert fired again within `AGAIN_WITHIN` after it ended.
    """

    alerts: int = 0
    messages: int = 0
    acknowledged: int = 0
    acted_on: int = 0
    false: int = 0
    again: int = 0


@dataclass(frozen=True, slots=True)
class AlertSource:
    """The alerts of one sender; *name* is what it posts under."""

    name: str
    counts: AlertCounts


@dataclass(frozen=True, slots=True)
class NoisyAlert:
    """An alert that comes again and again, by its fingerprint. Private incidents are not among it.

    Attributes:
        latest: The last incident that tracks it: its title, its sender, and where it is.
    """

    latest: Incident
    counts: AlertCounts


@dataclass(frozen=True, slots=True)
class AlertQuality:
    """The alerts of a period: by sender, and the noisiest ones; each those with the most messages first."""

    sources: tuple[AlertSource, ...] = ()
    noisiest: tuple[NoisyAlert, ...] = ()
