"""The noisy alerts that a weekly digest asks about: still needed? And how the digest's post keeps which."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.alerts.verdict import AlertVerdict
from bot.domain.calendar.iso_week import IsoWeek
from bot.domain.delivery.attachments import FileRef
from bot.domain.incident.incident import Incident
from bot.domain.payloads import Payload


@dataclass(frozen=True, slots=True)
class AskedAlerts:
    """The noisiest alerts, of which a digest asks if the team still needs them.

    Attributes:
        alerts: The incidents that tracked each last, the noisiest first; three at most.
        verdicts: The answers that hold, by the numbers of these.
    """

    alerts: tuple[Incident, ...] = ()
    verdicts: Mapping[int, AlertVerdict] = field(default_factory=dict)

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return the numbers of the incidents that the digest asks about."""
        return tuple(one.id for one in self.alerts)


class DigestData(Payload):
    """The post of a week.

    Attributes:
        week: As `IsoWeek.parse` takes it.
        asked: As `AskedAlerts.numbers`.
        files: Its charts.
    """

    week: str
    asked: tuple[int, ...] = ()
    files: tuple[FileRef, ...] = ()


def digest_key(guild_id: int, week: IsoWeek) -> str:
    """Return the key of the delivery that tells *week*."""
    return f"digest:{guild_id}:{week}"
