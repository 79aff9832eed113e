"""Acknowledgements, and the responders who made them."""

from collections.abc import Collection, Mapping
from typing import Protocol

from bot.domain.audit import AuditData
from bot.domain.incident.acknowledgement import AckVia, FormerResponder
from bot.domain.incident.incident import Incident, PersonRef
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry


class AcknowledgementReads(Protocol):
    """Reads responders and acknowledge links, each in a statement of its own."""

    async def who_left(self, incident_id: int) -> dict[int, FormerResponder]:
        """Return the former responders by id: they released the incident, or were silent for too long."""

    async def note_unmarked(
        self,
        incident_id: int,
        unmarked: Collection[tuple[int, int]],
        *,
        former: Mapping[int, FormerResponder],
    ) -> None:
        """Note messages on which former responders have no 👀, unless they have been responders again since.

        Args:
            unmarked: Ids of users and of messages.
            former: As `who_left` returned them before the messages were read.
        """

    async def responders(self, incident_id: int) -> list[PersonRef]:
        """Return the responders who have acknowledged the incident or joined, in that order."""

    async def is_link_used(self, link_id: str) -> bool:
        """Return True if an acknowledge link was used."""


class AcknowledgementWrites(Protocol):
    """The part of a transaction that acknowledges, and adds and removes responders."""

    async def acknowledge(
        self, incident: Incident, entry: TimelineEntry, *, by: Person, via: AckVia, data: AuditData
    ) -> list[int]:
        """Write the first acknowledge of a locked incident in one statement, and return the cancelled steps.

        Args:
            incident: After `acknowledgement.acknowledge`; saved, with the person who acknowledged as a
                responder.
            entry: Appended, and audited as what *by* did.
            data: For the audit row.
        """

    async def use_link(self, link_id: str, incident_id: int) -> bool:
        """Note that a link acknowledges; False when it has before."""

    async def join(self, incident_id: int, by: Person, *, via: AckVia) -> bool:
        """Make *by* a responder; return False if they are one already, or there is no such open incident."""

    async def leave(
        self, incident_id: int, user_id: int | None = None, *, unmarked: Collection[tuple[int, int]] = ()
    ) -> list[PersonRef]:
        """Remove one responder, or all of them, and return those that remain in the order they joined.

        Args:
            unmarked: Ids of users and of messages that have no 👀 of theirs. Other messages may have one.
        """

    async def on_it(self, incident_id: int) -> list[PersonRef]:
        """Return the responders who acknowledged or joined and have not left, in the order they joined."""

    async def responders(self, incident_id: int) -> list[PersonRef]:
        """Return the responders as `on_it` does, and also those who have left."""
