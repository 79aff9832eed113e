"""`/heartbeats`: the state of each job that reports."""

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.i18n.translator import described
from bot.ui.choices import named_choices
from bot.ui.interaction import Interaction, person_from, reply, services_of, voice_of, wait
from cogs.heartbeats.posts import details, listing
from cogs.heartbeats.rules import Heartbeats
from cogs.heartbeats.use_cases import HeartbeatUseCases

Job = app_commands.Range[str, 1, 80]


async def offer_heartbeats(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the policy's heartbeats."""
    return named_choices(services_of(interaction).policy.of(Heartbeats).by_name, typed)


@app_commands.command(
    name="heartbeats",
    description=locale_str(
        "Show each job that reports: its state, its last and its next report, how long it takes",
        key="commands.heartbeats",
    ),
)
@described(
    job=locale_str(
        "Only this job, with its last runs and the output of its last failure", key="commands.heartbeats_job"
    )
)
@app_commands.autocomplete(job=offer_heartbeats)
@app_commands.guild_only()
async def heartbeats(interaction: Interaction, job: Job | None = None) -> None:
    """Show every heartbeat of the policy to the person who asks; or one with its last runs."""
    await wait(interaction)
    services, by = services_of(interaction), person_from(interaction.user)
    queries, voice = services.of(HeartbeatUseCases).queries, voice_of(interaction)
    if job is None:
        shown = await queries.show(services.guild_id, by=by)
        said = listing(voice, shown) if shown else voice.say("heartbeats.message.none")
    else:
        said = details(voice, await queries.show_one(services.guild_id, job, by=by))
    await reply(interaction, said)
