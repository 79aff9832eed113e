"""Email to the people on call, the way to reach them without Discord."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.domain.delivery.delivery import Delivery
from bot.domain.escalation.pages import Bundle
from bot.domain.incident.incident import Incident
from bot.domain.oncall.people import OnCallPerson


@dataclass(frozen=True, slots=True)
class Email:
    """An email to a person on call.

    Attributes:
        message_id: RFC 5322 Message-ID, the same for each attempt.
        thread_id: That of the first email about the same incident; None when this is it.
    """

    to: tuple[str, ...]
    subject: str
    body: str
    message_id: str
    thread_id: str | None = None


@dataclass(frozen=True, slots=True)
class EmailRecipient:
    """One recipient of an email, and what theirs alone says.

    Attributes:
        to: The person on call, with an address.
        link: Acknowledges as that person; None when the bot is not reached by HTTP.
        first: The nonce of the incident's first delivery, with which its emails begin.
    """

    to: OnCallPerson
    link: str | None
    first: str


class EmailSender(Protocol):
    """Sends emails."""

    async def send(self, email: Email) -> None:
        """Hand *email* to the SMTP server.

        Raises:
            UpstreamUnavailable: not accepted now.
        """


class EmailWriter(Protocol):
    """Turns a page that Discord did not take into an email; in `bot.ui`, the only place with sentences."""

    def write(self, delivery: Delivery, incident: Incident, recipient: EmailRecipient) -> Email:
        """Return the email for *delivery* in the team's language, the same each time."""

    def write_many(
        self, delivery: Delivery, bundle: Bundle, *, to: OnCallPerson, links: Mapping[int, str]
    ) -> Email:
        """Return one email for all incidents of a bundle, with the same Message-ID each time.

        Args:
            links: By the incident that each acknowledges; empty when the bot is not reached by HTTP.
        """
