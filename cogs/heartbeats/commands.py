"""`/heartbeats`: the state of each job that reports."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.ui.interaction import Interaction, person_from, reply, services_of, voice_of, wait
from cogs.heartbeats.posts import listing
from cogs.heartbeats.use_cases import HeartbeatUseCases


@app_commands.command(
    name="heartbeats",
    description=locale_str(
        "Show each job that reports: its state, its last and its next report", key="commands.heartbeats"
    ),
)
@app_commands.guild_only()
async def heartbeats(interaction: Interaction) -> None:
    """Show every heartbeat of the policy to the person who asks, the worst first."""
    await wait(interaction)
    services = services_of(interaction)
    queries = services.of(HeartbeatUseCases).queries
    shown = await queries.show(services.guild_id, by=person_from(interaction.user))
    voice = voice_of(interaction)
    await reply(interaction, listing(voice, shown) if shown else voice.say("heartbeats.message.none"))
