"""Email and the systems outside Discord that pages and announcements go to; alerts without a database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

from bot.domain.delivery.delivery import Delivery, Posted
from bot.domain.escalation.pages import Bundle
from bot.domain.incident.incident import Incident
from bot.domain.oncall.people import OnCallPerson
from bot.domain.outage import OfflineKind, OfflineMessage, Watch
from bot.domain.paging import SyncedState, Way


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


@dataclass(frozen=True, slots=True)
class OutsideMessage:
    """A page as a system outside gets it: a private incident's says its number and nothing else.

    Attributes:
        key: The same for each attempt, <= 25 characters of a-z and 0-9: the system drops the second one.
        reference: What the incident is called there, for a system that is kept in step.
        title, text: In the team's language.
        place: Where the incident is in Discord; None before it is posted.
        ack_link: Acknowledges as the reader; None when the bot is not reached by HTTP.
        is_emergency: It is of the highest severity.
        facts: For machines.
    """

    key: str
    reference: str
    title: str
    text: str
    place: str | None
    ack_link: str | None = field(repr=False)
    is_emergency: bool
    facts: Mapping[str, object]


class OutsideWriter(Protocol):
    """Turns a page into words; in `bot.ui`, the only place with sentences."""

    def write(
        self, delivery: Delivery, incident: Incident, *, reference: str, ack_link: str | None
    ) -> OutsideMessage:
        """Return the page in the team's language."""


class PagingSystem(Protocol):
    """Sends pages to one system."""

    async def page(self, message: OutsideMessage, *, to: str | None) -> str | None:
        """Send a page; sent again with the same key, it does not ring twice where the system can tell.

        Args:
            to: The person's address; None for a system that pages by itself.

        Returns:
            What the system calls it, if it is to be kept in step; else None.

        Raises:
            OutboundFailed: it did not take it, or did not say.
        """


@dataclass(frozen=True, slots=True)
class OutsideAnswer:
    """An answer that was given in a system outside.

    Attributes:
        name: The person's name there; "" if it says none.
        address: What it knows them by: a mail address, a user key.
    """

    name: str = ""
    address: str = field(default="", repr=False)


@runtime_checkable
class SyncedSystem(PagingSystem, Protocol):
    """A paging system in which people can answer."""

    def reference_unheard(self, *, key: str, reference: str) -> str:
        """Return what to call a page that may have arrived although the system did not say so.

        Args:
            key, reference: Of its message.
        """

    async def answer(self, reference: str) -> OutsideAnswer | None:
        """Return the answer to a page; None: there is none so far, or it cannot be asked.

        Raises:
            OutboundFailed: it did not say.
        """

    async def tell(self, reference: str, state: SyncedState) -> None:
        """Tell the system that a person has answered in Discord, or that the incident is over.

        Said twice, it changes nothing.

        Raises:
            OutboundFailed: it did not take it.
        """


#: What is configured, by way. Email is a way without a system here: the bot's own mail is.
Systems: TypeAlias = Mapping[Way, PagingSystem]


def synced_systems(systems: Systems) -> dict[Way, SyncedSystem]:
    """Return the systems in which people can answer."""
    return {way: one for way, one in systems.items() if isinstance(one, SyncedSystem)}
