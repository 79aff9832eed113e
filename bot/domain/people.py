"""The person who acts, with the roles that their Discord payload carried."""

from collections.abc import Collection
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Person:
    """A Discord user, as known at the moment they acted.

    Attributes:
        id: Discord user id.
        name: Display name at that moment.
        username: What they log in with, in small letters; empty where it was not told.
        roles: Names *and* ids (as decimal strings) of their roles in the guild.
        is_admin: Holds ADMINISTRATOR, which passes every check.
        is_bot: Bots never acknowledge.
    """

    id: int
    name: str
    roles: frozenset[str] = field(default_factory=frozenset)
    is_admin: bool = False
    is_bot: bool = False
    username: str = ""


def has_role(person: Person, roles: Collection[str]) -> bool:
    """Return True if *person* holds one of *roles*; an empty list or "everyone" admits all."""
    return not roles or "everyone" in roles or person.is_admin or not person.roles.isdisjoint(roles)
