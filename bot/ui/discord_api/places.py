"""From the policy's words for a place to Discord's ids, and whether the bot and its people can read there."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, TypeAlias, TypeVar

import discord
from cachetools import TTLCache
from discord.http import Route

from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.domain.incident.incident import Incident
from bot.domain.oncall.people import OnCallPerson, id_of
from bot.domain.people import Person, has_role
from bot.runbook.model import Policy
from bot.services.ports.discord import Gap, ReadinessFinding
from bot.ui.discord_api.client import DEADLINE_S, Payload, Rest, snowflake
from bot.ui.discord_api.reactions import GuildRoles, person_from_member
from bot.ui.interaction import person_from
from bot.ui.words.wording import place_url

#: Returns who is on call in a guild now, by place.
FindHolders: TypeAlias = Callable[[int], Awaitable[Mapping[str, OnCallPerson]]]

_Value = TypeVar("_Value")

#: A renamed channel is noticed after this long, seconds.
REMEMBER_S = 300.0
_GUILDS = 1_000  # of those that were asked about lately

_UNKNOWN_CHANNEL, _UNKNOWN_USER = 10003, 10013
_MESSAGE_CHANNELS = (0, 5)  # text, announcement
_SEARCH_LIMIT = 25


class Places:
    """Finds channels and people, and remembers them for a while."""

    def __init__(self, rest: Rest, policy: Policy, *, holders: FindHolders | None = None) -> None:
        self._rest = rest
        self._policy = policy
        self._find_holders = holders or _of_policy(policy)
        self._channels: TTLCache[int, dict[str, int]] = TTLCache(_GUILDS, REMEMBER_S)
        self._roles: TTLCache[int, dict[str, int]] = TTLCache(_GUILDS, REMEMBER_S)
        self._people: dict[tuple[int, str], int] = {}
        self._dms: dict[int, int] = {}

    def forget(self) -> None:
        """Ask again next time: something that was remembered is no longer there."""
        self._channels.clear()
        self._roles.clear()
        self._people.clear()
        self._dms.clear()

    async def channel(self, guild_id: int, name: str) -> int:
        """Return the id of the channel called *name*, or *name* itself when it is an id.

        Raises:
            DeliveryRefused: there is no such channel that the bot may view. UpstreamUnavailable.
        """
        name = name.removeprefix("#")
        if known_id := id_of(name):
            return known_id
        known = _kept(self._channels, guild_id) or {}
        if name not in known:
            known = self._channels[guild_id] = await self._read_channels(guild_id)
        if name not in known:
            raise DeliveryRefused(
                f"there is no channel #{name} that the bot may view",
                http_status=HTTPStatus.NOT_FOUND,
                code=_UNKNOWN_CHANNEL,
            )
        return known[name]

    async def channel_urls(self, guild_id: int) -> Mapping[str, str]:
        """Return the addresses of the guild's channels by name; empty if Discord does not say."""
        known = _kept(self._channels, guild_id)
        try:
            known = known or await self._read_channels(guild_id)
        except (DeliveryRefused, UpstreamUnavailable):  # the words go out without links
            return {}
        self._channels[guild_id] = known
        return {name: place_url(guild_id, channel_id) for name, channel_id in known.items()}

    async def holder(self, guild_id: int, place: str) -> OnCallPerson:
        """Return the person at the on-call place *place* ("primary") now.

        Raises:
            DeliveryRefused: the policy has no such place. StorageUnavailable.
        """
        found = (await self._find_holders(guild_id)).get(place)
        if found is None:
            raise _nobody(f"the policy has no on-call place {place}")
        return found

    async def direct(self, guild_id: int, person: OnCallPerson) -> int:
        """Return the id of the DM channel with a person on call.

        Raises:
            DeliveryRefused: no member has that name. UpstreamUnavailable.
        """
        return await self.user(await self.person(guild_id, person))

    async def person(self, guild_id: int, person: OnCallPerson) -> int:
        """Return the user id of a person on call. Raises as `direct`."""
        return person.user_id or await self._member(guild_id, person.handle)

    async def known(self, guild_id: int, discord: str, *, bots: bool = True) -> Person:
        """Return the member with this id or username, by their name in the guild. Raises as `direct`.

        Args:
            bots: False treats a bot as no member.
        """
        member, account = await self._found(guild_id, discord)
        if account.get("bot") and not bots:
            raise _nobody("a bot is nobody")
        name = member.get("nick") or account.get("global_name") or account.get("username")
        return Person(snowflake(account), str(name or discord), username=str(account.get("username") or ""))

    async def member(self, guild_id: int, discord: str) -> Person:
        """Return a person with their roles, which takes one more request. Raises as `direct`."""
        member, account = await self._found(guild_id, discord)
        guild = await self._rest.one(Route("GET", "/guilds/{guild_id}", guild_id=guild_id))
        return person_from_member(member, user=account, guild=GuildRoles.from_payload(guild))

    async def private_roles(self, guild_id: int) -> list[int]:
        """Return the ids of the known roles that see private incidents, in the policy's order.

        Raises:
            UpstreamUnavailable.
        """
        return await self._role_ids(guild_id, self._policy.permissions.private)

    async def rung_roles(self, incident: Incident) -> list[int]:
        """Return the ids of the known roles that posts about an incident ring instead of ``@here``.

        Raises:
            UpstreamUnavailable.
        """
        return await self._role_ids(incident.guild_id, self._policy.rung_roles(incident))

    async def team_roles(self, guild_id: int, team: str | None) -> list[int]:
        """Return the ids of the known roles that a team rings; raises as `rung_roles`."""
        return await self._role_ids(guild_id, self._policy.team_roles(team))

    async def _role_ids(self, guild_id: int, names: Sequence[str]) -> list[int]:
        if not names:
            return []
        known = _kept(self._roles, guild_id)
        if known is None:
            found = await self._rest.many(Route("GET", "/guilds/{guild_id}/roles", guild_id=guild_id))
            known = {str(role.get(key)): snowflake(role) for role in found for key in ("name", "id")}
            self._roles[guild_id] = known
        return [known[name] for name in names if name in known]

    async def user(self, user_id: int) -> int:
        """Return the DM channel with a user.

        Raises:
            DeliveryRefused: they take none from us. UpstreamUnavailable.
        """
        if user_id not in self._dms:
            opened = await self._rest.one(
                Route("POST", "/users/@me/channels"), json={"recipient_id": str(user_id)}
            )
            self._dms[user_id] = snowflake(opened)
        return self._dms[user_id]

    async def _found(self, guild_id: int, discord: str) -> tuple[Payload, Payload]:
        """Return Discord's Guild Member and User objects for this id or username. Raises as `direct`."""
        user_id = id_of(discord) or await self._member(guild_id, discord)
        route = Route("GET", "/guilds/{guild_id}/members/{user_id}", guild_id=guild_id, user_id=user_id)
        member = await self._rest.one(route)
        user = member.get("user")
        return member, {"id": str(user_id), **(user if isinstance(user, dict) else {})}

    async def _member(self, guild_id: int, username: str) -> int:
        key = (guild_id, username.lower())
        if key not in self._people:
            self._people[key] = await self._search(guild_id, username)
        return self._people[key]

    async def _search(self, guild_id: int, username: str) -> int:
        """Search by username, exactly: anybody may take any display name."""
        found = await self._rest.many(
            Route("GET", "/guilds/{guild_id}/members/search", guild_id=guild_id),
            params={"query": username, "limit": _SEARCH_LIMIT},
        )
        for member in found:
            user = member.get("user")
            if isinstance(user, dict) and str(user.get("username")).lower() == username.lower():
                return snowflake(user)
        raise _nobody("no member has this username")

    async def _read_channels(self, guild_id: int) -> dict[str, int]:
        """Return the channels that take messages; of two with one name the older one."""
        payloads = await self._rest.many(Route("GET", "/guilds/{guild_id}/channels", guild_id=guild_id))
        usable = [payload for payload in payloads if payload.get("type") in _MESSAGE_CHANNELS]
        newest_first = sorted(usable, key=snowflake, reverse=True)
        return {str(payload.get("name")): snowflake(payload) for payload in newest_first}


def _kept(cache: TTLCache[int, _Value], guild_id: int) -> _Value | None:
    """Return the cached value of a guild. `get` looks twice, and the value may expire in between."""
    try:
        return cache[guild_id]
    except KeyError:
        return None


def _of_policy(policy: Policy) -> FindHolders:
    """Return the lookup without a database: the people on call are those of the policy file."""

    async def holders(_guild_id: int) -> Mapping[str, OnCallPerson]:
        return {name: place.person for name, place in policy.oncall.items()}

    return holders


def _nobody(reason: str) -> DeliveryRefused:
    return DeliveryRefused(reason, http_status=HTTPStatus.NOT_FOUND, code=_UNKNOWN_USER)


#: A command that was registered anew is noticed after this long, seconds.
_KEPT_S: Final = 300.0
_CHAT_INPUT: Final = 1  # Discord: a command that is typed

#: Sends a request whose answer is a list.
Read = Callable[[Route], Awaitable[list[Payload]]]


class CommandIds:
    """Reads the ids, and remembers them for a while.

    Args:
        application_id: Returns the bot's application, which is known after the login.
    """

    def __init__(self, rest: Rest, application_id: Callable[[], int | None]) -> None:
        self._rest = rest
        self._application_id = application_id
        self._kept: TTLCache[int, Mapping[str, int]] = TTLCache(_GUILDS, _KEPT_S)

    async def of(self, guild_id: int) -> Mapping[str, int]:
        """Return the ids by the commands' first word; empty if Discord does not say."""
        known, application_id = self._kept.get(guild_id), self._application_id()
        if known is not None or application_id is None:
            return known or {}
        try:
            found = self._kept[guild_id] = await read_command_ids(self._rest.many, application_id, guild_id)
        except (DeliveryRefused, UpstreamUnavailable):  # the words go out without them
            return {}
        return found


async def read_command_ids(read: Read, application_id: int, guild_id: int) -> dict[str, int]:
    """Ask Discord for the ids of the commands of a server, by their first word.

    Raises:
        What *read* raises.
    """
    path = "/applications/{application_id}/guilds/{guild_id}/commands"
    commands: list[Any] = await read(Route("GET", path, application_id=application_id, guild_id=guild_id))
    return {str(one["name"]): int(one["id"]) for one in commands if one.get("type", 1) == _CHAT_INPUT}


_Channels = dict[str, discord.abc.GuildChannel]


class DiscordReachability:
    """A `bot.services.ports.discord.Reachability`, through a client that has logged in.

    Args:
        mails: Email is set up, so that an address is required.
        rest: The way to Discord that the process has; None: one for this alone.
    """

    def __init__(
        self, client: discord.Client, policy: Policy, *, mails: bool = True, rest: Rest | None = None
    ) -> None:
        self._client = client
        self._policy = policy
        self._mails = mails
        self._places = Places(rest or Rest(client), policy)

    async def gaps(
        self, guild_id: int, person: OnCallPerson, places: Iterable[str]
    ) -> list[ReadinessFinding]:
        """Return what *person* is missing to be on call at *places*; empty when nothing is.

        Opening a DM shows only that the user exists. Whether they accept DMs shows only when one is sent.

        Raises:
            UpstreamUnavailable: Discord could not be asked.
        """
        self._places.forget()  # a day may have passed
        try:
            user_id = await self._places.person(guild_id, person)
        except DeliveryRefused:
            return [ReadinessFinding(Gap.NOT_MEMBER)]
        member, channels = await self._read(guild_id, user_id)
        if member is None:
            return [ReadinessFinding(Gap.NOT_MEMBER)]
        found = [*self._rights(member, channels, places)]
        try:
            await self._places.user(user_id)
        except DeliveryRefused:
            found.append(ReadinessFinding(Gap.NO_DM))
        backups = any(severity.email_backup for severity in self._policy.severities.values())
        if self._mails and backups and person.email is None:
            found.append(ReadinessFinding(Gap.NO_EMAIL))
        return found

    async def member(self, guild_id: int, handle: str) -> Person | None:
        """Return the member of that id or username; None for no member, or a bot. Raises as `gaps`."""
        try:
            return await self._places.known(guild_id, handle, bots=False)
        except DeliveryRefused:
            return None

    async def _read(self, guild_id: int, user_id: int) -> tuple[discord.Member | None, _Channels]:
        if self._client.is_closed() or self._client.http.token is None:
            raise UpstreamUnavailable("the Discord client is not logged in")
        try:
            async with asyncio.timeout(DEADLINE_S):
                guild = await self._client.fetch_guild(guild_id)
                channels = await guild.fetch_channels()
                member = await guild.fetch_member(user_id)
        except discord.NotFound:
            return None, {}
        except (discord.HTTPException, OSError, TimeoutError) as error:
            raise UpstreamUnavailable(f"members cannot be read: {type(error).__name__}") from error
        return member, {known: each for each in channels for known in (each.name, str(each.id))}

    def _rights(
        self, member: discord.Member, channels: _Channels, places: Iterable[str]
    ) -> Iterator[ReadinessFinding]:
        roles, places = self._policy.permissions.acknowledge, tuple(places)
        teams = (team for team in self._policy.teams.values() if not set(places).isdisjoint(team.schedule))
        own = [team.role for team in teams if team.role is not None]
        if not has_role(person_from(member), roles and (*roles, *own)):
            yield ReadinessFinding(Gap.NO_ROLE, roles)
        wanted = dict.fromkeys(severity.channel for severity in self._policy.rules_at(places))
        unseen = [
            name
            for name in wanted
            if (channel := channels.get(name)) is not None  # the doctor reports a missing channel
            and not channel.permissions_for(member).read_messages
        ]
        if unseen:
            yield ReadinessFinding(Gap.NO_CHANNEL, tuple(unseen))


# Source: Discord's docs, Resources > Channel > Obfuscated Channels (discord-api-docs #8454).

#: A channel object of the gateway.
ChannelPayload: TypeAlias = Mapping[str, Any]

_OBFUSCATED: Final = 1 << 17  # among the channel's flags; discord.py 2.7.1 drops those of text channels
_REAL: Final = ("id", "type", "position", "parent_id", "name", "flags")

#: What discord.py takes from every voice channel without a default.
_REQUIRED: Final = {"bitrate": 0, "user_limit": 0}


def may_view(channel: discord.abc.GuildChannel) -> bool:
    """Return True if the bot may view *channel*. The name of another one is only Discord's placeholder."""
    return channel.permissions_for(channel.guild.me).view_channel


def readable(channel: ChannelPayload, *, guild_id: str) -> ChannelPayload:
    """Return the payload of *channel* as discord.py 2.7.1 can read it.

    Of an obfuscated channel, what Discord promises is kept, and all else is left out: any of it may be null,
    and a single null, such as a forum's tags, is a TypeError inside GUILD_CREATE that ends the session and
    leaves the server without its other channels. See Rapptz/discord.py#10473.
    """
    if not (channel.get("flags") or 0) & _OBFUSCATED:
        return channel
    hides = {
        "id": guild_id,
        "type": 0,
        "allow": "0",
        "deny": str(discord.Permissions(view_channel=True).value),
    }
    kept = {name: channel.get(name) for name in _REAL}
    return {**kept, **_REQUIRED, "guild_id": guild_id, "permission_overwrites": [hides]}
