"""`/probes`: the state of each target that is asked all the time."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.ui.interaction import Interaction, person_from, reply, services_of, voice_of, wait
from cogs.probes.posts import listing
from cogs.probes.use_cases import ProbeUseCases


@app_commands.command(
    name="probes",
    description=locale_str(
        "Show each probed target's state and its availability of 24 hours", key="commands.probes"
    ),
)
@app_commands.guild_only()
async def probes(interaction: Interaction) -> None:
    """Show every probe of the policy to the person who asks, the worst first."""
    await wait(interaction)
    services = services_of(interaction)
    shown = await services.of(ProbeUseCases).queries.show(services.guild_id, by=person_from(interaction.user))
    voice = voice_of(interaction)
    await reply(interaction, listing(voice, shown) if shown.probes else voice.say("probes.message.none"))
