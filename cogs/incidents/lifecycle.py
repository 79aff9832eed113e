"""`/incident declare`, `cancel`, `reopen` and `resolve`: how an incident begins and ends."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.incident.incident import Incident, Status
from bot.i18n.translator import described
from bot.services.incidents.lifecycle import REASON_LIMIT
from bot.services.incidents.opening import TITLE_LIMIT
from bot.services.shared.access import Act
from bot.ui.answers import Pressed, control
from bot.ui.buttons import IncidentVerb, template
from bot.ui.choices import NUMBER_OPTION, Number, named, offer_incidents, offer_severities, severity_named
from bot.ui.forms.fields import Submitted, ask
from bot.ui.forms.incident import (
    CORRECT_FORM,
    RESOLVE_FORM,
    correction_form,
    owner_chosen,
    resolution_of,
    resolve_form,
)
from bot.ui.interaction import (
    Interaction,
    chosen_owner,
    in_time,
    keep,
    person_from,
    person_of,
    redraw,
    reply,
    services_of,
    voice_of,
    wait,
)
from bot.ui.screens.incident_answers import corrected_screen, ended_screen, reopened_screen
from bot.ui.screens.outcome import open_and_show, reported
from cogs.incidents.group import REASON_OPTION, incident_group, offer_ended, offer_open


def register(bot: IncidentBot) -> None:
    bot.add_controls(press_reopen, press_resolve, press_resolution, press_resolve_now)
    bot.add_form(RESOLVE_FORM, send_resolution)
    bot.add_form(CORRECT_FORM, send_correction)


Reason = app_commands.Range[str, 1, REASON_LIMIT]
Title = app_commands.Range[str, 1, TITLE_LIMIT]


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


@incident_group.command(
    name="resolve",
    description=locale_str(
        "Resolve an incident, or correct how it was resolved", key="commands.incident_resolve"
    ),
)
@described(number=NUMBER_OPTION)
@app_commands.autocomplete(number=offer_incidents)
async def resolve(interaction: Interaction, number: Number | None = None) -> None:
    """Open the form, which is the question as well: everybody is notified when it is sent."""
    await _ask_resolution(interaction, await in_time(_resolvable(interaction, number)))


@control(template(IncidentVerb.RESOLVE))
async def press_resolve(interaction: Interaction, pressed: Pressed) -> None:
    """[✅ 解決]: open the form, with what the last status update says filled in."""
    lifecycle, by = services_of(interaction).lifecycle, await person_of(interaction)
    reading = lifecycle.require_open(pressed.number, by=by, act=Act.RESOLVE, digest=pressed.fields["digest"])
    await _ask_resolution(interaction, await in_time(reading))


@control(template(IncidentVerb.RESOLUTION))
async def press_resolution(interaction: Interaction, pressed: Pressed) -> None:
    """[✏️ 解決の内容]: open the form with what was said."""
    resolutions, by = services_of(interaction).resolutions, await person_of(interaction)
    reading = resolutions.require_resolved(pressed.number, by=by, digest=pressed.fields["digest"])
    await _ask_resolution(interaction, await in_time(reading))


@control(r"inc:v1:resolve-now:(?P<number>\d{1,18})")
async def press_resolve_now(interaction: Interaction, pressed: Pressed) -> None:
    """[✅ 解決にする] of the question that an older version asked: end the incident without words."""
    await keep(interaction)
    by = await person_of(interaction)
    incident = await services_of(interaction).lifecycle.resolve(pressed.number, by=by)
    await redraw(interaction, ended_screen(voice_of(interaction), incident))


async def send_resolution(interaction: Interaction, form: Submitted) -> None:
    await wait(interaction)
    said = resolution_of(form, key=f"interaction:{interaction.id}")
    by = await person_of(interaction)
    owner = await chosen_owner(interaction, owner_chosen(form))
    incident = await services_of(interaction).lifecycle.resolve(form.number, by=by, stated=said, owner=owner)
    await reply(interaction, view=ended_screen(voice_of(interaction), incident))


async def send_correction(interaction: Interaction, form: Submitted) -> None:
    await wait(interaction)
    said = resolution_of(form, key=f"interaction:{interaction.id}")
    by = await person_of(interaction)
    corrected = await services_of(interaction).resolutions.correct(form.number, said, by=by)
    await reply(interaction, view=corrected_screen(voice_of(interaction), corrected))


async def _ask_resolution(interaction: Interaction, incident: Incident) -> None:
    voice = voice_of(interaction)
    if not incident.is_open:
        await ask(interaction, correction_form(voice, incident))
        return
    # Without a request: for who may resolve, their roles were read before; here only their name matters.
    by, in_dm = person_from(interaction.user), interaction.guild_id is None
    await ask(interaction, resolve_form(voice, incident, by=by, now=interaction.created_at, in_dm=in_dm))


async def _resolvable(interaction: Interaction, number: int | None) -> Incident:
    """Return the incident of the command: open, to be resolved, or resolved, to be corrected."""
    incident, by = await named(interaction, number), person_from(interaction.user)
    services = services_of(interaction)
    if incident.status is Status.RESOLVED:
        return await services.resolutions.require_resolved(incident.id, by=by)
    return await services.lifecycle.require_open(incident.id, by=by, act=Act.RESOLVE)
