"""The roles of a Discord server, and what the bot may do with them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerRole:
    """A role of a server.

    Attributes:
        rank: Compares with other roles; the greater one is above.
        is_managed: It belongs to a bot, an integration or the boosters: nobody can give it.
    """

    id: int
    name: str
    rank: tuple[int, int]
    is_managed: bool = False


@dataclass(frozen=True, slots=True)
class ServerRoles:
    """The roles of a server, and what the bot may do with them.

    Attributes:
        own_rank: That of the bot's highest role: it can give only roles below it.
        may_manage: The bot has Manage Roles.
    """

    roles: tuple[ServerRole, ...]
    own_rank: tuple[int, int]
    may_manage: bool
