"""From the policy's words for a place to Discord's ids: channels by name, people by their place on call."""

import asyncio
from http import HTTPStatus

from discord.http import Route

from bot.domain.errors import DeliveryRefused
from bot.domain.people import Person
from bot.runbook.model import SHORTEST_ID, OnCallPlace, Policy
from bot.ui.rest.client import Rest, snowflake

#: A renamed channel is noticed after this long, seconds.
REMEMBER_S = 300.0

_UNKNOWN_CHANNEL, _UNKNOWN_USER = 10003, 10013
_MESSAGE_CHANNELS = (0, 5)  # text, announcement
_SEARCH_LIMIT = 25


class Places:
    """Finds channels and people, and remembers them for a while."""

    def __init__(self, rest: Rest, policy: Policy) -> None:
        self._rest = rest
        self._policy = policy
        self._channels: dict[int, tuple[float, dict[str, int]]] = {}
        self._roles: dict[int, tuple[float, list[int]]] = {}
        self._people: dict[tuple[int, str], int] = {}
        self._dms: dict[int, int] = {}

    def forget(self) -> None:
        """Ask again next time: something that was remembered is no longer there."""
        self._channels.clear()
        self._roles.clear()
        self._people.clear()
        self._dms.clear()

    async def channel(self, guild_id: int, name: str) -> int:
        """The id of the channel called *name*, or *name* itself when it is an id.

        Raises:
            DeliveryRefused: there is no such channel. UpstreamUnavailable.
        """
        name = name.removeprefix("#")
        if name.isdigit() and len(name) >= SHORTEST_ID:
            return int(name)
        now = asyncio.get_running_loop().time()
        until, known = self._channels.get(guild_id, (0.0, {}))
        if name not in known or now > until:
            known = await self._read_channels(guild_id)
            self._channels[guild_id] = (now + REMEMBER_S, known)
        if name not in known:
            raise DeliveryRefused(
                f"there is no channel #{name}", http_status=HTTPStatus.NOT_FOUND, code=_UNKNOWN_CHANNEL
            )
        return known[name]

    async def direct(self, guild_id: int, place: str) -> int:
        """The DM channel with whoever stands at the on-call place *place* ("primary").

        Raises:
            DeliveryRefused: the policy has no such place, or nobody of that name is a member.
            UpstreamUnavailable.
        """
        return await self.user(await self.person(guild_id, place))

    async def person(self, guild_id: int, place: str) -> int:
        """The user id of whoever stands at the on-call place *place*. Raises as `direct`."""
        found = self._policy.oncall.get(place)
        if found is None:
            raise _nobody(f"the policy has no on-call place {place}")
        return found.user_id or await self._member(guild_id, found)

    async def known(self, guild_id: int, discord: str) -> Person:
        """The member with this id or username, by the name they have in the guild. Raises as `direct`."""
        place = OnCallPlace(discord, discord, None)
        user_id = place.user_id or await self._member(guild_id, place)
        route = Route("GET", "/guilds/{guild_id}/members/{user_id}", guild_id=guild_id, user_id=user_id)
        member = await self._rest.one(route)
        user = member.get("user")
        account = user if isinstance(user, dict) else {}
        name = member.get("nick") or account.get("global_name") or account.get("username")
        return Person(user_id, str(name or discord), username=str(account.get("username") or ""))

    async def roles(self, guild_id: int) -> list[int]:
        """The ids of the roles that see private incidents, in the policy's order; unknown ones left out.

        Raises:
            UpstreamUnavailable.
        """
        now = asyncio.get_running_loop().time()
        until, known = self._roles.get(guild_id, (0.0, []))
        if now > until:
            found = await self._rest.many(Route("GET", "/guilds/{guild_id}/roles", guild_id=guild_id))
            ids = {str(role.get(key)): snowflake(role) for role in found for key in ("name", "id")}
            known = [ids[name] for name in self._policy.permissions.private if name in ids]
            self._roles[guild_id] = (now + REMEMBER_S, known)
        return known

    async def user(self, user_id: int) -> int:
        """The DM channel with a user.

        Raises:
            DeliveryRefused: they take none from us. UpstreamUnavailable.
        """
        if user_id not in self._dms:
            opened = await self._rest.one(
                Route("POST", "/users/@me/channels"), json={"recipient_id": str(user_id)}
            )
            self._dms[user_id] = snowflake(opened)
        return self._dms[user_id]

    async def _member(self, guild_id: int, place: OnCallPlace) -> int:
        key = (guild_id, place.discord.lower())
        if key not in self._people:
            self._people[key] = await self._search(guild_id, place)
        return self._people[key]

    async def _search(self, guild_id: int, place: OnCallPlace) -> int:
        """By username, exactly: a display name is anybody's to take."""
        found = await self._rest.many(
            Route("GET", "/guilds/{guild_id}/members/search", guild_id=guild_id),
            params={"query": place.discord, "limit": _SEARCH_LIMIT},
        )
        for member in found:
            user = member.get("user")
            if isinstance(user, dict) and str(user.get("username")).lower() == place.discord.lower():
                return snowflake(user)
        raise _nobody(f"on-call {place.name}: no member has this username")

    async def _read_channels(self, guild_id: int) -> dict[str, int]:
        """The channels that take messages; of two with one name the older one."""
        payloads = await self._rest.many(Route("GET", "/guilds/{guild_id}/channels", guild_id=guild_id))
        usable = [payload for payload in payloads if payload.get("type") in _MESSAGE_CHANNELS]
        newest_first = sorted(usable, key=snowflake, reverse=True)
        return {str(payload.get("name")): snowflake(payload) for payload in newest_first}


def _nobody(reason: str) -> DeliveryRefused:
    return DeliveryRefused(reason, http_status=HTTPStatus.NOT_FOUND, code=_UNKNOWN_USER)
