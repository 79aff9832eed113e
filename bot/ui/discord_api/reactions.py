"""Reading the 👀 under messages, and who those people are."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

import structlog
from discord.http import Route

from bot.domain.delivery.delivery import Posted
from bot.domain.errors import DeliveryRefused
from bot.domain.people import Person
from bot.domain.text import is_same_emoji
from bot.ui.discord_api.client import Payload, Rest, message_route, snowflake

log = structlog.get_logger(__name__)

_PAGE = 100  # Discord: users per page of a reaction
_NORMAL, _SUPER = 0, 1  # Discord: reaction types
_ADMINISTRATOR = 1 << 3


@dataclass(frozen=True, slots=True)
class GuildRoles:
    """The roles of a guild.

    Attributes:
        names: Role id -> name.
        admins: Ids of the roles with ADMINISTRATOR.
    """

    guild_id: int
    owner_id: int
    names: Mapping[int, str]
    admins: frozenset[int]

    @classmethod
    def from_payload(cls, guild: Payload) -> "GuildRoles":
        """Read Discord's Guild object."""
        found = guild.get("roles")
        roles = [role for role in found if isinstance(role, dict)] if isinstance(found, list) else []
        return cls(
            guild_id=snowflake(guild),
            owner_id=snowflake(guild, "owner_id"),
            names={snowflake(role): str(role.get("name")) for role in roles},
            admins=frozenset(
                snowflake(role) for role in roles if int(str(role.get("permissions", 0))) & _ADMINISTRATOR
            ),
        )


def person_from_member(member: Payload, *, user: Payload, guild: GuildRoles) -> Person:
    """Return a member with the names and ids of their roles.

    Args:
        member: Discord's Guild Member object.
        user: Their User object.
        guild: The guild they are a member of.
    """
    listed = member.get("roles")
    # Everyone holds the role that has the guild's own id; no payload lists it.
    ids = {guild.guild_id, *(int(str(role)) for role in (listed if isinstance(listed, list) else ()))}
    user_id = snowflake(user)
    name = member.get("nick") or user.get("global_name") or user.get("username")
    return Person(
        id=user_id,
        name=str(name),
        roles=frozenset({*map(str, ids), *(guild.names[role] for role in ids if role in guild.names)}),
        is_admin=user_id == guild.owner_id or bool(ids & guild.admins),
        is_bot=bool(user.get("bot")),
        username=str(user.get("username") or ""),
    )


async def react(rest: Rest, channel_id: int, message_id: int, *, emoji: str) -> Posted:
    """Put the bot's own reaction under a message; a second time changes nothing. Raises as `Rest.do`."""
    await rest.do(
        Route(
            "PUT",
            "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me",
            channel_id=channel_id,
            message_id=message_id,
            emoji=emoji,
        )
    )
    return Posted(channel_id, message_id)


@dataclass(frozen=True, slots=True)
class _Reacted:
    """The reactions to a message with one emoji.

    Attributes:
        emoji: In the form that routes need, spelt as in the message, perhaps with another variation selector.
        types: Discord's reaction types (normal, super) that were used by others than the bot.
    """

    emoji: str
    types: tuple[int, ...]


def reacted_with(message: Payload, emoji: str) -> list[_Reacted]:
    """Return the reactions with *emoji* to a message in Discord's JSON."""
    listed = message.get("reactions")
    found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    named = [(_name(one), one) for one in found]
    return [_Reacted(name, _types(one)) for name, one in named if is_same_emoji(name, emoji)]


def _name(reaction: Payload) -> str:
    emoji = reaction.get("emoji")
    known = emoji if isinstance(emoji, dict) else {}
    name, custom = str(known.get("name") or ""), known.get("id")
    return f"{name or 'gone'}:{custom}" if custom else name


def _types(reaction: Payload) -> tuple[int, ...]:
    """Return the reaction types to request; both when Discord gives no count of each."""
    details = reaction.get("count_details")
    if not isinstance(details, dict):
        return (_NORMAL, _SUPER)
    normal = int(details.get("normal", 0)) - bool(reaction.get("me"))
    counts = ((_NORMAL, normal), (_SUPER, int(details.get("burst", 0))))
    return tuple(kind for kind, count in counts if count > 0)


class Reactions:
    """Reads who reacted with one emoji, by a normal reaction or a super reaction.

    Get Reactions lists one type only (`type`). The message says which types it has, so a message without
    reactions costs one request.

    Args:
        emoji: As the policy has it.
    """

    def __init__(self, rest: Rest, *, emoji: str) -> None:
        self._rest = rest
        self._emoji = emoji

    async def people(
        self, places: Sequence[tuple[int, int]], *, guild_id: int
    ) -> AsyncIterator[tuple[Person, int]]:
        """Yield everyone who reacted on one of *places* (channel id, message id), with the message's id.

        Bots, people who have left the guild, and deleted messages are left out.

        Raises:
            UpstreamUnavailable: Discord could not be asked.
        """
        guild: GuildRoles | None = None
        for channel_id, message_id in places:
            async for user in self._readable(channel_id, message_id):
                if guild is None:
                    route = Route("GET", "/guilds/{guild_id}", guild_id=guild_id)
                    guild = GuildRoles.from_payload(await self._rest.one(route))
                person = await self._person(user, guild)
                if person is not None:
                    yield person, message_id

    async def users(self, channel_id: int, message_id: int) -> frozenset[int]:
        """Return the ids of all users who reacted on a message, but of no bots.

        Raises:
            DeliveryRefused: it is gone, or may not be read. UpstreamUnavailable: Discord could not be asked.
        """
        return frozenset([snowflake(user) async for user in self._users(channel_id, message_id)])

    async def _readable(self, channel_id: int, message_id: int) -> AsyncIterator[Payload]:
        """Yield the users; none, or no more, if the message was deleted or is no longer readable."""
        try:
            async for user in self._users(channel_id, message_id):
                yield user
        except DeliveryRefused as refused:
            log.info("reactions.not_readable", message_id=message_id, code=refused.code)

    async def _users(self, channel_id: int, message_id: int) -> AsyncIterator[Payload]:
        message = await self._rest.one(message_route("GET", channel_id, message_id))
        for reacted in reacted_with(message, self._emoji):
            for kind in reacted.types:
                async for user in self._listed(channel_id, message_id, reacted.emoji, kind=kind):
                    yield user

    async def _listed(
        self, channel_id: int, message_id: int, emoji: str, *, kind: int
    ) -> AsyncIterator[Payload]:
        route = Route(
            "GET",
            "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}",
            channel_id=channel_id,
            message_id=message_id,
            emoji=emoji,
        )
        after = 0
        while True:
            params = {"limit": _PAGE, "after": after, "type": kind}
            page = await self._rest.many(route, params=params)
            for user in page:
                if not user.get("bot"):
                    yield user
            if len(page) < _PAGE:
                return
            after = snowflake(page[-1])

    async def _person(self, user: Payload, guild: GuildRoles) -> Person | None:
        route = Route(
            "GET", "/guilds/{guild_id}/members/{user_id}", guild_id=guild.guild_id, user_id=snowflake(user)
        )
        try:
            member = await self._rest.one(route)
        except DeliveryRefused:
            return None  # they have left
        return person_from_member(member, user=user, guild=guild)
