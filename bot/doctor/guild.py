"""The server as the policy needs it: channels, permissions, roles, people. By REST only."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import discord
import structlog
from discord.http import Route

from bot.client import IncidentBot
from bot.doctor.finding import Finding, State, fail, ok, warn
from bot.doctor.storage import check_dlq
from bot.domain.errors import DeliveryRefused, TemporarilyRefused, UpstreamUnavailable
from bot.domain.oncall.people import OnCallPerson, id_of
from bot.domain.severity import Mention
from bot.registration import compare, our_commands, registered_commands
from bot.runbook.model import Policy
from bot.services.ports import DlqStore
from bot.services.ports.discord import Gap, Reachability, ReadinessFinding
from bot.services.registry import Services
from bot.ui.discord_api.client import Rest
from bot.ui.discord_api.places import DiscordReachability, Places

log = structlog.get_logger(__name__)

Channel: TypeAlias = discord.abc.GuildChannel

#: Where the bot finds a channel by its name, and can post and open a thread.
_TAKES_ALERTS: Final = (discord.ChannelType.text, discord.ChannelType.news)
VOICE: Final = (discord.ChannelType.voice, discord.ChannelType.stage_voice)

_NOT_A_MEMBER: Final = "name a member of the server in [oncall], or with /oncall set"
_TODO: Final = {
    Gap.NOT_MEMBER: _NOT_A_MEMBER,
    Gap.NO_DM: "they have to allow DMs: server name → Privacy Settings → Direct Messages",
    Gap.NO_ROLE: "give them one of the roles under acknowledge in [permissions]",
    Gap.NO_CHANNEL: "let them see the channels of the severities",
    Gap.NO_EMAIL: "give them an email in [people] or [oncall]: it reaches them when Discord is down",
}
_SAID: Final = {
    Gap.NOT_MEMBER: "no member has this username",
    Gap.NO_DM: "does not accept DMs",
    Gap.NO_ROLE: "has no role to respond",
    Gap.NO_CHANNEL: "does not see",
    Gap.NO_EMAIL: "has no email",
}
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
#: Rights that a role should not give to everyone who comes on call, by Discord's names.
_DANGEROUS: Final = discord.Permissions(
    administrator=True,
    manage_guild=True,
    manage_roles=True,
    manage_channels=True,
    manage_webhooks=True,
    ban_members=True,
    kick_members=True,
    moderate_members=True,
    manage_messages=True,
    mention_everyone=True,
)
_BETWEEN_DMS_S: Final = 2.0
_SYNC: Final = "run `incident-bot sync-commands`"
_PRIVILEGED: Final = {
    "message_content": "gateway_message_content",
    "members": "gateway_guild_members",
    "presences": "gateway_presence",
}


def channels_by_name(
    channels: Sequence[Channel], kinds: Collection[discord.ChannelType] = _TAKES_ALERTS
) -> dict[str, Channel]:
    """Return the channels by name and by id, chosen as the bot does: of one name the oldest.

    Args:
        kinds: Come before all others; by default, those that take alerts.
    """
    newest_first = sorted(channels, key=lambda one: (one.type in kinds, -one.id))
    return {one.name: one for one in newest_first} | {str(one.id): one for one in channels}


def check_channels(
    needed: Mapping[str, discord.Permissions],
    channels: Sequence[Channel],
    *,
    hidden: Collection[str],
    me: discord.Member,
) -> Iterator[Finding]:
    """Yield one finding for each channel that is needed.

    Args:
        needed: What the bot must be allowed there, by the policy's name of the channel.
        channels: Those that the bot may view; Discord lists no others.
        hidden: The ids of the policy that belong to channels which the bot may not view.
    """
    known = channels_by_name(channels)
    for given, wanted in needed.items():
        name = given.removeprefix("#")
        rivals = [one.id for one in channels if one.name == name and one.type in _TAKES_ALERTS]
        channel = known.get(name)
        if channel is None:
            yield _unseen(f"channel #{name}", name, hidden=hidden, other="in the policy file")
        else:
            yield _channel(name, channel, rivals=rivals, me=me, wanted=wanted)


def _unseen(what: str, name: str, *, hidden: Collection[str], other: str) -> Finding:
    """Report a channel that is not among those the bot may view. Only an id tells whether it exists."""
    if name in hidden:
        return fail(what, "the bot may not view it (VIEW_CHANNEL)", "give the bot View Channel in it")
    by = "id" if id_of(name) else "name"
    todo = f"create it, give the bot View Channel in it, or name another one {other}"
    return fail(what, f"there is no channel of this {by} that the bot may view (VIEW_CHANNEL)", todo)


def _channel(
    name: str,
    channel: Channel,
    *,
    rivals: Sequence[int],
    me: discord.Member,
    wanted: discord.Permissions,
) -> Finding:
    what = f"channel #{name}"
    if channel.type not in _TAKES_ALERTS:
        todo = "create a text channel of this name, or name another one in the policy file"
        return fail(what, f"it is a {channel.type.name} channel, which takes no alerts", todo)
    allowed = channel.permissions_for(me)
    missing = [bit for bit, is_wanted in wanted if is_wanted and not getattr(allowed, bit)]
    if missing:
        # Discord's own names; discord.py has kept an older one.
        names = ["VIEW_CHANNEL" if bit == "read_messages" else bit.upper() for bit in missing]
        return fail(what, f"missing: {', '.join(names)}", "allow it for the bot's role in this channel")
    if len(rivals) > 1 and name != str(channel.id):
        todo = "rename the others, or write the channel's id in the policy file"
        return warn(what, f"{len(rivals)} channels have this name; the oldest is used: {channel.id}", todo)
    return ok(what, "has every permission that it needs")


def check_alerts(client: discord.Client, policy: Policy) -> Finding:
    """Say which channels are watched, and what is missed without the message content intent.

    `check_channels` finds out if they exist and may be read.
    """
    watch = policy.alerts.watch
    if not watch:
        return ok("alerts", "the policy watches no channel")
    listed = ", ".join(f"#{channel} ({severity})" for channel, severity in watch.items())
    if client.intents.message_content:
        return ok("alerts", f"watched: {listed}")
    flags = client.application_flags
    is_granted = flags.gateway_message_content or flags.gateway_message_content_limited
    first = "" if is_granted else "switch on Message Content Intent on the application's Bot page, then "
    return warn(
        "alerts",
        f"watched: {listed}; without the message content intent alerts are tracked unread: no title, no "
        "target, no severity of their own, and all of one author in one channel are the same until somebody "
        "acknowledges",
        f"{first}set MESSAGE_CONTENT=true",
    )


def check_voice(
    policy: Policy, known: Mapping[str, Channel], *, hidden: Collection[str]
) -> Iterator[Finding]:
    """Yield one finding for each voice channel whose joins the policy wants on the timeline.

    Args:
        known: The channels that the bot can see, by name and by id: Discord reports no joins in others.
        hidden: As for `check_channels`.
    """
    for name in policy.timeline.voice_channels:
        channel = known.get(name)
        what = f"voice channel {name}"
        if channel is None:
            yield _unseen(what, name, hidden=hidden, other="under [timeline]")
        elif channel.type not in VOICE:
            yield fail(what, "it is no voice channel", "name another one under [timeline]")
        else:
            yield ok(what, "people who join are noted on the timeline")


def check_private(
    policy: Policy,
    channel: Channel | None,
    *,
    roles: Sequence[discord.Role],
    me: discord.Member,
) -> Iterator[Finding]:
    """Look at the channel of private threads, and at the roles that are addressed in them.

    Discord has private threads in text channels only. A message rings a role when that is mentionable, or its
    author has MENTION_EVERYONE. Source: Topics > Threads > Private Threads; Topics > Permissions.

    Args:
        channel: The one of the policy; None when there is none, which is another finding.
    """
    if channel is None:
        return
    what = f"private incidents in #{channel.name}"
    if channel.type is not discord.ChannelType.text:
        todo = "name a text channel as `channel` below [private] in the policy file"
        yield fail(what, f"it is a {channel.type.name} channel, which has no private threads", todo)
        return
    silent = []
    if not channel.permissions_for(me).mention_everyone:
        wanted = set(policy.permissions.private)
        silent = [
            f"@{role.name}" for role in roles if {role.name, str(role.id)} & wanted and not role.mentionable
        ]
    if silent:
        todo = (
            "let anyone mention the role (server settings, Roles), or allow MENTION_EVERYONE in this channel"
        )
        yield fail(what, f"no ping reaches {', '.join(silent)}: the role is not mentionable", todo)
        return
    yield ok(what, "threads can be created, roles can be pinged")


async def check_people(
    reach: Reachability, holders: Mapping[str, OnCallPerson], *, guild_id: int
) -> AsyncIterator[Finding]:
    """Yield one finding for each place of the on-call order.

    Raises:
        UpstreamUnavailable: Discord is away.
    """
    for place, person in holders.items():
        yield _finding(f"on call: {place}", person, await reach.gaps(guild_id, person, (place,)))


def _finding(what: str, person: OnCallPerson, gaps: Sequence[ReadinessFinding]) -> Finding:
    if not gaps:
        return ok(what, f"{_shown(person)} is a member")
    said = "; ".join(_said(each) for each in gaps)
    todo = "; ".join(_TODO[each.gap] for each in gaps)
    if any(each.gap is Gap.NOT_MEMBER for each in gaps):
        return fail(what, f"{_shown(person)}: {said}", todo)
    return warn(what, f"{_shown(person)} {said}", todo)


def _shown(person: OnCallPerson) -> str:
    """Return the username if it is known, because that is what a person has to look up; else the name."""
    return person.handle if id_of(person.handle) is None else person.name


def _said(gap: ReadinessFinding) -> str:
    if gap.gap is not Gap.NO_CHANNEL:
        return _SAID[gap.gap]
    return f"{_SAID[gap.gap]} {', '.join(f'#{name}' for name in gap.names)}"


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
        yield fail(
            "server", f"the bot is not in server {guild_id}", f"invite it: {invitation(client, policy)}"
        )
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
        *check_given_roles(policy, guild.roles, me=me, flags=client.application_flags),
        *check_server_permissions(policy, me),
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
    for severity in (*policy.severities.values(), *policy.of_teams):
        if severity.thread_channel is not None:
            needed[severity.thread_channel] = needed[severity.thread_channel] | _THREAD
        if Mention.HERE in (severity.mention, *(step.mention for step in severity.ladder)):
            needed[severity.channel] = needed[severity.channel] | _PING
    needed[policy.private.channel] = needed[policy.private.channel] | _PRIVATE
    return needed


def invitation(client: discord.Client, policy: Policy) -> str:
    """Return the address at which an administrator invites the bot, with the permissions it needs."""
    scopes = ("bot", "applications.commands")
    further = dict.fromkeys(policy.server_permissions, True)
    if policy.given_roles:
        further["manage_roles"] = True
    invited = INVITED | discord.Permissions(**further)
    return discord.utils.oauth_url(client.application_id or 0, permissions=invited, scopes=scopes)


def check_given_roles(
    policy: Policy,
    roles: Sequence[discord.Role],
    *,
    me: discord.Member,
    flags: discord.ApplicationFlags,
) -> Iterator[Finding]:
    """Yield one finding for each role that the bot gives: whether it may, and what it hands out."""
    seen: dict[int, str] = {}
    for name in policy.given_roles:
        what = f"role @{name}"
        named = [role for role in roles if name in (role.name, str(role.id)) and not role.is_default()]
        if len(named) != 1:
            said = "there is no such role" if not named else f"{len(named)} roles have this name"
            yield fail(what, said, "create it, or write its id in the policy file")
        elif (other := seen.setdefault(named[0].id, name)) != name:
            yield fail(what, f"it is the same role as {other}", "keep one of them in the policy file")
        elif named[0].managed:
            yield fail(what, "it belongs to a bot or an integration: nobody can give it", "use another role")
        elif not me.guild_permissions.manage_roles:
            yield fail(what, "missing: MANAGE_ROLES", "allow Manage Roles for the bot's role")
        elif named[0] >= me.top_role:
            yield fail(what, "it is above the bot's role", "move the bot's role above it, under Roles")
        elif rights := [bit for bit, has in named[0].permissions & _DANGEROUS if has]:
            said = f"whoever comes on call gets {', '.join(bit.upper() for bit in rights)}"
            yield warn(what, said, "take these rights from the role, or let another role follow")
        else:
            yield ok(what, "the bot may give it and take it")
    if policy.reads_members and not (flags.gateway_guild_members or flags.gateway_guild_members_limited):
        said = "an exclusive role needs the list of members, which Discord gives with the intent only"
        yield fail("members", said, "switch on Server Members Intent on the application's Bot page")


def check_server_permissions(policy: Policy, me: discord.Member) -> Iterator[Finding]:
    """Yield one finding for each permission that the bot needs in the whole server."""
    for name in policy.server_permissions:
        what = f"permission {name.upper()}"
        if getattr(me.guild_permissions, name):
            yield ok(what, "the bot has it")
        else:
            yield fail(what, "missing", f"allow {name.replace('_', ' ').title()} for the bot's role")


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
    for name, team in policy.teams.items():
        if team.role is not None and team.role not in known:
            what, todo = f"role of team {name}", "create the role, or name another in the policy file"
            yield warn(what, f"there is no {team.role}; its alerts mention @here instead", todo)


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


async def look_around(client: IncidentBot, *, dlq: DlqStore, mails: bool) -> None:
    """Log a warning for each missing thing: a column of the DLQ, a channel, a permission, the commands.

    Args:
        mails: Email is set up.
    """
    for finding in await check_dlq(dlq):
        _tell(finding)
    await client.served.each(lambda services: _look_at(client, services, mails=mails))


async def _look_at(client: IncidentBot, services: Services, *, mails: bool) -> None:
    try:
        holders = await services.oncall.holders(services.guild_id)
        async for finding in check_guild(
            client, guild_id=services.guild_id, policy=services.policy, holders=holders, mails=mails
        ):
            _tell(finding)
        _tell(await check_commands(client, services.guild_id))
    except (DeliveryRefused, UpstreamUnavailable) as error:
        log.warning("check.skipped", reason=error.reason)


def _tell(finding: Finding) -> None:
    if finding.state is not State.OK:
        log.warning("check.failed", what=finding.what, said=finding.said, todo=finding.todo)
