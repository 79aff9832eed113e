"""`/action add`, "Make an action item" in a message's menu, [🛠 アクション追加], and the form behind them."""

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.actions.item import ActionSource
from bot.i18n.options import described
from bot.services.actions.checking import ActionForm, ActionRequest
from bot.services.shared.access import Act
from bot.ui.answers import Pressed, control
from bot.ui.forms.action import (
    ADD_FORM,
    DUE,
    VERIFICATION,
    WHAT,
    ActionFormStart,
    add_form,
    owner_id_of,
    source_of,
)
from bot.ui.forms.base import Submitted
from bot.ui.forms.fields import ask
from bot.ui.interaction import Interaction, in_time, reply, services_of, voice_of, wait
from bot.ui.named_incidents import named_or_here, offer_incidents
from bot.ui.people import chosen_owner, person_of
from bot.ui.screens.actions.action_items import added_said
from bot.ui.verbs import IncidentVerb, template
from bot.ui.words.evidence import evidence_of, suggested_title
from cogs.actions.group import (
    ALERT_OPTION,
    NUMBER_OPTION,
    Alert,
    Number,
    action_group,
    alert_named,
    offer_alerts,
)


def register(bot: IncidentBot) -> None:
    bot.add_controls(press_add)
    bot.add_form(ADD_FORM, send_item)
    bot.tree.add_command(make_action_item)


@action_group.command(name="add", description=locale_str("Add an action item", key="commands.action_add"))
@described(number=NUMBER_OPTION, alert=ALERT_OPTION)
@app_commands.autocomplete(number=offer_incidents)
@app_commands.autocomplete(alert=offer_alerts)
async def add(interaction: Interaction, number: Number | None = None, alert: Alert | None = None) -> None:
    """Open the form, for the incident of this thread if none is named."""
    asked = await in_time(_asked(interaction, ActionSource.COMMAND, number=number, alert=alert))
    await ask(interaction, add_form(voice_of(interaction), asked))


@app_commands.context_menu(name=locale_str("Make an action item", key="commands.make_action_item"))
@app_commands.guild_only()
async def make_action_item(interaction: Interaction, message: discord.Message) -> None:
    """Open the form with the words of the message, for the incident of its thread."""
    names = {user.id: user.display_name for user in message.mentions}
    what = suggested_title(evidence_of(message).text, names)
    asked = await in_time(_asked(interaction, ActionSource.MESSAGE, what=what))
    await ask(interaction, add_form(voice_of(interaction), asked))


@control(template(IncidentVerb.ACTION))
async def press_add(interaction: Interaction, pressed: Pressed) -> None:
    """[🛠 アクション追加]: open the form for the incident."""
    asked = await in_time(_asked(interaction, ActionSource.BUTTON, number=pressed.number))
    await ask(interaction, add_form(voice_of(interaction), asked))


async def send_item(interaction: Interaction, form: Submitted) -> None:
    await wait(interaction)
    services, by = services_of(interaction), await person_of(interaction)
    incident_id = int(form.fields["incident"]) or None
    request = ActionRequest(
        guild_id=services.guild_id,
        incident_id=incident_id,
        source=source_of(form),
        key=f"interaction:{interaction.id}",
        alert=await alert_named(interaction, form.fields["alert"], incident_id=incident_id),
    )
    typed = ActionForm(
        what=form.text(WHAT),
        owner=await chosen_owner(interaction, owner_id_of(form)),
        due=form.text(DUE),
        verification=form.text(VERIFICATION),
    )
    item = await services.actions.add(request, typed, by=by)
    await reply(interaction, added_said(voice_of(interaction), item, by=by.id))


async def _asked(
    interaction: Interaction,
    source: ActionSource,
    *,
    number: int | None = None,
    what: str = "",
    alert: str | None = None,
) -> ActionFormStart:
    """Return what the form begins with, if the person may add an item."""
    services, by = services_of(interaction), await person_of(interaction)
    incident = await named_or_here(interaction, number)
    if incident is None:
        await services.access.require(by, "actions", guild_id=services.guild_id, act=Act.ADD_ACTION)
    else:
        await services.access.require_incident(by, Act.ADD_ACTION, incident)
    incident_id = None if incident is None else incident.id
    found = await alert_named(interaction, alert, incident_id=incident_id)
    return ActionFormStart(source, incident, what, found)
