"""The answer to "is this alert still needed?", which the digest asks about the noisiest ones."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.payloads import Payload


class Verdict(StrEnum):
    """What becomes of an alert that comes again and again."""

    KEEP = "keep"
    MUTE = "mute"  # it is passed over
    DROP = (
        "drop"  # its rule is to be removed where it is defined, which the bot cannot do; noted for the team
    )


#: How long each holds. Then the digest asks again: a mute without an end would hide real trouble one day.
HOLDS_FOR: Final = {
    Verdict.KEEP: timedelta(days=28),
    Verdict.MUTE: timedelta(days=7),
    Verdict.DROP: timedelta(days=28),
}


@dataclass(frozen=True, slots=True)
class AlertVerdict:
    """The team's last word on an alert, by its fingerprint.

    Attributes:
        incident_id: The alert that was asked about.
        severity: Of that one. A more severe alert is tracked although it is muted.
        by_name: Who has decided.
        passed_over: The messages that were not tracked because of it.
    """

    guild_id: int
    fingerprint: str
    incident_id: int
    verdict: Verdict
    severity: str
    by_id: int
    by_name: str
    at: datetime
    holds_until: datetime
    passed_over: int = 0


class AlertVerdictData(Payload):
    """The line that tells the team what was decided about an alert.

    Attributes:
        answers: The message that has asked.
        verdict: None: the last one was taken back.
        by: Who has decided.
        until: When a mute ends.
    """

    answers: int | None = None
    verdict: Verdict | None = None
    by: str
    until: datetime | None = None
