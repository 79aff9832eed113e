"""`/action`, the buttons of items and the forms behind them."""

from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.domain.action_items import (
    ActionItem,
    ActionSource,
    WatchedAlert,
)
from bot.domain.errors import BotError, UserError
from bot.domain.people import Person
from bot.i18n.translator import described
from bot.ui.answers import Pressed, control
from bot.ui.buttons import template
from bot.ui.choices import NAME_LIMIT, OFFERED, named_or_here, offer_incidents
from bot.ui.components import Screen
from bot.ui.forms.fields import Submitted, ask
from bot.ui.interaction import (
    Interaction,
    chosen_owner,
    in_time,
    keep,
    person_from,
    person_named,
    person_of,
    redraw,
    reply,
    services_of,
    voice_of,
    wait,
)
from bot.ui.words.evidence import evidence_of, suggested_title
from bot.ui.words.inert import plain
from cogs.actions.items import ActionAct, ActionDetails, ActionForm, ActionRequest
from cogs.actions.posts import ADD, CHANGE, DROP, FINISH, RENEW
from cogs.actions.rules import (
    REASON_LIMIT,
    ActionView,
    action_number,
)
from cogs.actions.screens import (
    DUE,
    OPEN,
    OWNER,
    PAGE,
    PAGE_SIZE,
    REASON,
    VERIFICATION,
    WHAT,
    ActionFormStart,
    ActionListQuery,
    add_form,
    added_said,
    done_said,
    drop_form,
    edit_form,
    item_screen,
    list_screen,
    owner_id_of,
    reopened_said,
    source_of,
    watching_said,
)
from cogs.actions.use_cases import ActionUseCases

Number = app_commands.Range[int, 1, 2**53 - 1]  # Discord: the integers that an option can carry
Item = app_commands.Range[str, 1, 20]
Alert = app_commands.Range[str, 1, 100]


NUMBER_OPTION: Final = locale_str(
    "The number: INC-42, ALERT-42 or 42; not needed in its thread", key="commands.incident_number"
)
ITEM_OPTION: Final = locale_str("The item, such as AI-7", key="commands.action_item")
ALERT_OPTION: Final = locale_str(
    "The alert that must not fire again once it is done", key="commands.action_alert"
)

action_group: Final = app_commands.Group(
    name="action",
    description=locale_str("Action items: follow-up work after an incident", key="commands.action"),
    guild_only=True,
)


async def alert_named(
    interaction: Interaction, fingerprint: str | None, *, incident_id: int | None
) -> WatchedAlert | None:
    """Return the alert that was chosen from the list; None if none was.

    Raises:
        UserError: something else was typed.
    """
    if not fingerprint:
        return None
    services, by = services_of(interaction), person_from(interaction.user)
    tracked = await services.of(ActionUseCases).lists.alert(
        services.guild_id, fingerprint, incident_id=incident_id, by=by
    )
    if tracked is None:
        raise UserError("action_item.alert_unknown", text=fingerprint)
    return tracked


async def offer_open_items(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer open items, the person's own first."""
    return await _offer(interaction, typed, closed=False)


async def offer_closed_items(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer closed items, the person's own first."""
    return await _offer(interaction, typed, closed=True)


async def offer_alerts(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the alerts of the command's incident or item first, then recent ones."""
    services, by = services_of(interaction), person_from(interaction.user)
    try:
        namespace: Any = interaction.namespace
        item, number = getattr(namespace, "item", None), getattr(namespace, "number", None)
        lists = services.of(ActionUseCases).lists
        incident_id = await lists.incident_so_far(
            item_id=action_number(item) if item else None,
            number=number if isinstance(number, int) else None,
            thread_id=interaction.channel_id,
            by=by,
        )
        alerts = await lists.alerts(services.guild_id, typed, incident_id=incident_id, by=by, limit=OFFERED)
    except BotError:
        return []
    named = [(one, plain(one.title, limit=NAME_LIMIT)) for one in alerts]
    return [Choice(name=name or one.fingerprint[:12], value=one.fingerprint) for one, name in named]


async def _offer(interaction: Interaction, typed: str, *, closed: bool) -> list[Choice[str]]:
    services, by = services_of(interaction), person_from(interaction.user)
    lists, words = services.of(ActionUseCases).lists, typed.strip()
    try:
        items = await lists.choices(services.guild_id, words, closed=closed, by=by, limit=OFFERED)
    except BotError:
        return []
    today = await lists.today()
    names = [
        f"{'🔴 ' if item.is_overdue(today) else ''}{item.label} {item.what} · {item.owner.name}"
        for item in items
    ]
    return [
        Choice(name=plain(name, limit=NAME_LIMIT), value=item.label)
        for name, item in zip(names, items, strict=True)
    ]


@action_group.command(name="add", description=locale_str("Add an action item", key="commands.action_add"))
@described(number=NUMBER_OPTION, alert=ALERT_OPTION)
@app_commands.autocomplete(number=offer_incidents)
@app_commands.autocomplete(alert=offer_alerts)
async def add(interaction: Interaction, number: Number | None = None, alert: Alert | None = None) -> None:
    """Open the form, for the incident of this thread if none is named."""
    start = await in_time(_asked(interaction, ActionSource.COMMAND, number=number, alert=alert))
    await ask(interaction, add_form(voice_of(interaction), start))


@app_commands.context_menu(name=locale_str("Make an action item", key="commands.make_action_item"))
@app_commands.guild_only()
async def make_action_item(interaction: Interaction, message: discord.Message) -> None:
    """Open the form with the words of the message, for the incident of its thread."""
    names = {user.id: user.display_name for user in message.mentions}
    what = suggested_title(evidence_of(message).text, names)
    start = await in_time(_asked(interaction, ActionSource.MESSAGE, what=what))
    await ask(interaction, add_form(voice_of(interaction), start))


@control(template(ADD))
async def press_add(interaction: Interaction, pressed: Pressed) -> None:
    """[🛠 アクション追加]: open the form for the incident."""
    start = await in_time(_asked(interaction, ActionSource.BUTTON, number=pressed.number))
    await ask(interaction, add_form(voice_of(interaction), start))


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
    item = await services.of(ActionUseCases).items.add(request, typed, by=by)
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
    services.of(ActionUseCases)  # no form opens while it is switched off
    incident = await named_or_here(interaction, number)
    if incident is None:
        await services.access.require(by, "actions", guild_id=services.guild_id, act=ActionAct.ADD)
    else:
        await services.access.require_incident(by, ActionAct.ADD, incident)
    incident_id = None if incident is None else incident.id
    tracked = await alert_named(interaction, alert, incident_id=incident_id)
    return ActionFormStart(source, incident, what, tracked)


Reason = app_commands.Range[str, 1, REASON_LIMIT]


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
    details = await services.of(ActionUseCases).lists.to_change(number, by=by, act=ActionAct.EDIT)
    tracked = await alert_named(interaction, alert, incident_id=details.item.incident_id)
    assert tracked is not None
    changed = await services.of(ActionUseCases).items.watch(number, tracked, by=by)
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


@control(template(FINISH))
async def press_done(interaction: Interaction, pressed: Pressed) -> None:
    """[✅ 完了]: mark the item as done."""
    await wait(interaction)
    await _done(interaction, pressed.number)


@control(template(CHANGE))
async def press_edit(interaction: Interaction, pressed: Pressed) -> None:
    """[✏️ 編集]: open the form with what the item says now."""
    await _open_edit(interaction, pressed.number)


@control(template(DROP))
async def press_drop(interaction: Interaction, pressed: Pressed) -> None:
    """[🗑 やめる]: ask why."""
    await in_time(_changeable(interaction, pressed.number, ActionAct.DROP))
    await ask(interaction, drop_form(voice_of(interaction), pressed.number))


@control(template(RENEW))
async def press_reopen(interaction: Interaction, pressed: Pressed) -> None:
    """[🔄 再開]: open the item again."""
    await wait(interaction)
    await _reopen(interaction, pressed.number, "")


async def send_edit(interaction: Interaction, form: Submitted) -> None:
    await wait(interaction)
    services, by = services_of(interaction), await person_of(interaction)
    item = (await services.of(ActionUseCases).lists.to_change(form.number, by=by, act=ActionAct.EDIT)).item
    typed = ActionForm(
        what=form.text(WHAT),
        owner=await _owner(interaction, form, item),
        due=form.text(DUE),
        verification=form.text(VERIFICATION),
    )
    version = int(form.fields["version"])
    changed = await services.of(ActionUseCases).items.edit(form.number, typed, shown_version=version, by=by)
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
    details = await in_time(_changeable(interaction, number, ActionAct.EDIT))
    in_dm = interaction.guild_id is None
    await ask(interaction, edit_form(voice_of(interaction), details.item, in_dm=in_dm))


async def _changeable(interaction: Interaction, number: int, act: ActionAct) -> ActionDetails:
    by = await person_of(interaction)
    return await services_of(interaction).of(ActionUseCases).lists.to_change(number, by=by, act=act)


async def _done(interaction: Interaction, number: int) -> None:
    by = await person_of(interaction)
    item = await services_of(interaction).of(ActionUseCases).items.done(number, by=by)
    await reply(interaction, done_said(voice_of(interaction), item))


async def _drop(interaction: Interaction, number: int, reason: str) -> None:
    by = await person_of(interaction)
    item = await services_of(interaction).of(ActionUseCases).items.drop(number, reason=reason, by=by)
    await reply(interaction, voice_of(interaction).say("actions.said.dropped", label=item.label))


async def _reopen(interaction: Interaction, number: int, reason: str) -> None:
    by = await person_of(interaction)
    item = await services_of(interaction).of(ActionUseCases).items.reopen(number, reason=reason, by=by)
    await reply(interaction, reopened_said(voice_of(interaction), item))


LISTS: Final = [
    Choice(name=locale_str("Open", key="commands.action_open"), value="open"),
    Choice(name=locale_str("Mine", key="commands.action_mine"), value="mine"),
    Choice(name=locale_str("Overdue", key="commands.action_overdue"), value="overdue"),
    Choice(name=locale_str("Done and dropped", key="commands.action_closed"), value="done"),
]


@action_group.command(name="list", description=locale_str("List action items", key="commands.action_list"))
@described(which=locale_str("Which of them", key="commands.action_which"), number=NUMBER_OPTION)
@app_commands.choices(which=LISTS)
@app_commands.autocomplete(number=offer_incidents)
async def list_(
    interaction: Interaction, which: Choice[str] | None = None, number: Number | None = None
) -> None:
    """List the items of this thread's incident; elsewhere all that the person may see."""
    await wait(interaction)
    chosen = "open" if which is None else which.value
    incident = await named_or_here(interaction, number)
    query = ActionListQuery(
        view=ActionView.OPEN if chosen == "mine" else ActionView(chosen),
        mine=chosen == "mine",
        incident_id=0 if incident is None else incident.id,
    )
    await reply(interaction, view=await _list(interaction, query))


@control(PAGE)
async def turn_page(interaction: Interaction, pressed: Pressed) -> None:
    """[◀ 前のページ] [次のページ ▶]: turn the page."""
    await keep(interaction)
    await redraw(interaction, await _list(interaction, ActionListQuery.of(pressed.fields)))


@control(OPEN)
async def open_chosen(interaction: Interaction, pressed: Pressed) -> None:
    """Show the item that was chosen from the list, beside the list."""
    await wait(interaction)
    if not pressed.chosen.isdecimal():
        raise UserError("control_outdated")
    by, lists = await person_of(interaction), services_of(interaction).of(ActionUseCases).lists
    details = await lists.details(int(pressed.chosen), by=by)
    await reply(interaction, view=item_screen(voice_of(interaction), details))


async def _list(interaction: Interaction, query: ActionListQuery) -> Screen:
    by, services = await person_of(interaction), services_of(interaction)
    lists = services.of(ActionUseCases).lists
    wanted = query.wanted(by=by.id, today=await lists.today())
    page = await lists.page(services.guild_id, wanted, by=by, limit=PAGE_SIZE, offset=query.page * PAGE_SIZE)
    return list_screen(voice_of(interaction), page, query)
