"""`/drill`: practise an incident, from the alert to the score."""

from typing import Final

from discord import app_commands
from discord.app_commands import locale_str

from bot.i18n.translator import described
from bot.ui.choices import offer_severities, severity_named
from bot.ui.interaction import Interaction, person_from, reply, services_of, soon, voice_of, wait
from cogs.drill.posts import drill_started_screen, drill_stopped_screen
from cogs.drill.use_cases import Drills

SeverityName = app_commands.Range[str, 1, 16]

drill_group: Final = app_commands.guild_only(
    app_commands.Group(
        name="drill",
        description=locale_str("Practise an incident", key="commands.drill"),
    )
)


@drill_group.command(
    name="start",
    description=locale_str("Play the scripted incident, marked as a drill", key="commands.drill_start"),
)
@described(
    severity=locale_str("The most severe if left out", key="commands.drill_severity"),
    ring=locale_str("Let @here ping as in a real incident", key="commands.drill_ring"),
)
@app_commands.autocomplete(severity=offer_severities)
async def start(
    interaction: Interaction,
    severity: SeverityName | None = None,
    ring: bool = False,  # noqa: FBT001, FBT002  # Discord's options
) -> None:
    """Start a drill; one at a time."""
    await wait(interaction)
    services = services_of(interaction)
    incident = await services.of(Drills).start(
        services.guild_id,
        severity=None if severity is None else severity_named(services.policy, severity).name,
        rings=ring,
        by=person_from(interaction.user),
        key=f"interaction:{interaction.id}",
    )
    posted = await soon(lambda: services.incidents.opening(incident.id), done=lambda at: at.is_settled)
    shown = incident if posted is None else posted.incident
    await reply(interaction, view=drill_started_screen(voice_of(interaction), shown))


@drill_group.command(
    name="stop", description=locale_str("End the drill and score it", key="commands.drill_stop")
)
async def stop(interaction: Interaction) -> None:
    """Stop the drill with the rest of its script, and show its score."""
    await wait(interaction)
    services, by = services_of(interaction), person_from(interaction.user)
    stopped = await services.of(Drills).stop(services.guild_id, by=by)
    voice = voice_of(interaction)
    await reply(interaction, view=drill_stopped_screen(voice, stopped.incident, stopped.score))
