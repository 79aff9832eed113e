"""Hikari over real sockets: a second library, which shares no code and no habits with discord.py."""

import asyncio
from collections.abc import AsyncIterator

import hikari
import pytest
from hikari.api.shard import GatewayCompression
from hikari.impl import shard

from local_discord.server import LocalDiscord
from local_discord.tests.client import ALERTS, DEADLINE_S, Client
from local_discord.tests.libraries.scenario import expect, play

INTENTS = (
    hikari.Intents.GUILDS
    | hikari.Intents.GUILD_MESSAGES
    | hikari.Intents.GUILD_MESSAGE_REACTIONS
    | hikari.Intents.DM_MESSAGES
)
EPHEMERAL = hikari.MessageFlag.EPHEMERAL


def bot_for(
    sandbox: LocalDiscord, token: str, more: hikari.Intents = hikari.Intents.NONE
) -> hikari.GatewayBot:
    """Hikari's bot, pointed at the sandbox: its gateway is what /gateway/bot says."""
    return hikari.GatewayBot(
        token,
        intents=INTENTS | more,
        rest_url=sandbox.api_base,
        banner=None,
        logs=None,
        suppress_optimization_warning=True,
        auto_chunk_members=False,
    )


class HikariActor:
    """The story's bot in hikari."""

    def __init__(self, bot: hikari.GatewayBot, guild_id: str) -> None:
        self.bot = bot
        self.guild_id = int(guild_id)
        self.heard: asyncio.Queue[tuple[str, ...]] = asyncio.Queue()
        for kind, listener in (
            (hikari.GuildAvailableEvent, self.on_guild),
            (hikari.ShardResumedEvent, self.on_resumed),
            (hikari.MessageCreateEvent, self.on_message),
            (hikari.ReactionAddEvent, self.on_reaction),
            (hikari.CommandInteractionCreateEvent, self.on_command),
            (hikari.ComponentInteractionCreateEvent, self.on_click),
            (hikari.ModalInteractionCreateEvent, self.on_modal),
        ):
            bot.event_manager.subscribe(kind, listener)

    async def on_guild(self, _event: hikari.GuildAvailableEvent) -> None:
        await self.heard.put(("ready",))

    async def on_resumed(self, _event: hikari.ShardResumedEvent) -> None:
        await self.heard.put(("resumed",))

    async def on_message(self, event: hikari.MessageCreateEvent) -> None:
        await self.heard.put(("message", str(event.message_id)))

    async def on_reaction(self, event: hikari.ReactionAddEvent) -> None:
        await self.heard.put(("reaction", str(event.emoji_name), str(event.user_id)))

    async def on_command(self, event: hikari.CommandInteractionCreateEvent) -> None:
        interaction = event.interaction
        if interaction.command_name == "slow":
            await interaction.create_initial_response(
                hikari.ResponseType.DEFERRED_MESSAGE_CREATE, flags=EPHEMERAL
            )
            await interaction.edit_initial_response("later")
            return
        row = self.bot.rest.build_message_action_row()
        row.add_interactive_button(hikari.ButtonStyle.PRIMARY, "ack", label="Ack")
        row.add_interactive_button(hikari.ButtonStyle.SECONDARY, "impact", label="Impact")
        await interaction.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, "triage", component=row)

    async def on_click(self, event: hikari.ComponentInteractionCreateEvent) -> None:
        interaction = event.interaction
        if interaction.custom_id == "impact":
            field = self.bot.rest.build_modal_action_row().add_text_input("what", "What")
            await interaction.create_modal_response("Impact", "impact", component=field)
            return
        text = f"acked by {interaction.user.username}"
        await interaction.create_initial_response(hikari.ResponseType.MESSAGE_UPDATE, text, components=[])

    async def on_modal(self, event: hikari.ModalInteractionCreateEvent) -> None:
        value = event.interaction.components[0].components[0].value
        await event.interaction.create_initial_response(
            hikari.ResponseType.MESSAGE_CREATE, f"impact: {value}", flags=EPHEMERAL
        )

    async def register(self) -> None:
        builders = [self.bot.rest.slash_command_builder(name, "d") for name in ("triage", "slow")]
        application = await self.bot.rest.fetch_application()
        made = await self.bot.rest.set_application_commands(application, builders, guild=self.guild_id)
        assert {command.name for command in made} == {"triage", "slow"}

    async def alert(self, channel_id: str) -> tuple[str, bool]:
        embed = hikari.Embed(title="SEV1", description="api.").add_field("since", "21:00 JST")
        message = await self.bot.rest.create_message(
            int(channel_id), "@here", embed=embed, mentions_everyone=True
        )
        return str(message.id), bool(message.mentions_everyone)

    async def start_thread(self, channel_id: str, message_id: str, name: str) -> str:
        thread = await self.bot.rest.create_message_thread(int(channel_id), int(message_id), name)
        return str(thread.id)

    async def reactors(self, channel_id: str, message_id: str, emoji: str) -> list[str]:
        users = self.bot.rest.fetch_reactions_for_emoji(int(channel_id), int(message_id), emoji)
        return [user.username async for user in users]

    async def direct(self, user_id: str, text: str) -> str:
        channel = await self.bot.rest.create_dm_channel(int(user_id))
        await self.bot.rest.create_message(channel, text)
        return str(channel.id)

    async def upload(self, channel_id: str, name: str, data: bytes) -> bytes:
        message = await self.bot.rest.create_message(int(channel_id), attachment=hikari.Bytes(data, name))
        return await message.attachments[0].read()


@pytest.fixture
async def actor(sandbox: LocalDiscord, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[HikariActor]:
    """Connected, with the guild available."""
    monkeypatch.setattr(shard, "_BACKOFF_WINDOW", 0.0)  # reconnects at once rather than after a second
    bot = bot_for(sandbox, sandbox.address.token)
    actor = HikariActor(bot, sandbox.address.guild_id)
    await bot.start(check_for_updates=False)
    await expect(actor, "ready")
    yield actor
    await bot.close()


async def test_the_story(actor: HikariActor, client: Client) -> None:
    """The hikari library plays the scenario that discord.py plays, from commands to a dropped connection."""
    await play(actor, client)


async def test_a_wrong_token(sandbox: LocalDiscord) -> None:
    """Hikari asks for the gateway first: 401, and it does not start."""
    bot = bot_for(sandbox, sandbox.address.token + "x")
    with pytest.raises(hikari.UnauthorizedError):
        await bot.start(check_for_updates=False)
    await bot.close()


async def test_a_token_that_only_the_gateway_refuses(actor: HikariActor, client: Client) -> None:
    """Hikari gives up for good if the gateway refuses its token with 4004 while it reconnects."""
    client.sandbox.core.world.application.token += "x"
    await client.human("POST fault", gateway="drop")
    with pytest.raises(hikari.GatewayServerClosedConnectionError) as refused:
        await asyncio.wait_for(actor.bot.shards[0].join(), DEADLINE_S)
    assert (refused.value.code, refused.value.can_reconnect) == (4004, False)


async def test_hikari_reads_our_refusals(actor: HikariActor) -> None:
    """Hikari reads the field errors of a refused message, and an unknown message as not found."""
    with pytest.raises(hikari.BadRequestError) as refused:
        await actor.bot.rest.create_message(int(ALERTS), "x" * 2001)
    assert refused.value.errors
    with pytest.raises(hikari.NotFoundError):
        await actor.bot.rest.fetch_message(int(ALERTS), 1)


@pytest.mark.parametrize(
    "compression",
    [None, GatewayCompression.TRANSPORT_ZLIB_STREAM, GatewayCompression.PAYLOAD_ZLIB_STREAM],
)
async def test_zlib_in_both_ways_and_none(
    client: Client, monkeypatch: pytest.MonkeyPatch, compression: GatewayCompression | None
) -> None:
    """Hikari's own readers of zlib streams and packets understand ours; discord.py reads our zstd."""
    defaults = shard.GatewayShardImpl.__init__.__kwdefaults__  # hikari's bot has no setting for it
    assert defaults
    monkeypatch.setitem(defaults, "compression", compression)
    address = client.sandbox.address
    bot = bot_for(client.sandbox, address.token)
    actor = HikariActor(bot, address.guild_id)
    await bot.start(check_for_updates=False)
    await expect(actor, "ready")
    made = await client.post(content="障害" * 200)
    await expect(actor, "message", made["id"])
    await bot.close()
