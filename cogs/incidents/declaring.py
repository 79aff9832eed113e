"""`/incident declare`: an incident at once, with a choice of severity."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.incident.incident import NewIncident
from bot.i18n.options import described
from bot.services.incidents.commands import TITLE_LIMIT
from bot.ui.interaction import wait
from bot.ui.people import person_from
from bot.ui.screens.emergency import opened_or_raised
from bot.ui.screens.outcome import show_sent
from bot.ui.severities import severity_named
from cogs.incidents.group import Press, incident_group, offer_severity

Title = app_commands.Range[str, 1, TITLE_LIMIT]


def register(_bot: IncidentBot) -> None:
    """Nothing to press that others do not offer: the answer's buttons are those of /sev1."""


@incident_group.command(
    name="declare", description=locale_str("Raise an alert at once", key="commands.incident_declare")
)
@described(
    title=locale_str("What is happening", key="commands.title"),
    severity=locale_str("How bad it is", key="commands.incident_how_bad"),
    private=locale_str("Only named people and a role see it", key="commands.incident_is_private"),
)
@app_commands.autocomplete(severity=offer_severity)
async def declare(
    interaction: Press,
    title: Title,
    severity: str,
    private: bool = False,  # noqa: FBT001, FBT002  # an option of the command
) -> None:
    """Like /sev1."""
    await wait(interaction)
    services = interaction.client.services(interaction)
    incident = await opened_or_raised(
        interaction,
        NewIncident(
            guild_id=interaction.client.services(interaction).guild_id,
            severity=severity_named(services.policy, severity).name,
            title=title,
            targets=(),
            symptoms=(),
            started_at=interaction.created_at,
            reported_by=person_from(interaction.user),
            path=(),
            key=f"interaction:{interaction.id}",
            is_private=private,
        ),
        incidents=services.incidents,
        emergency=services.emergency,
        voice=interaction.client.voice(interaction),
    )
    if incident is not None:
        in_drill = await services.drills.is_played_in(interaction.channel_id)
        await show_sent(interaction, incident, read=services.incidents.opening, in_drill=in_drill)
