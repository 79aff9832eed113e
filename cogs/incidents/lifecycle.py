"""`/incident declare`, `cancel` and `reopen`, and the button [🔄 再開]. `resolve` is in `resolving.py`."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.i18n.options import described
from bot.services.incidents.lifecycle import REASON_LIMIT
from bot.services.incidents.opening import TITLE_LIMIT
from bot.ui.answers import Pressed, control
from bot.ui.choices import offer_severities
from bot.ui.interaction import Interaction, reply, services_of, voice_of, wait
from bot.ui.named_incidents import NUMBER_OPTION, Number, named
from bot.ui.people import person_from, person_of
from bot.ui.screens.incident_answers import ended_screen, reopened_screen
from bot.ui.screens.outcome import open_and_show, reported
from bot.ui.severities import severity_named
from bot.ui.verbs import IncidentVerb, template
from cogs.incidents.group import REASON_OPTION, incident_group, offer_ended, offer_open

Reason = app_commands.Range[str, 1, REASON_LIMIT]
Title = app_commands.Range[str, 1, TITLE_LIMIT]


def register(bot: IncidentBot) -> None:
    bot.add_controls(press_reopen)


@incident_group.command(
    name="declare", description=locale_str("Raise an alert at once", key="commands.incident_declare")
)
@described(
    title=locale_str("What is happening", key="commands.title"),
    severity=locale_str("How bad it is", key="commands.incident_how_bad"),
    private=locale_str("Only named people and a role see it", key="commands.incident_is_private"),
)
@app_commands.autocomplete(severity=offer_severities)
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


@incident_group.command(
    name="cancel",
    description=locale_str("Close an incident as a false alarm", key="commands.incident_cancel"),
)
@described(reason=REASON_OPTION, number=NUMBER_OPTION)
@app_commands.autocomplete(number=offer_open)
async def cancel(interaction: Interaction, reason: Reason = "", number: Number | None = None) -> None:
    """Close the incident as a false alarm; the answer has the button that reopens it."""
    await wait(interaction)
    by = person_from(interaction.user)
    incident = await named(interaction, number)
    ended = await services_of(interaction).lifecycle.cancel(incident.id, by=by, reason=reason)
    await reply(interaction, view=ended_screen(voice_of(interaction), ended))


@incident_group.command(
    name="reopen",
    description=locale_str("Reopen an incident that is not over", key="commands.incident_reopen"),
)
@described(reason=REASON_OPTION, number=NUMBER_OPTION)
@app_commands.autocomplete(number=offer_ended)
async def reopen(interaction: Interaction, reason: Reason = "", number: Number | None = None) -> None:
    """Reopen the incident; the person who does so becomes its responder."""
    await wait(interaction)
    await _reopen(interaction, (await named(interaction, number)).id, reason=reason)


@control(template(IncidentVerb.REOPEN))
async def press_reopen(interaction: Interaction, pressed: Pressed) -> None:
    """[🔄 再開]: reopen the incident; the person who presses becomes its responder."""
    await wait(interaction)
    await _reopen(interaction, pressed.number)


async def _reopen(interaction: Interaction, number: int, *, reason: str = "") -> None:
    by = await person_of(interaction)
    incident = await services_of(interaction).lifecycle.reopen(number, by=by, reason=reason)
    await reply(interaction, view=reopened_screen(voice_of(interaction), incident))
