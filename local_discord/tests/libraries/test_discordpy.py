"""discord.py itself, over real sockets: what the bot is built on must find everything it expects."""

import asyncio
import warnings
from collections.abc import AsyncIterator
from typing import Any

import pytest
import yarl

from local_discord.server import LocalDiscord
from local_discord.tests.client import DEADLINE_S, Client
from local_discord.tests.libraries.hasty import GUILDS_WITHIN_S, Hasty
from local_discord.world.permissions import P

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # discord.py 2.7.1 imports audioop
    import discord
    from discord import app_commands


class Impact(discord.ui.Modal, title="Impact"):
    what: discord.ui.Label["Impact"] = discord.ui.Label(text="What", component=discord.ui.TextInput())

    async def on_submit(self, interaction: discord.Interaction) -> None:
        assert isinstance(self.what.component, discord.ui.TextInput)
        await interaction.response.send_message(f"impact: {self.what.component.value}", ephemeral=True)


class Ack(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Ack", custom_id="ack")
    async def ack(self, interaction: discord.Interaction, _button: discord.ui.Button["Ack"]) -> None:
        await interaction.response.edit_message(content=f"acked by {interaction.user.name}", view=None)

    @discord.ui.button(label="Impact", custom_id="impact")
    async def impact(self, interaction: discord.Interaction, _button: discord.ui.Button["Ack"]) -> None:
        await interaction.response.send_modal(Impact())


class Bot(Hasty):
    """Records the events it sees; /triage asks for a person, /slow defers, /find completes."""

    def __init__(self) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, members=True, guild_messages=True, reactions=True),
            allowed_mentions=discord.AllowedMentions.none(),
            guild_ready_timeout=GUILDS_WITHIN_S,
        )
        self.tree = app_commands.CommandTree(self)
        self.events: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()
        self.tree.command(name="triage", description="d")(triage)
        self.tree.command(name="slow", description="d")(slow)
        self.tree.command(name="find", description="d")(find)

    async def on_ready(self) -> None:
        await self.events.put(("ready",))

    async def on_resumed(self) -> None:
        await self.events.put(("resumed",))

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        name = payload.member.name if payload.member else None
        await self.events.put(("reaction", str(payload.emoji), name))

    async def on_message(self, message: discord.Message) -> None:
        await self.events.put(("message", message.author.name, message.channel.id))

    async def expect(self, *wanted: Any) -> None:
        """Wait for that event; others before it are skipped."""
        async with asyncio.timeout(DEADLINE_S * 2):
            while await self.events.get() != wanted:
                pass


async def triage(interaction: discord.Interaction, who: discord.Member, count: int = 1) -> None:
    await interaction.response.send_message(f"{who.name} x{count}", view=Ack())


async def slow(interaction: discord.Interaction) -> None:
    await interaction.response.defer(ephemeral=True)
    await interaction.followup.send("later")


async def suggest(_interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=f"{current}!", value=current)]


@app_commands.autocomplete(query=suggest)
async def find(interaction: discord.Interaction, query: str) -> None:
    await interaction.response.send_message(query)


@pytest.fixture
async def bot(sandbox: LocalDiscord, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    """A connected bot with its commands registered in the guild."""
    monkeypatch.setattr(discord.http.Route, "BASE", sandbox.api_base)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(sandbox.gateway))
    client = Bot()
    task = asyncio.ensure_future(client.start(sandbox.address.token))
    await client.expect("ready")
    guild = discord.Object(int(sandbox.address.guild_id))
    client.tree.copy_global_to(guild=guild)
    await client.tree.sync(guild=guild)
    yield client
    await client.close()
    await task


async def outcome(client: Client, reply: Any) -> dict[str, Any]:
    """What an interaction came to."""
    path = f"{client.sandbox.human}/interaction/{reply.body['interaction']}?wait=3&until=done"
    async with client.http.get(path) as response:
        body: dict[str, Any] = await response.json()
    assert body["state"] == "responded", body
    return body


async def test_commands_buttons_modals_and_autocomplete(bot: Bot, client: Client) -> None:
    """The whole conversation between a person and a discord.py bot."""
    person = {"user": "primary", "channel": "p0-alerts"}
    options = {"who": "secondary", "count": 2}
    opened = await outcome(
        client, await client.human("POST command", name="triage", options=options, **person)
    )
    message = opened["messages"][0]
    assert message["content"] == "secondary x2"
    click = {"user": "primary", "message": message["id"]}
    asked = await outcome(client, await client.human("POST click", custom_id="impact", **click))
    custom_id = asked["modal"]["components"][0]["component"]["custom_id"]
    call = {"user": "primary", "interaction": asked["id"], "fields": {custom_id: "down"}}
    told = await outcome(client, await client.human("POST modal", **call))
    assert (told["messages"][0]["content"], told["messages"][0]["only_for"]) == ("impact: down", "primary")
    acked = await outcome(client, await client.human("POST click", custom_id="ack", **click))
    assert (acked["messages"][0]["content"], acked["messages"][0]["components"]) == ("acked by primary", [])
    later = await outcome(client, await client.human("POST command", name="slow", **person))
    assert later["messages"][0]["content"] == "later"
    found = await client.human(
        "POST autocomplete", name="find", focused="query", options={"query": "a"}, **person
    )
    assert found.body["choices"] == [{"name": "a!", "value": "a"}]
    assert bot.user


async def test_an_alert_with_its_thread_dm_and_reaction(
    bot: Bot, client: Client, sandbox: LocalDiscord
) -> None:
    """Post with @here and a nonce, thread, DM with a file, pin, reactions read back and heard."""
    await client.allow(P.PIN_MESSAGES)
    guild = bot.get_guild(int(sandbox.address.guild_id))
    assert guild
    channel = discord.utils.get(guild.text_channels, name="p0-alerts")
    primary = guild.get_member_named("primary")
    assert channel
    assert primary
    everyone = discord.AllowedMentions(everyone=True)
    embed = discord.Embed(title="SEV1", description="api.").add_field(name="since", value="21:00 JST")
    alert = await channel.send("@here", embed=embed, nonce="n1", allowed_mentions=everyone, view=Ack())
    assert alert.mention_everyone
    thread = await alert.create_thread(name="SEV1 api.")
    await thread.send("21:00 JST")
    await alert.pin()
    direct = await primary.send("page", file=discord.File(__file__))
    assert (await direct.attachments[0].read())[:3] == b'"""'
    await client.human("PUT reaction", user="primary", message=str(alert.id), emoji="👀")
    await bot.expect("reaction", "👀", "primary")
    fresh = await channel.fetch_message(alert.id)
    assert [user.name async for user in fresh.reactions[0].users()] == ["primary"]
    await thread.edit(archived=True)
    with pytest.raises(discord.HTTPException) as refused:
        await thread.get_partial_message((await anext(thread.history(limit=1))).id).edit(content="x")
    assert refused.value.code == 50083


async def test_a_dropped_connection_resumes(bot: Bot, client: Client) -> None:
    """After a dropped connection discord.py hears what was said while the socket was gone."""
    await client.human("POST fault", gateway="drop")
    said = (await client.human("POST say", user="observer", channel="general", content="x")).body
    await bot.expect("message", "observer", int(said["channel_id"]))


async def test_an_invalidated_session_identifies_anew(bot: Bot, client: Client) -> None:
    """After its session is invalidated (op 9), discord.py starts over and is ready again."""
    await client.human("POST fault", gateway="invalidate")
    await client.human("POST wait", **{"for": "sessions", "count": 1, "timeout_s": 10})
    await bot.expect("ready")


async def test_a_429_is_waited_out(bot: Bot, client: Client, sandbox: LocalDiscord) -> None:
    """discord.py takes the 429 for what it is and tries again."""
    route = "POST /channels/*/messages"
    await client.human("POST fault", route=route, status=429, retry_after=0.01)
    channel = bot.get_channel(1100000000000000301)
    assert isinstance(channel, discord.TextChannel)
    message = await channel.send("x")
    assert message.id
    statuses = [entry["status"] for entry in sandbox.core.log.since(0) if entry["kind"] == "rest"]
    assert statuses[-2:] == [429, 200]
