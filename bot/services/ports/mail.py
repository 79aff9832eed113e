"""The way round Discord: email to whoever is on call."""

from dataclasses import dataclass
from typing import Protocol

from bot.domain.bundle import Bundle
from bot.domain.delivery import Delivery
from bot.domain.incident import Incident


@dataclass(frozen=True, slots=True)
class Mail:
    """An email to whoever is on call.

    Attributes:
        message_id: RFC 5322 Message-ID, the same for each attempt.
    """

    to: tuple[str, ...]
    subject: str
    body: str
    message_id: str


class Mailer(Protocol):
    """The way round Discord."""

    async def send(self, mail: Mail) -> None:
        """Hand it to the SMTP server.

        Raises:
            UpstreamUnavailable: not accepted now.
        """
        ...


class MailWriter(Protocol):
    """Turns a page that Discord did not take into an email; in `bot.ui`, the only place with sentences."""

    def write(self, delivery: Delivery, incident: Incident, *, to: tuple[str, ...]) -> Mail:
        """The email for *delivery* in the team's language."""
        ...

    def write_many(self, delivery: Delivery, bundle: Bundle, *, to: tuple[str, ...]) -> Mail:
        """One email for everything that a bundle was to tell of."""
        ...
