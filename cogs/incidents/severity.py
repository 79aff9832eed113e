"""`/incident severity`, and the form behind [↕️ 重大度]."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.incident.incident import Incident
from bot.i18n.options import described
from bot.services.incidents.lifecycle import REASON_LIMIT
from bot.services.shared.access import Act
from bot.ui.answers import Pressed, control
from bot.ui.choices import offer_severities
from bot.ui.forms.base import Submitted
from bot.ui.forms.fields import ask
from bot.ui.forms.severity import REASON, SEVERITY_FORM, chosen_severity, severity_form
from bot.ui.interaction import Interaction, in_time, reply, services_of, voice_of, wait
from bot.ui.named_incidents import NUMBER_OPTION, Number, named
from bot.ui.people import person_of
from bot.ui.screens.incident_answers import moved, regraded_screen
from bot.ui.severities import severity_named
from bot.ui.verbs import IncidentVerb, template
from cogs.incidents.group import REASON_OPTION, incident_group, offer_open

Reason = app_commands.Range[str, 1, REASON_LIMIT]


def register(bot: IncidentBot) -> None:
    bot.add_controls(press_severity, press_next_update)
    bot.add_form(SEVERITY_FORM, send_severity)


@incident_group.command(
    name="severity", description=locale_str("Raise or lower the severity", key="commands.incident_severity")
)
@described(
    to=locale_str("The new severity", key="commands.incident_to"),
    reason=REASON_OPTION,
    number=NUMBER_OPTION,
)
@app_commands.autocomplete(to=offer_severities)
@app_commands.autocomplete(number=offer_open)
async def severity(interaction: Interaction, to: str, reason: Reason, number: Number | None = None) -> None:
    """Change the severity; the new one's rules apply from now on."""
    await wait(interaction)
    incident = await named(interaction, number)
    policy = services_of(interaction).policy
    await _change(interaction, incident.id, to=severity_named(policy, to).name, reason=reason)


@control(template(IncidentVerb.SEVERITY))
async def press_severity(interaction: Interaction, pressed: Pressed) -> None:
    """[↕️ 重大度]: open a form with the policy's severities, the current one chosen, and the reason."""
    incident = await in_time(_opened(interaction, pressed.number, digest=pressed.fields["digest"]))
    await ask(interaction, severity_form(voice_of(interaction), incident))


@control(r"inc:v1:next-update:(?P<number>\d{1,18}):(?P<severity>.{1,80})")
async def press_next_update(interaction: Interaction, pressed: Pressed) -> None:
    """[次の更新を…にする]: move the promised update to the time that the new severity asks for."""
    await wait(interaction)
    by, promises = await person_of(interaction), services_of(interaction).promises
    severity, key = pressed.fields["severity"], f"interaction:{interaction.id}"
    incident = await promises.follow_severity(pressed.number, severity=severity, by=by, key=key)
    await reply(interaction, moved(voice_of(interaction), incident))


async def send_severity(interaction: Interaction, form: Submitted) -> None:
    await wait(interaction)
    was = form.fields["was"]
    await _change(interaction, form.number, to=chosen_severity(form), reason=form.text(REASON), was=was)


async def _opened(interaction: Interaction, number: int, *, digest: str | None) -> Incident:
    by = await person_of(interaction)
    lifecycle = services_of(interaction).lifecycle
    return await lifecycle.require_open(number, by=by, act=Act.CHANGE_SEVERITY, digest=digest)


async def _change(
    interaction: Interaction, number: int, *, to: str, reason: str, was: str | None = None
) -> None:
    by = await person_of(interaction)
    lifecycle = services_of(interaction).lifecycle
    result = await lifecycle.change_severity(number, to=to, by=by, reason=reason, was=was)
    await reply(interaction, view=regraded_screen(voice_of(interaction), result))
