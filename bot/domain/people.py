"""The person who acts, with the roles that their Discord payload carried."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.domain.errors import NotPermitted


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


def require_role(person: Person, *, action: str, roles: Iterable[str]) -> None:
    """Let *person* pass when they hold one of *roles*; an empty list or "everyone" admits all.

    Raises:
        NotPermitted: they hold none of them.
    """
    allowed = tuple(roles)
    admitted = not allowed or "everyone" in allowed or person.is_admin or bool(person.roles & set(allowed))
    if not admitted:
        raise NotPermitted(action=action, roles=allowed)
