"""The story that both libraries live through, in discord.py; and what is discord.py's own."""

import asyncio
import warnings
from io import BytesIO

import pytest
import yarl

from local_discord.server import LocalDiscord
from local_discord.tests.client import DEADLINE_S, Client
from local_discord.tests.libraries.hasty import GUILDS_WITHIN_S, Hasty
from local_discord.tests.libraries.scenario import expect, play

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # discord.py 2.7.1 imports audioop
    import discord
    from discord import app_commands


class StoryImpact(discord.ui.Modal, title="Impact"):
    what: discord.ui.TextInput["StoryImpact"] = discord.ui.TextInput(label="What", custom_id="what")

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"impact: {self.what.value}", ephemeral=True)


class StoryButtons(discord.ui.View):
    @discord.ui.button(label="Ack", custom_id="ack")
    async def ack(self, interaction: discord.Interaction, _button: discord.ui.Button["StoryButtons"]) -> None:
        await interaction.response.edit_message(content=f"acked by {interaction.user.name}", view=None)

    @discord.ui.button(label="Impact", custom_id="impact")
    async def impact(
        self, interaction: discord.Interaction, _button: discord.ui.Button["StoryButtons"]
    ) -> None:
        await interaction.response.send_modal(StoryImpact())


class DiscordPyActor(Hasty):
    """The story's bot in discord.py."""

    def __init__(self, guild_id: str) -> None:
        intents = discord.Intents(guilds=True, messages=True, reactions=True)
        super().__init__(intents=intents, guild_ready_timeout=GUILDS_WITHIN_S)
        self.guild = discord.Object(int(guild_id))
        self.tree = app_commands.CommandTree(self)
        self.heard: asyncio.Queue[tuple[str, ...]] = asyncio.Queue()

    async def on_ready(self) -> None:
        await self.heard.put(("ready",))

    async def on_resumed(self) -> None:
        await self.heard.put(("resumed",))

    async def on_message(self, message: discord.Message) -> None:
        await self.heard.put(("message", str(message.id)))

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        await self.heard.put(("reaction", str(payload.emoji), str(payload.user_id)))

    async def register(self) -> None:
        @self.tree.command(description="d", guild=self.guild)
        async def triage(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("triage", view=StoryButtons())

        @self.tree.command(name="slow", description="d", guild=self.guild)
        async def slow_one(interaction: discord.Interaction) -> None:
            await interaction.response.defer(ephemeral=True)
            await interaction.edit_original_response(content="later")

        assert len(await self.tree.sync(guild=self.guild)) == 2

    def text_channel(self, channel_id: str) -> discord.TextChannel:
        channel = self.get_channel(int(channel_id))
        assert isinstance(channel, discord.TextChannel)
        return channel

    async def alert(self, channel_id: str) -> tuple[str, bool]:
        embed = discord.Embed(title="SEV1", description="api.").add_field(name="since", value="21:00 JST")
        everyone = discord.AllowedMentions(everyone=True)
        channel = self.text_channel(channel_id)
        message = await channel.send("@here", embed=embed, allowed_mentions=everyone)
        return str(message.id), message.mention_everyone

    async def start_thread(self, channel_id: str, message_id: str, name: str) -> str:
        message = self.text_channel(channel_id).get_partial_message(int(message_id))
        return str((await message.create_thread(name=name)).id)

    async def reactors(self, channel_id: str, message_id: str, emoji: str) -> list[str]:
        message = await self.text_channel(channel_id).fetch_message(int(message_id))
        reaction = next(one for one in message.reactions if str(one.emoji) == emoji)
        return [user.name async for user in reaction.users()]

    async def direct(self, user_id: str, text: str) -> str:
        message = await (await self.fetch_user(int(user_id))).send(text)
        return str(message.channel.id)

    async def upload(self, channel_id: str, name: str, data: bytes) -> bytes:
        channel = await self.fetch_channel(int(channel_id))
        assert isinstance(channel, discord.abc.Messageable)
        message = await channel.send(file=discord.File(BytesIO(data), name))
        return await message.attachments[0].read()


@pytest.fixture
def point_at(sandbox: LocalDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    """discord.py asks the sandbox, and not Discord."""
    monkeypatch.setattr(discord.http.Route, "BASE", sandbox.api_base)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(sandbox.gateway))


@pytest.mark.usefixtures("point_at")
async def test_the_story(sandbox: LocalDiscord, client: Client) -> None:
    """discord.py, which asks for zstd compression, plays the scenario that hikari plays."""
    actor = DiscordPyActor(sandbox.address.guild_id)
    task = asyncio.ensure_future(actor.start(sandbox.address.token))
    await expect(actor, "ready")
    asked = [connection._request.query["compress"] for connection in sandbox.desk.connections]
    assert asked == ["zstd-stream"]
    await play(actor, client)
    await actor.close()
    await task


@pytest.mark.usefixtures("point_at")
async def test_a_wrong_token(sandbox: LocalDiscord) -> None:
    """discord.py fails to log in with a wrong token: it asks REST first, which answers with 401."""
    actor = DiscordPyActor(sandbox.address.guild_id)
    with pytest.raises(discord.LoginFailure):
        await actor.start("wrong")
    await actor.close()


@pytest.mark.usefixtures("point_at")
async def test_a_token_that_only_the_gateway_refuses(sandbox: LocalDiscord) -> None:
    """A token that only the gateway refuses ends discord.py's client with close code 4004."""
    actor = DiscordPyActor(sandbox.address.guild_id)
    await actor.login(sandbox.address.token)
    sandbox.core.world.application.token += "x"
    with pytest.raises(discord.ConnectionClosed) as refused:
        await actor.connect()
    assert refused.value.code == 4004
    await actor.close()


@pytest.mark.usefixtures("point_at")
async def test_two_shards_of_one_client(sandbox: LocalDiscord) -> None:
    """AutoShardedClient asks /gateway/bot, starts what it recommends, and finds the guild on its shard."""
    sandbox.core.rules.change({"shards": 2, "least_shards": 2, "max_concurrency": 2})
    ready = asyncio.Event()

    class Sharded(Hasty, discord.AutoShardedClient):
        async def on_ready(self) -> None:
            ready.set()

    actor = Sharded(intents=discord.Intents(guilds=True), guild_ready_timeout=GUILDS_WITHIN_S)
    task = asyncio.ensure_future(actor.start(sandbox.address.token))
    await asyncio.wait_for(ready.wait(), DEADLINE_S * 2)
    guild_id = int(sandbox.address.guild_id)
    assert sorted(actor.shards) == [0, 1]
    assert [guild.shard_id for guild in actor.guilds] == [(guild_id >> 22) % 2]
    await actor.close()
    await task
