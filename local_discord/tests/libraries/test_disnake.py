"""The story that each library lives through, in disnake: another gateway client, other ways with commands."""

import asyncio
import warnings
from io import BytesIO
from typing import Any

import pytest

from local_discord.server import LocalDiscord
from local_discord.tests.client import Client
from local_discord.tests.libraries.scenario import expect, play

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it imports audioop
    import disnake
    from disnake.ext import commands
    from disnake.interactions.application_command import ApplicationCommandInteraction
    from disnake.interactions.message import MessageInteraction
    from disnake.interactions.modal import ModalInteraction


class DisnakeActor(commands.InteractionBot):
    """The story's bot in disnake."""

    def __init__(self, guild_id: str) -> None:
        intents = disnake.Intents(guilds=True, messages=True, reactions=True)
        nothing = commands.CommandSyncFlags.none()  # by itself it would overwrite the commands at READY
        super().__init__(intents=intents, test_guilds=[int(guild_id)], command_sync_flags=nothing)
        self.guild_id = int(guild_id)
        self.heard: asyncio.Queue[tuple[str, ...]] = asyncio.Queue()

    async def on_ready(self) -> None:
        await self.heard.put(("ready",))

    async def on_resumed(self) -> None:
        await self.heard.put(("resumed",))

    async def on_message(self, message: disnake.Message) -> None:
        await self.heard.put(("message", str(message.id)))

    async def on_raw_reaction_add(self, payload: disnake.RawReactionActionEvent) -> None:
        await self.heard.put(("reaction", str(payload.emoji), str(payload.user_id)))

    async def on_application_command(self, interaction: ApplicationCommandInteraction[Any]) -> None:
        if interaction.data.name == "slow":
            await interaction.response.defer(ephemeral=True)
            await interaction.edit_original_response(content="later")
            return
        ack = disnake.ui.Button[None](label="Ack", custom_id="ack")
        await interaction.response.send_message(
            "triage", components=[ack, disnake.ui.Button[None](label="Impact", custom_id="impact")]
        )

    async def on_button_click(self, interaction: MessageInteraction[Any]) -> None:
        if interaction.component.custom_id == "impact":
            field = disnake.ui.TextInput(label="What", custom_id="what")
            await interaction.response.send_modal(title="Impact", custom_id="impact", components=[field])
            return
        text = f"acked by {interaction.author.name}"
        await interaction.response.edit_message(content=text, components=[])

    async def on_modal_submit(self, interaction: ModalInteraction[Any]) -> None:
        said = f"impact: {interaction.text_values['what']}"
        await interaction.response.send_message(said, ephemeral=True)

    async def register(self) -> None:
        made: list[disnake.ApplicationCommand] = [
            disnake.SlashCommand(name=name, description="d") for name in ("triage", "slow")
        ]
        assert len(await self.bulk_overwrite_guild_commands(self.guild_id, made)) == 2

    def text_channel(self, channel_id: str) -> disnake.TextChannel:
        channel = self.get_channel(int(channel_id))
        assert isinstance(channel, disnake.TextChannel)
        return channel

    async def alert(self, channel_id: str) -> tuple[str, bool]:
        embed = disnake.Embed(title="SEV1", description="api.").add_field(name="since", value="21:00 JST")
        everyone = disnake.AllowedMentions(everyone=True)
        channel = self.text_channel(channel_id)
        message = await channel.send("@here", embed=embed, allowed_mentions=everyone)
        return str(message.id), message.mention_everyone

    async def start_thread(self, channel_id: str, message_id: str, name: str) -> str:
        message = await self.text_channel(channel_id).fetch_message(int(message_id))
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
        assert isinstance(channel, disnake.abc.Messageable)
        message = await channel.send(file=disnake.File(BytesIO(data), name))
        return await message.attachments[0].read()


async def test_the_story(sandbox: LocalDiscord, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disnake library plays the scenario of discord.py and hikari, from commands to a dropped connection.

    The library takes the gateway's address from /gateway/bot.
    """
    monkeypatch.setattr(disnake.http.Route, "BASE", sandbox.api_base)
    actor = DisnakeActor(sandbox.address.guild_id)
    task = asyncio.ensure_future(actor.start(sandbox.address.token))
    await expect(actor, "ready")
    assert [guild.name for guild in actor.guilds] == ["Parky"]
    await play(actor, client)
    await actor.close()
    await task
