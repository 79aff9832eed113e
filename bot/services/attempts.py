"""Why an attempt to send a delivery did not succeed."""

from dataclasses import dataclass
from http import HTTPStatus

from bot.domain.errors import Crowded


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt did not succeed; *final* when no further attempt will."""

    reason: str
    http_status: int | None
    final: bool
    asked_s: float | None = None
    code: int = 0

    @property
    def limit(self) -> Crowded | None:
        """Discord's limits, when they are why."""
        if self.http_status != HTTPStatus.TOO_MANY_REQUESTS or not self.asked_s:
            return None
        return Crowded(self.asked_s, asked_s=self.asked_s)
