"""Email to the people on call, the way to reach them without Discord, and alerting without a database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.domain.delivery.delivery import Delivery, Posted
from bot.domain.escalation.pages import Bundle
from bot.domain.incident.incident import Incident
from bot.domain.oncall.people import OnCallPerson
from bot.domain.outage import OfflineKind, OfflineMessage, Watch


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


class Spool(Protocol):
    """A small file that survives a restart."""

    def load(self) -> Mapping[str, object] | None:
        """Return the data saved last; None if there is none, or none that is readable."""

    def load_others(self) -> Mapping[str, object] | None:
        """Return what another process of the same folder has saved last; None without one."""

    def save(self, data: bytes) -> None:
        """Write a JSON object through to the disk, all or nothing. Blocks.

        Raises:
            OSError: the disk does not take it.
        """


class OfflineAlerter(Protocol):
    """Escalates straight to Discord while the database cannot hold deliveries."""

    async def post(self, watch: Watch, message: OfflineMessage, *, nonce: str) -> Posted:
        """Post the message, unless it is posted already.

        Raises:
            DeliveryRefused, UpstreamUnavailable.
        """

    async def seed(self, alert: Posted) -> None:
        """Put the bot's own 👀 under an alert, so that acking is one tap. Raises as `post`."""

    def mail(self, watch: Watch, kind: OfflineKind, *, to: OnCallPerson, nonce: str, first: str) -> Email:
        """Return the email about an incident that the database cannot record now.

        Args:
            first: The nonce of the incident's first delivery, with which its mails begin.
        """
