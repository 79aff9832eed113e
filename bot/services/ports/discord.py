"""What the use cases ask of Discord."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain.delivery import Delivery, Posted, Request
from bot.domain.digest import Digest
from bot.domain.incident import Incident
from bot.domain.people import Person
from bot.domain.triage_session import Triage


class Discord(Protocol):
    """What the use cases ask of Discord. Rendering happens behind it."""

    async def compose(self, delivery: Delivery, subject: Incident | Digest | None) -> Request:
        """Render what is owed, and find out where it goes.

        Args:
            subject: The delivery's incident; for a digest its figures; None for what has neither.

        Raises:
            DeliveryRefused: the place does not exist or a person refuses DMs.
            UpstreamUnavailable: Discord is away.
        """
        ...

    async def send(self, request: Request, *, nonce: str) -> Posted:
        """Do it, within our own deadline. A thread or reaction that is there already counts as done.

        Raises:
            DeliveryRefused: Discord will never take it.
            UpstreamUnavailable: it may work later; whether Discord has it is unknown.
        """
        ...

    async def find(self, request: Request, *, since: datetime) -> Posted | None:
        """A message of ours that an earlier attempt left in the channel, if any."""
        ...

    async def refresh(self, incident: Incident, posts: Sequence[Delivery]) -> Sequence[int]:
        """Make the posts of an incident (alert, thread's name and card, DMs) say what is true now.

        A post that was deleted is not an error.

        Returns:
            The ids of the posts that need no further look; the others may work later.
        """
        ...

    async def refresh_triage(self, triage: Triage, post: Delivery) -> None:
        """Make the question of a re-evaluation say how it was answered.

        Raises:
            UpstreamUnavailable: it may work later.
        """
        ...

    def acknowledgers(
        self, places: Sequence[tuple[int, int]], *, guild_id: int
    ) -> AsyncIterator[tuple[Person, int]]:
        """Everyone whose 👀 stands on one of *places*, with the message id; bots left out."""
        ...
