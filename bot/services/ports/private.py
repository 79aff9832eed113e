"""Who may see a private incident, by name."""

from typing import Protocol

from bot.domain.people import Person
from bot.domain.privacy import RemovedMember


class MemberReads(Protocol):
    """What is asked of them."""

    async def is_member(self, incident_id: int, user_id: int) -> bool:
        """Whether somebody was named as one who may see a private incident."""
        ...

    async def members(self, incident_id: int) -> list[int]:
        """The ids of those who may see a private incident by name, in the order in which they were named."""
        ...

    async def removed_members(self, incident_id: int) -> list[RemovedMember]:
        """Who was taken out of a private incident and not let in again."""
        ...


class MemberTransaction(MemberReads, Protocol):
    """The same as a transaction sees it, and what is written about them."""

    async def add_member(self, incident_id: int, *, user_id: int, name: str, by: Person) -> bool:
        """Name somebody who may see a private incident; False when they could before."""
        ...

    async def remove_member(self, incident_id: int, who: Person, *, by: Person) -> bool:
        """Keep somebody out of a private one until they are readmitted; False when they were not named."""
        ...

    async def readmit(self, incident_id: int, user_id: int) -> None:
        """Let somebody in again who may have been taken out."""
        ...
