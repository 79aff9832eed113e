"""The systems outside Discord that pages and announcements to users go to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

from bot.domain.delivery.delivery import Delivery
from bot.domain.incident.incident import Incident
from bot.domain.paging import SyncedState, Way


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
