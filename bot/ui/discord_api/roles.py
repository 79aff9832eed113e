"""Gives roles to members and takes them. Source: Discord's docs, Resources > Guild; Topics > Permissions."""

from typing import Final

import discord
from discord.http import Route

from bot.domain.people import Person
from bot.domain.server_roles import ServerRole, ServerRoles
from bot.ui.discord_api.client import Payload, Rest, snowflake

_PAGE: Final = 1_000
_MEMBER_ROLE: Final = "/guilds/{guild_id}/members/{user_id}/roles/{role_id}"


class MemberRoles:
    """The part of `bot.services.ports.discord.DiscordRoles`, method by method."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def of_server(self, guild_id: int) -> ServerRoles:
        """Read the roles, and the bot's own."""
        found = await self._rest.many(Route("GET", "/guilds/{guild_id}/roles", guild_id=guild_id))
        path = "/guilds/{guild_id}/members/{user_id}"
        me = await self._rest.one(Route("GET", path, guild_id=guild_id, user_id=self._rest.own_id or 0))
        own = [role for role in found if snowflake(role) == guild_id or snowflake(role) in _roles_of(me)]
        rights = [discord.Permissions(int(str(role.get("permissions", 0)))) for role in own]
        return ServerRoles(
            tuple(
                ServerRole(
                    snowflake(role), str(role.get("name")), _rank(role), is_managed=bool(role.get("managed"))
                )
                for role in found
                if snowflake(role) != guild_id
            ),
            own_rank=max(map(_rank, own), default=(0, 0)),
            may_manage=any(each.administrator or each.manage_roles for each in rights),
        )

    async def give(self, guild_id: int, *, user_id: int, role_id: int) -> None:
        """Give a role."""
        await self._rest.do(Route("PUT", _MEMBER_ROLE, guild_id=guild_id, user_id=user_id, role_id=role_id))

    async def take(self, guild_id: int, *, user_id: int, role_id: int) -> None:
        """Take a role."""
        await self._rest.do(
            Route("DELETE", _MEMBER_ROLE, guild_id=guild_id, user_id=user_id, role_id=role_id)
        )

    async def members(self, guild_id: int, role_id: int) -> list[Person]:
        """Read all members, page by page, and return those with the role."""
        having: list[Person] = []
        after = 0
        while True:
            page = await self._rest.many(
                Route("GET", "/guilds/{guild_id}/members", guild_id=guild_id),
                params={"limit": _PAGE, "after": after},
            )
            for member in page:
                user = member.get("user")
                account: Payload = user if isinstance(user, dict) else {}
                after = max(after, snowflake(account))
                if role_id in _roles_of(member) and not account.get("bot"):
                    name = member.get("nick") or account.get("global_name") or account.get("username")
                    having.append(
                        Person(snowflake(account), str(name), username=str(account.get("username") or ""))
                    )
            if len(page) < _PAGE:
                return having


def _roles_of(member: Payload) -> frozenset[int]:
    """Return the ids of the roles of Discord's Guild Member object."""
    listed = member.get("roles")
    return frozenset(int(str(role)) for role in (listed if isinstance(listed, list) else ()))


def _rank(role: Payload) -> tuple[int, int]:
    """Return what compares the role with others: of one position, the lower id is above."""
    return int(str(role.get("position", 0))), -snowflake(role)
