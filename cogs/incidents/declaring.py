"""`/incident declare`: an incident at once, with a choice of severity."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.i18n.options import described
from bot.services.incidents.commands import TITLE_LIMIT
from bot.ui.interaction import Interaction, services_of, wait
from bot.ui.screens.outcome import open_and_show, reported
from bot.ui.severities import severity_named
from cogs.incidents.group import incident_group, offer_severity

Title = app_commands.Range[str, 1, TITLE_LIMIT]


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
    interaction: Interaction,
    title: Title,
    severity: str,
    private: bool = False,  # noqa: FBT001, FBT002  # an option of the command
) -> None:
    """Raise an incident, as /sev1 does."""
    await wait(interaction)
    name = severity_named(services_of(interaction).policy, severity).name
    await open_and_show(interaction, reported(interaction, name, title=title, is_private=private))
