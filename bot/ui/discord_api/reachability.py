"""Whether a person on call can be reached and can answer, as Discord says over HTTP."""

import asyncio
from collections.abc import Iterator

import discord

from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.domain.oncall.people import OnCallPerson
from bot.domain.people import Person, has_role
from bot.runbook.model import Policy
from bot.services.ports.discord import Gap, ReadinessFinding
from bot.ui.discord_api.client import DEADLINE_S, Rest
from bot.ui.discord_api.reading.places import Places
from bot.ui.people import person_from

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

    async def gaps(self, guild_id: int, person: OnCallPerson) -> list[ReadinessFinding]:
        """Return what *person* is missing to be on call; empty when nothing is.

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
        found = [*self._rights(member, channels)]
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

    def _rights(self, member: discord.Member, channels: _Channels) -> Iterator[ReadinessFinding]:
        roles = self._policy.permissions.acknowledge
        if not has_role(person_from(member), roles):
            yield ReadinessFinding(Gap.NO_ROLE, roles)
        wanted = dict.fromkeys(severity.channel for severity in self._policy.severities.values())
        unseen = [
            name
            for name in wanted
            if (channel := channels.get(name)) is not None  # the doctor reports a missing channel
            and not channel.permissions_for(member).read_messages
        ]
        if unseen:
            yield ReadinessFinding(Gap.NO_CHANNEL, tuple(unseen))
