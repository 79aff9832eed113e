"""The server as the policy needs it: channels, permissions, roles, people. By REST only."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Final

import discord
from discord.http import Route

from bot.client import IncidentBot
from bot.doctor.channels import (
    VOICE,
    Channel,
    channels_by_name,
    check_alerts,
    check_channels,
    check_private,
    check_voice,
)
from bot.doctor.finding import Finding, fail, ok, warn
from bot.doctor.people import check_people
from bot.domain.errors import DeliveryRefused, TemporarilyRefused, UpstreamUnavailable
from bot.domain.oncall.people import OnCallPerson, id_of
from bot.domain.severity import Mention
from bot.registration import compare, our_commands, registered_commands
from bot.runbook.model import Policy
from bot.ui.discord_api.client import Rest
from bot.ui.discord_api.reachability import DiscordReachability
from bot.ui.discord_api.reading.places import Places

_POST: Final = discord.Permissions(
    view_channel=True, send_messages=True, embed_links=True, add_reactions=True, read_message_history=True
)
_THREAD: Final = discord.Permissions(
    create_public_threads=True, send_messages_in_threads=True, manage_threads=True
)
_PRIVATE: Final = discord.Permissions(
    view_channel=True, create_private_threads=True, send_messages_in_threads=True, manage_threads=True
)
_PING: Final = discord.Permissions(mention_everyone=True)

#: Everything the bot may need somewhere: what its invitation asks for.
INVITED: Final = _POST | _THREAD | _PRIVATE | _PING

_BETWEEN_DMS_S: Final = 2.0
_SYNC: Final = "run `incident-bot sync-commands`"

_PRIVILEGED: Final = {
    "message_content": "gateway_message_content",
    "members": "gateway_guild_members",
    "presences": "gateway_presence",
}


async def check_guild(
    client: discord.Client,
    *,
    guild_id: int,
    policy: Policy,
    holders: Mapping[str, OnCallPerson],
    mails: bool = True,
) -> AsyncIterator[Finding]:
    """Look at the server through a client that has logged in.

    Args:
        holders: The people on call now, by place.
        mails: Email is set up, so that a missing address is a finding.

    Raises:
        UpstreamUnavailable: Discord is away.
    """
    yield _intents(client)
    if finding := _endpoint(client):
        yield finding
    try:
        guild = await client.fetch_guild(guild_id)
        channels = await guild.fetch_channels()
        me = await guild.fetch_member(0 if client.user is None else client.user.id)
        hidden = await _hidden(client, policy, channels)
    except (discord.NotFound, discord.Forbidden):
        yield fail("server", f"the bot is not in server {guild_id}", f"invite it: {invitation(client)}")
        return
    except (discord.HTTPException, OSError) as error:
        raise UpstreamUnavailable(f"the server cannot be read: {type(error).__name__}") from error
    yield ok("server", guild.name)
    if finding := _two_factor(client, guild):
        yield finding
    yield check_alerts(client, policy)
    private = channels_by_name(channels).get(policy.private.channel.removeprefix("#"))
    known = {each for role in guild.roles for each in (role.name, str(role.id))}
    for finding in (
        *check_channels(needs(policy), channels, hidden=hidden, me=me),
        *check_voice(policy, channels_by_name(channels, VOICE), hidden=hidden),
        *check_private(policy, private, roles=guild.roles, me=me),
        *_roles(policy, known=known),
    ):
        yield finding
    reach = DiscordReachability(client, policy, mails=mails)
    async for finding in check_people(reach, holders, guild_id=guild_id):
        yield finding


async def _hidden(client: discord.Client, policy: Policy, channels: Sequence[Channel]) -> frozenset[str]:
    """Return the ids of the policy that belong to channels which the bot may not view.

    Discord's list leaves them out; asked for by its id, such a channel is refused rather than unknown.
    """
    named = {name.removeprefix("#") for name in (*needs(policy), *policy.timeline.voice_channels)}
    unlisted = {name for name in named if id_of(name)} - {str(one.id) for one in channels}
    refused = set()
    for name in unlisted:
        try:
            await client.fetch_channel(int(name))
        except discord.Forbidden:
            refused.add(name)
        except (discord.NotFound, discord.InvalidData):
            continue
    return frozenset(refused)


def needs(policy: Policy) -> dict[str, discord.Permissions]:
    """Return the permissions that the bot needs in each channel of the policy."""
    # Never `|=`, which changes the Permissions in place, and with it every channel's.
    needed = dict.fromkeys([*policy.channels(), *policy.alerts.watch], _POST)
    for severity in policy.severities.values():
        if severity.thread_channel is not None:
            needed[severity.thread_channel] = needed[severity.thread_channel] | _THREAD
        if Mention.HERE in (severity.mention, *(step.mention for step in severity.ladder)):
            needed[severity.channel] = needed[severity.channel] | _PING
    needed[policy.private.channel] = needed[policy.private.channel] | _PRIVATE
    return needed


def invitation(client: discord.Client) -> str:
    """Return the address at which an administrator invites the bot, with the permissions it needs."""
    scopes = ("bot", "applications.commands")
    return discord.utils.oauth_url(client.application_id or 0, permissions=INVITED, scopes=scopes)


def _intents(client: discord.Client) -> Finding:
    flags = client.application_flags
    missing = [
        intent
        for intent, flag in _PRIVILEGED.items()
        if getattr(client.intents, intent) and not (getattr(flags, flag) or getattr(flags, f"{flag}_limited"))
    ]
    if missing:
        return fail(
            "intents", f"not granted: {', '.join(missing)}", "turn them on on the application's Bot page"
        )
    return ok("intents", "all requested intents are granted")


def _endpoint(client: discord.Client) -> Finding | None:
    """Discord sends commands and presses to one place only; None when that is the gateway."""
    application = client.application
    if application is None or not application.interactions_endpoint_url:
        return None
    said = "Discord sends commands and presses to an address of the application, and none to this bot"
    todo = "clear Interactions Endpoint URL on the application's General Information page"
    return fail("interactions", said, todo)


def _two_factor(client: discord.Client, guild: discord.Guild) -> Finding | None:
    """Report a missing two-factor authentication that the server requires of the application's owner.

    Source: Topics > Permissions, the starred ones; of a bot, `mfa_enabled` tells of its owner.
    """
    if guild.mfa_level is discord.MFALevel.disabled or client.user is None or client.user.mfa_enabled:
        return None
    said = (
        "the server requires 2FA, which the application's owner lacks: MANAGE_THREADS does not count (60003)"
    )
    todo = "switch on two-factor authentication in the account that owns the application"
    return fail("two-factor authentication", said, todo)


def _roles(policy: Policy, *, known: set[str]) -> Iterator[Finding]:
    for action in policy.permissions.__slots__:
        named: tuple[str, ...] = getattr(policy.permissions, action)
        missing = [role for role in named if role not in known and role != "everyone"]
        what = f"roles for {action}"
        if missing and len(missing) == len(named):
            todo = "create one of the roles, or name others in the policy file"
            yield fail(what, f"none exists: {', '.join(missing)}; only administrators can", todo)
        elif missing:
            yield warn(
                what, f"there is no {', '.join(missing)}", "create the role, or take it out of the policy"
            )
        else:
            yield ok(what, ", ".join(named) or "everyone")


def of_policy(policy: Policy) -> Mapping[str, OnCallPerson]:
    """Return who is on call by the policy file alone."""
    return {name: place.person for name, place in policy.oncall.items()}


async def check_commands(client: IncidentBot, guild_id: int) -> Finding:
    """Compare the commands that are registered in a server with those that this version answers.

    Raises:
        DeliveryRefused, UpstreamUnavailable: Discord does not tell.
    """
    theirs = await registered_commands(client, guild_id)
    if not theirs:
        return fail("commands", "no command is registered in this server", _SYNC)
    changes = compare(await our_commands(client, guild_id), theirs)
    if changes.any:
        return warn("commands", f"out of date: {', '.join(changes.names)}", _SYNC)
    return ok("commands", f"{len(theirs)} registered and up to date")


async def check_dms(
    client: discord.Client,
    *,
    guild_id: int,
    policy: Policy,
    words: str,
    holders: Mapping[str, OnCallPerson],
) -> AsyncIterator[Finding]:
    """Send each person on call a DM, with a pause between two: only sending shows whether they take any.

    Opened too fast, DMs are refused for a while (40003), those of a real alert too: that ends it.

    Args:
        words: What it says.
        holders: As for `check_guild`.

    Raises:
        UpstreamUnavailable: Discord is away.
    """
    rest = Rest(client)
    places = Places(rest, policy)
    for index, (name, person) in enumerate(holders.items()):
        what = f"DM to {name}"
        await asyncio.sleep(_BETWEEN_DMS_S if index else 0.0)
        try:
            channel_id = await places.direct(guild_id, person)
            route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel_id)
            await rest.one(route, json={"content": words})
        except DeliveryRefused as refused:
            todo = "they have to allow DMs: server name → Privacy Settings → Direct Messages"
            yield fail(what, f"{person.name}: {refused.reason}", todo)
        except TemporarilyRefused as refused:
            todo = "try again in ten minutes; until then the bot's own DMs may be delayed"
            yield fail(what, f"{person.name}: {refused.reason}; no further test DM is sent", todo)
            return
        else:
            yield ok(what, f"{person.name} has been sent a test message")
