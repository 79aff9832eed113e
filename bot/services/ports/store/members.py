"""The members of private incidents."""

from typing import Protocol

from bot.domain.people import Person
from bot.domain.privacy import RemovedMember


class MemberReads(Protocol):
    """Reads members, within a transaction or without one."""

    async def is_member(self, incident_id: int, user_id: int) -> bool:
        """Return True if a user is a member of a private incident."""

    async def members(self, incident_id: int) -> list[int]:
        """Return the ids of the members of a private incident, in the order they were added."""

    async def removed_members(self, incident_id: int) -> list[RemovedMember]:
        """Return the people who were removed from a private incident and not added again."""


class MemberWrites(MemberReads, Protocol):
    """The part of a transaction that adds and removes members."""

    async def add_member(self, incident_id: int, *, user_id: int, name: str, by: Person) -> bool:
        """Add a member to a private incident; return False if they were one already."""

    async def remove_member(self, incident_id: int, who: Person, *, by: Person) -> bool:
        """Remove *who* from a private incident until readmitted; return False if they were no member."""

    async def readmit(self, incident_id: int, user_id: int) -> None:
        """Readmit a user who may have been removed."""
