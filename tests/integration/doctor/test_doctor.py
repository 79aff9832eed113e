"""The doctor, against the local Discord: what is amiss is found, named, and there is something to do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import aiohttp
import discord
import pytest
import pytest_asyncio
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.client import use_api_base
from bot.doctor.finding import Finding, State
from bot.doctor.guild import INVITED, check_dms, check_guild, needs, of_policy
from bot.domain.errors import UpstreamUnavailable
from bot.domain.severity import Mention
from bot.listening import intents
from bot.runbook import Policy, default_policy_text, load_policy, parse_policy
from bot.runbook.teams import Team
from local_discord.server import LocalDiscord
from local_discord.world.kinds import ChannelType, extra_of
from local_discord.world.permissions import P
from local_discord.world.seed import BOT, GUILD_ID
from local_discord.world.world import Channel, Overwrite
from tests.integration.cli.command_line import incident_bot, settings_for
from tests.postgres import connect

POLICY = load_policy(None)
ROOT = Path(__file__).parents[3]


@pytest_asyncio.fixture
async def sandbox(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LocalDiscord]:
    """A local Discord that discord.py in this process talks to."""
    async with open_sandbox(monkeypatch) as started:
        yield started


@asynccontextmanager
async def open_sandbox(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LocalDiscord]:
    """Start it; *monkeypatch* turns discord.py back afterwards."""
    async with LocalDiscord() as started:
        monkeypatch.setattr(Route, "BASE", Route.BASE)
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
        use_api_base(started.api_base)
        yield started


async def examine(
    sandbox: LocalDiscord,
    policy: Policy = POLICY,
    *,
    guild_id: int = 0,
    reads: bool = True,
    mails: bool = True,
) -> dict[str, Finding]:
    """What is found, by what was looked at.

    Args:
        reads: The intent for messages' content is asked for.
        mails: Email is set up.
    """
    sandbox.core.world.application.message_content |= reads
    async with discord.Client(intents=intents(message_content=reads)) as client:
        await client.login(sandbox.address.token)
        where = guild_id or int(sandbox.address.guild_id)
        asked = check_guild(client, guild_id=where, policy=policy, holders=of_policy(policy), mails=mails)
        return {finding.what: finding async for finding in asked}


def deny(sandbox: LocalDiscord, channel: str, bits: int) -> None:
    """Take permissions from the bot in one channel."""
    world = sandbox.core.world
    role = next(role.id for role in world.roles.values() if role.name == "incident-bot")
    found = next(each for each in world.channels.values() if each.name == channel)
    found.overwrites[role] = Overwrite(role, 0, deny=bits)


async def test_all_is_well(sandbox: LocalDiscord) -> None:
    """Parky's server as the runbook has it: nothing to fix."""
    found = await examine(sandbox)
    assert {finding.state for finding in found.values()} == {State.OK}
    assert {"server", "intents", "channel #p0-alerts", "roles for acknowledge", "on call: primary"} <= set(
        found
    )


async def test_a_role_that_rings_nobody(sandbox: LocalDiscord) -> None:
    """If the bot may not mention all, the roles of a private incident have to be mentionable."""
    what = "private incidents in #p0-alerts"
    deny(sandbox, "p0-alerts", int(P.MENTION_EVERYONE))
    found = (await examine(sandbox))[what]
    assert (found.state, found.said) == (
        State.FAIL,
        "no ping reaches @on-call, @admin: the role is not mentionable",
    )
    for role in sandbox.core.world.roles.values():
        role.mentionable = True
    assert (await examine(sandbox))[what].state is State.OK


async def test_a_channel_that_has_no_private_threads(sandbox: LocalDiscord) -> None:
    """The doctor fails a channel type without private threads, such as an announcement channel.

    A channel for private incidents that does not exist gets no such finding.
    """
    channel = next(one for one in sandbox.core.world.channels.values() if one.name == "p0-alerts")
    channel.type = ChannelType.ANNOUNCEMENT
    found = (await examine(sandbox))["private incidents in #p0-alerts"]
    assert (found.state, found.said) == (
        State.FAIL,
        "it is a news channel, which has no private threads",
    )
    missing = replace(POLICY, private=replace(POLICY.private, channel="nowhere"))
    assert not [what for what in await examine(sandbox, missing) if what.startswith("private incidents")]


async def test_somebody_without_an_email(sandbox: LocalDiscord) -> None:
    """Missed when Discord is down: a warning, where email is set up and a severity asks for it."""
    place = replace(POLICY.oncall["primary"], email=None)
    policy = replace(POLICY, oncall={**POLICY.oncall, "primary": place})
    found = (await examine(sandbox, policy))["on call: primary"]
    assert (found.state, found.said) == (State.WARN, "primary has no email")
    assert found.todo.startswith("give them an email")
    assert (await examine(sandbox, policy, mails=False))["on call: primary"].state is State.OK
    without = {name: replace(one, email_backup=False) for name, one in policy.severities.items()}
    unasked = replace(policy, severities=without)
    assert (await examine(sandbox, unasked))["on call: primary"].state is State.OK


async def test_alerts_that_cannot_be_read(sandbox: LocalDiscord) -> None:
    """The doctor lists the watched channels, or says how to get the intent without which alerts are unread.

    If no channel is watched, there is nothing to warn about.
    """
    found = (await examine(sandbox))["alerts"]
    assert (found.state, found.said) == (State.OK, "watched: #p0-alerts (SEV1), #p1-ops (SEV2)")
    found = (await examine(sandbox, reads=False))["alerts"]
    assert (found.state, found.todo) == (State.WARN, "set MESSAGE_CONTENT=true")
    sandbox.core.world.application.message_content = False
    found = (await examine(sandbox, reads=False))["alerts"]
    assert "tracked unread" in found.said
    assert found.todo.startswith("switch on Message Content Intent")
    nothing = replace(POLICY, alerts=replace(POLICY.alerts, watch=MappingProxyType({})))
    assert (await examine(sandbox, nothing, reads=False))["alerts"].state is State.OK


async def test_a_watched_channel_that_is_not_there(sandbox: LocalDiscord) -> None:
    """The doctor fails a watched channel that does not exist, since alerts in it would not be seen."""
    watch = MappingProxyType({"monitors": "SEV1"})
    found = await examine(sandbox, replace(POLICY, alerts=replace(POLICY.alerts, watch=watch)))
    assert found["channel #monitors"].state is State.FAIL


async def test_a_war_room_that_is_none(sandbox: LocalDiscord) -> None:
    """A misspelt name, or a text channel, would stay silent for good."""
    named = replace(POLICY.timeline, voice_channels=("war-room", "warroom", "general"))
    found = await examine(sandbox, replace(POLICY, timeline=named))
    states = [found[f"voice channel {name}"].state for name in named.voice_channels]
    assert states == [State.OK, State.FAIL, State.FAIL]


def test_needs_follow_the_policy() -> None:
    """A channel needs the permission for `@here` or for threads only if the policy uses them there."""
    needed = needs(POLICY)
    assert needed["p0-alerts"].mention_everyone
    assert needed["p0-alerts"].create_public_threads
    assert not needed["p1-ops"].mention_everyone
    assert not needed["p3-insights"].create_public_threads
    sev2 = replace(POLICY.severities["SEV2"], mention=Mention.HERE, thread_channel=None)
    pinging = replace(POLICY, severities=MappingProxyType({"SEV2": sev2}))
    assert needs(pinging)["p1-ops"].mention_everyone


def test_needs_follow_the_teams() -> None:
    """A team's channel needs what its alerts use there, as the channels of the file's severities do."""
    text = f'{default_policy_text()}\n[teams.payments]\nchannel = "payments"\n'
    needed = needs(parse_policy(text, name="policy.toml"))["payments"]
    assert needed.mention_everyone
    assert needed.create_public_threads


async def test_a_team_is_looked_at_as_the_default_one(sandbox: LocalDiscord) -> None:
    """Its channel, what the bot may do there, and the people at its places, who have to see it."""
    text = f"""{default_policy_text()}
[oncall.pay]
discord = "primary"
[oncall.pay_second]
discord = "stranger"
[teams.payments]
channel = "general"
schedule = ["pay", "pay_second"]
[teams.web]
channel = "web"
"""
    policy = parse_policy(text, name="policy.toml")
    deny(sandbox, "general", int(P.MENTION_EVERYONE))
    channel = next(one for one in sandbox.core.world.channels.values() if one.name == "general")
    primary = next(one.id for one in sandbox.core.world.users.values() if one.username == "primary")
    channel.overwrites[primary] = Overwrite(primary, 1, deny=int(P.VIEW_CHANNEL))
    found = await examine(sandbox, policy)
    bad = {what: one.said for what, one in found.items() if one.state is not State.OK}
    assert bad == {
        "channel #general": "missing: MENTION_EVERYONE",
        "channel #web": "there is no channel of this name that the bot may view (VIEW_CHANNEL)",
        "on call: pay": "primary does not see #general; has no email",
        "on call: pay_second": "stranger: no member has this username",
    }


async def test_a_missing_channel(sandbox: LocalDiscord) -> None:
    """The doctor fails a channel of the policy that does not exist, because an alert would go nowhere."""
    channels = sandbox.core.world.channels
    del channels[next(key for key, channel in channels.items() if channel.name == "p1-ops")]
    found = (await examine(sandbox))["channel #p1-ops"]
    assert found.state is State.FAIL
    assert found.said == "there is no channel of this name that the bot may view (VIEW_CHANNEL)"
    assert "policy file" in found.todo


async def test_a_hidden_channel(sandbox: LocalDiscord) -> None:
    """Named by its id, a channel that the bot may not view is told from one that does not exist."""
    deny(sandbox, "general", int(P.VIEW_CHANNEL))
    deny(sandbox, "war-room", int(P.VIEW_CHANNEL))
    ids = {one.name: one.id for one in sandbox.core.world.channels.values()}
    watched, room, gone = ids["general"], ids["war-room"], "1100000000000000999"
    policy = replace(
        POLICY,
        alerts=replace(POLICY.alerts, watch=MappingProxyType({watched: "SEV2", gone: "SEV2"})),
        timeline=replace(POLICY.timeline, voice_channels=(room,)),
    )
    found = await examine(sandbox, policy)
    for what in (f"channel #{watched}", f"voice channel {room}"):
        assert (found[what].state, found[what].said) == (State.FAIL, "the bot may not view it (VIEW_CHANNEL)")
        assert found[what].todo == "give the bot View Channel in it"
    missing = found[f"channel #{gone}"]
    assert missing.said == "there is no channel of this id that the bot may view (VIEW_CHANNEL)"


@pytest.mark.parametrize(
    ("kind", "called"),
    [(ChannelType.FORUM, "forum"), (ChannelType.CATEGORY, "category"), (ChannelType.VOICE, "voice")],
)
async def test_a_channel_of_another_kind(sandbox: LocalDiscord, kind: ChannelType, called: str) -> None:
    """The bot posts in text and announcement channels; one of its name that takes alerts comes first."""
    channels = sandbox.core.world.channels
    other = Channel("1100000000000000999", kind, "p1-ops", extra=extra_of(kind))
    channels[other.id] = other
    assert (await examine(sandbox))["channel #p1-ops"].state is State.OK
    del channels[next(key for key, one in channels.items() if one.name == "p1-ops" and one is not other)]
    found = (await examine(sandbox))["channel #p1-ops"]
    assert (found.state, found.said) == (State.FAIL, f"it is a {called} channel, which takes no alerts")
    assert "text channel" in found.todo


async def test_two_channels_of_one_name(sandbox: LocalDiscord) -> None:
    """Two channels of one name cause a warning that says which one the bot uses."""
    channels = sandbox.core.world.channels
    channels["1100000000000000999"] = Channel("1100000000000000999", ChannelType.TEXT, "p1-ops")
    older = next(one.id for one in channels.values() if one.name == "p1-ops")
    found = (await examine(sandbox))["channel #p1-ops"]
    said = f"2 channels have this name; the oldest is used: {older}"
    assert (found.state, found.said) == (State.WARN, said)
    watch = replace(POLICY.alerts, watch=MappingProxyType({older: "SEV2"}))
    assert (await examine(sandbox, replace(POLICY, alerts=watch)))[f"channel #{older}"].state is State.OK


@pytest.mark.parametrize(
    ("bit", "name"),
    [
        (P.VIEW_CHANNEL, "VIEW_CHANNEL"),
        (P.SEND_MESSAGES, "SEND_MESSAGES"),
        (P.EMBED_LINKS, "EMBED_LINKS"),
        (P.ADD_REACTIONS, "ADD_REACTIONS"),
        (P.READ_MESSAGE_HISTORY, "READ_MESSAGE_HISTORY"),
        (P.CREATE_PUBLIC_THREADS, "CREATE_PUBLIC_THREADS"),
        (P.SEND_MESSAGES_IN_THREADS, "SEND_MESSAGES_IN_THREADS"),
        (P.MANAGE_THREADS, "MANAGE_THREADS"),
        (P.MENTION_EVERYONE, "MENTION_EVERYONE"),
    ],
)
async def test_a_missing_permission(sandbox: LocalDiscord, bit: P, name: str) -> None:
    """Each permission that an alert needs is found in the channel that denies it, and in no other channel."""
    deny(sandbox, "p0-alerts", int(bit))
    found = await examine(sandbox)
    assert found["channel #p0-alerts"].state is State.FAIL
    assert name in found["channel #p0-alerts"].said
    assert found["channel #p2-deploys"].state is State.OK


async def test_roles(sandbox: LocalDiscord) -> None:
    """One missing role of several is a warning; if all are missing it is a failure."""
    permissions = replace(
        POLICY.permissions, triage=("responder", "gone"), replay=("gone",), dlq=("everyone",)
    )
    teams = {
        name: Team(name, (), (), POLICY.severities, role=role)
        for name, role in (("web", "responder"), ("pay", "gone"), ("quiet", None))
    }
    found = await examine(sandbox, replace(POLICY, permissions=permissions, teams=teams))
    assert {name for name in found if name.startswith("role of team")} == {"role of team pay"}
    assert found["role of team pay"].state is State.WARN
    assert found["roles for triage"].state is State.WARN
    assert found["roles for replay"].state is State.FAIL
    assert found["roles for dlq"].state is State.OK


async def test_nobody_of_that_name(sandbox: LocalDiscord) -> None:
    """A person on call who is no member of the server is a failure."""
    place = replace(POLICY.oncall["primary"], discord="stranger")
    found = await examine(sandbox, replace(POLICY, oncall=MappingProxyType({"primary": place})))
    assert found["on call: primary"].state is State.FAIL
    assert found["on call: primary"].said.startswith("stranger: ")


async def test_dms_are_proved_by_sending_one(sandbox: LocalDiscord) -> None:
    """Opening a DM works with everybody; whether it arrives shows only then."""
    member = next(m for m in sandbox.core.world.members.values() if m.user.username == "secondary")
    member.user.accepts_dms = False
    async with discord.Client(intents=discord.Intents(guilds=True)) as client:
        await client.login(sandbox.address.token)
        asked = check_dms(
            client,
            guild_id=int(sandbox.address.guild_id),
            policy=POLICY,
            words="a test, nothing to do",
            holders=of_policy(POLICY),
        )
        found = {finding.what: finding.state async for finding in asked}
    assert found == {"DM to primary": State.OK, "DM to secondary": State.FAIL}


async def test_dms_end_where_discord_asks_to_slow_down(sandbox: LocalDiscord) -> None:
    """One more would only delay those of a real alert."""
    async with aiohttp.ClientSession() as http:
        fault = {"route": "POST /users/@me/channels", "status": 400, "code": 40003, "times": None}
        async with http.post(f"{sandbox.human}/fault", json=fault) as response:
            assert response.status == 200
    async with discord.Client(intents=discord.Intents(guilds=True)) as client:
        await client.login(sandbox.address.token)
        asked = check_dms(
            client,
            guild_id=int(GUILD_ID),
            policy=POLICY,
            words="a test, nothing to do",
            holders=of_policy(POLICY),
        )
        found = [finding async for finding in asked]
    assert [(one.what, one.state) for one in found] == [("DM to primary", State.FAIL)]
    assert "40003" in found[0].said


async def test_another_server(sandbox: LocalDiscord) -> None:
    """The bot is told how to be let in; nothing below that is guessed at."""
    found = await examine(sandbox, guild_id=1100000000000009999)
    assert found["server"].state is State.FAIL
    assert "https://discord.com/oauth2/authorize?client_id=1100000000000000002" in found["server"].todo
    assert set(found) == {"intents", "server"}


async def test_discord_does_not_answer(sandbox: LocalDiscord) -> None:
    """If Discord does not answer, the check of the server ends with an error, not with a finding."""
    async with discord.Client(intents=discord.Intents(guilds=True)) as client:
        await client.login(sandbox.address.token)
        await sandbox.stop()
        with pytest.raises(UpstreamUnavailable, match="cannot be read"):
            async with asyncio.timeout(30):
                [_ async for _ in check_guild(client, guild_id=1, policy=POLICY, holders={})]


async def test_the_table(database_url: str, tmp_path: Path) -> None:
    """`doctor` prints every fault in one table with exit code 1, and 0 once the faults are mended.

    The token is not in the output.
    """
    async with LocalDiscord() as discord_:
        env = settings_for(discord_, DATABASE_URL=database_url)
        connection = await connect(database_url)
        await connection.execute(
            "ALTER TABLE admin.notification_failures RENAME COLUMN http_status TO status_code"
        )
        deny(discord_, "p0-alerts", int(P.MENTION_EVERYONE))
        ill = await incident_bot("doctor", folder=tmp_path, **env)
        assert (ill.code, ill.err) == (1, "")
        for said in (
            "missing: MENTION_EVERYONE",
            "no ping reaches @on-call, @admin",
            "columns are missing: http_status",
            "no command is registered",
            "run `incident-bot sync-commands`",
            "SMTP_URL is not set: SEV1 has no email backup",
        ):
            assert said in ill.out
        assert ill.out.rstrip().endswith("3 to fix")
        await connection.execute(
            "ALTER TABLE admin.notification_failures RENAME COLUMN status_code TO http_status"
        )
        await connection.close()
        deny(discord_, "p0-alerts", 0)
        await incident_bot("sync-commands", folder=tmp_path, **env)
        well = await incident_bot("doctor", folder=tmp_path, **env)
    assert well.code == 0, well.out
    assert well.out.rstrip().endswith("ready to run")
    assert discord_.core.world.application.token not in ill.out + well.out


async def test_wrong_settings_are_rows(tmp_path: Path) -> None:
    """A doctor that cannot begin says why, in the same table, without the secret."""
    ended = await incident_bot(
        "doctor", folder=tmp_path, DISCORD_TOKEN="hunter2", DATABASE_URL="mysql://bot:hunter2@db/x"
    )
    assert ended.code == 1
    assert "DISCORD_TOKEN" in ended.out
    assert "is not a bot token" in ended.out
    assert "is not a PostgreSQL address" in ended.out
    assert "hunter2" not in ended.out + ended.err


async def test_what_is_away(tmp_path: Path) -> None:
    """`doctor` reports database, Discord and mail as away, without a traceback or the password."""
    async with LocalDiscord() as gone:
        env = settings_for(gone)
    env |= {
        "DATABASE_URL": "postgresql://bot:hunter2@127.0.0.1:1/x",
        "SMTP_URL": "smtp://127.0.0.1:1?from=bot@example.com",
    }
    async with asyncio.timeout(40):
        ended = await incident_bot("doctor", folder=tmp_path, **env)
    assert (ended.code, ended.err) == (1, "")
    assert "the database cannot be reached" in ended.out
    assert "does not answer" in ended.out
    assert "no mail can be sent" in ended.out
    assert "hunter2" not in ended.out


_MISSING_ONE = [bit for bit in P if bit & BOT]


@pytest.mark.parametrize("bit", _MISSING_ONE, ids=lambda bit: bit.name)
async def test_each_permission_of_the_invitation_is_needed(sandbox: LocalDiscord, bit: P) -> None:
    """If the bot's role lacks any permission of the invitation, the doctor names it.

    The server of the test gives @everyone no permission.
    """
    roles = sandbox.core.world.roles
    roles[GUILD_ID].permissions = 0
    bare = await examine(sandbox)
    assert State.FAIL not in {finding.state for finding in bare.values()}
    role = next(role for role in roles.values() if role.name == "incident-bot")
    role.permissions &= ~int(bit)
    said = "; ".join(one.said for one in (await examine(sandbox)).values() if one.state is State.FAIL)
    assert str(bit.name) in said


def test_the_invitation_is_what_the_readme_says() -> None:
    """The number, in both languages; and the local Discord's bot has exactly that."""
    assert INVITED.value == int(BOT)
    for name in ("README.md", "README.ja.md"):
        assert f"permissions={INVITED.value}" in (ROOT / name).read_text(encoding="utf-8")


async def test_an_interactions_endpoint_is_found(sandbox: LocalDiscord) -> None:
    """The doctor finds an interactions endpoint, with which no command and no press reaches the bot."""
    sandbox.core.world.application.extra["interactions_endpoint_url"] = "https://example.com/interactions"
    found = (await examine(sandbox))["interactions"]
    assert (found.state, "none to this bot" in found.said) == (State.FAIL, True)
    assert "Interactions Endpoint URL" in found.todo


@pytest.mark.parametrize(("level", "has_2fa"), [(0, False), (1, True), (1, False)])
async def test_a_server_that_requires_two_factor_authentication(
    sandbox: LocalDiscord, level: int, *, has_2fa: bool
) -> None:
    """Two-factor authentication is a finding only if the server requires it and the bot's owner has none."""
    sandbox.core.world.guild.mfa_level, sandbox.core.world.application.owner_mfa = level, has_2fa
    found = await examine(sandbox)
    assert ("two-factor authentication" in found) is (level == 1 and not has_2fa)
