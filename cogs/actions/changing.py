"""`/action edit`, `done`, `drop` and `reopen`, the buttons that do the same, and the forms behind them."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.actions.item import REASON_LIMIT, ActionItem, action_number
from bot.domain.people import Person
from bot.i18n.options import described
from bot.services.actions.checking import ActionForm
from bot.services.actions.listing import ActionDetails
from bot.services.shared.access import Act
from bot.ui.answers import Pressed, control
from bot.ui.forms.action import (
    DROP_FORM,
    DUE,
    EDIT_FORM,
    OWNER,
    REASON,
    VERIFICATION,
    WHAT,
    drop_form,
    edit_form,
    owner_id_of,
)
from bot.ui.forms.base import Submitted
from bot.ui.forms.fields import ask
from bot.ui.interaction import Interaction, in_time, reply, services_of, voice_of, wait
from bot.ui.people import chosen_owner, person_named, person_of
from bot.ui.screens.actions.action_items import done_said, reopened_said, watching_said
from bot.ui.verbs import ActionVerb, template
from cogs.actions.group import (
    ALERT_OPTION,
    ITEM_OPTION,
    Alert,
    Item,
    action_group,
    alert_named,
    offer_alerts,
    offer_closed_items,
    offer_open_items,
)

Reason = app_commands.Range[str, 1, REASON_LIMIT]


def register(bot: IncidentBot) -> None:
    bot.add_controls(press_done, press_edit, press_drop, press_reopen)
    bot.add_form(EDIT_FORM, send_edit)
    bot.add_form(DROP_FORM, send_drop)


@action_group.command(
    name="edit",
    description=locale_str("Change an item, or name the alert to watch", key="commands.action_edit"),
)
@described(item=ITEM_OPTION, alert=ALERT_OPTION)
@app_commands.autocomplete(item=offer_open_items, alert=offer_alerts)
async def edit(interaction: Interaction, item: Item, alert: Alert | None = None) -> None:
    """Open the form with what the item says now; with an alert, name that instead."""
    number = action_number(item)
    if alert is None:
        await _open_edit(interaction, number)
        return
    await wait(interaction)
    by, services = await person_of(interaction), services_of(interaction)
    details = await services.action_lists.to_change(number, by=by, act=Act.EDIT_ACTION)
    found = await alert_named(interaction, alert, incident_id=details.item.incident_id)
    assert found is not None
    changed = await services.actions.watch(number, found, by=by)
    await reply(interaction, watching_said(voice_of(interaction), changed))


@action_group.command(name="done", description=locale_str("Mark an item as done", key="commands.action_done"))
@described(item=ITEM_OPTION)
@app_commands.autocomplete(item=offer_open_items)
async def done(interaction: Interaction, item: Item) -> None:
    """Mark the item as done."""
    await wait(interaction)
    await _done(interaction, action_number(item))


@action_group.command(
    name="drop", description=locale_str("Give an item up, with the reason", key="commands.action_drop")
)
@described(item=ITEM_OPTION, reason=locale_str("Why, in one line", key="commands.incident_reason"))
@app_commands.autocomplete(item=offer_open_items)
async def drop(interaction: Interaction, item: Item, reason: Reason) -> None:
    """Drop the item."""
    await wait(interaction)
    await _drop(interaction, action_number(item), reason)


@action_group.command(
    name="reopen", description=locale_str("Open a closed item again", key="commands.action_reopen")
)
@described(item=ITEM_OPTION, reason=locale_str("Why, in one line", key="commands.incident_reason"))
@app_commands.autocomplete(item=offer_closed_items)
async def reopen(interaction: Interaction, item: Item, reason: Reason = "") -> None:
    """Open the item again."""
    await wait(interaction)
    await _reopen(interaction, action_number(item), reason)


@control(template(ActionVerb.FINISH))
async def press_done(interaction: Interaction, pressed: Pressed) -> None:
    """[✅ 完了]: mark the item as done."""
    await wait(interaction)
    await _done(interaction, pressed.number)


@control(template(ActionVerb.CHANGE))
async def press_edit(interaction: Interaction, pressed: Pressed) -> None:
    """[✏️ 編集]: open the form with what the item says now."""
    await _open_edit(interaction, pressed.number)


@control(template(ActionVerb.DROP))
async def press_drop(interaction: Interaction, pressed: Pressed) -> None:
    """[🗑 やめる]: ask why."""
    await in_time(_changeable(interaction, pressed.number, Act.DROP_ACTION))
    await ask(interaction, drop_form(voice_of(interaction), pressed.number))


@control(template(ActionVerb.RENEW))
async def press_reopen(interaction: Interaction, pressed: Pressed) -> None:
    """[🔄 再開]: open the item again."""
    await wait(interaction)
    await _reopen(interaction, pressed.number, "")


async def send_edit(interaction: Interaction, form: Submitted) -> None:
    await wait(interaction)
    services, by = services_of(interaction), await person_of(interaction)
    item = (await services.action_lists.to_change(form.number, by=by, act=Act.EDIT_ACTION)).item
    typed = ActionForm(
        what=form.text(WHAT),
        owner=await _owner(interaction, form, item),
        due=form.text(DUE),
        verification=form.text(VERIFICATION),
    )
    version = int(form.fields["version"])
    changed = await services.actions.edit(form.number, typed, shown_version=version, by=by)
    await reply(interaction, voice_of(interaction).say("actions.said.edited", label=changed.label))


async def send_drop(interaction: Interaction, form: Submitted) -> None:
    await wait(interaction)
    await _drop(interaction, form.number, form.text(REASON))


async def _owner(interaction: Interaction, form: Submitted, item: ActionItem) -> Person | None:
    """Return the chosen owner; the item's own if the form, in a DM, did not ask for one."""
    if OWNER in form.values:
        return await chosen_owner(interaction, owner_id_of(form))
    return await person_named(interaction, item.owner.id)


async def _open_edit(interaction: Interaction, number: int) -> None:
    details = await in_time(_changeable(interaction, number, Act.EDIT_ACTION))
    in_dm = interaction.guild_id is None
    await ask(interaction, edit_form(voice_of(interaction), details.item, in_dm=in_dm))


async def _changeable(interaction: Interaction, number: int, act: Act) -> ActionDetails:
    by = await person_of(interaction)
    return await services_of(interaction).action_lists.to_change(number, by=by, act=act)


async def _done(interaction: Interaction, number: int) -> None:
    by = await person_of(interaction)
    item = await services_of(interaction).actions.done(number, by=by)
    await reply(interaction, done_said(voice_of(interaction), item))


async def _drop(interaction: Interaction, number: int, reason: str) -> None:
    by = await person_of(interaction)
    item = await services_of(interaction).actions.drop(number, reason=reason, by=by)
    await reply(interaction, voice_of(interaction).say("actions.said.dropped", label=item.label))


async def _reopen(interaction: Interaction, number: int, reason: str) -> None:
    by = await person_of(interaction)
    item = await services_of(interaction).actions.reopen(number, reason=reason, by=by)
    await reply(interaction, reopened_said(voice_of(interaction), item))
