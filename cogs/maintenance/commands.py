"""`/mute`: maintenance windows, in which new alerts about a target are held, now or by a plan."""

from typing import Final

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.domain.alerts.decisions import AlertWindow
from bot.domain.errors import BotError, UserError
from bot.domain.oncall.moments import parse_later
from bot.domain.text import cut
from bot.i18n.translator import described
from bot.ui.answers import Pressed, control
from bot.ui.choices import named_choices, offer_targets
from bot.ui.interaction import Interaction, keep, person_of, redraw, reply, services_of, voice_of, wait
from cogs.maintenance.plans import Wish
from cogs.maintenance.screens import (
    CHOOSE,
    DROP,
    END,
    KEEP,
    PAGE,
    SKIP,
    began_said,
    dropped_said,
    ended_said,
    kept_said,
    plan_screen,
    preview_screen,
    skipped_said,
    windows_screen,
)
from cogs.maintenance.use_cases import MaintenanceWindows

Target = app_commands.Range[str, 1, 80]
Moment = app_commands.Range[str, 1, 60]
Reason = app_commands.Range[str, 1, 200]

_UNTIL: Final = locale_str("Until when: 18:00, 2h, 11/24 10:00", key="commands.mute_until")
_REASON: Final = locale_str("Why, in one line", key="commands.incident_reason")
_AT: Final = locale_str("From when, if not now: tomorrow 2:00, 12/5 22:00", key="commands.mute_at")
_EVERY: Final = locale_str(
    "Again and again: every sunday 02:00, first monday 03:00, weekdays 9-18", key="commands.mute_every"
)

mute_group: Final = app_commands.Group(
    name="mute",
    description=locale_str("Hold alerts during maintenance", key="commands.mute"),
    guild_only=True,
)


async def offer_windows(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the targets under maintenance; none while that cannot be read."""
    try:
        windows = await _windows(interaction).open_ones(services_of(interaction).guild_id)
    except BotError:
        return []
    return named_choices([one.target for one in windows], typed)


async def offer_plans(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the plans that people have made; none while that cannot be read."""
    try:
        plans = await _windows(interaction).plans.kept(services_of(interaction).guild_id)
    except BotError:
        return []
    shown = {str(one.id): f"{one.target} · {one.said}" for one in plans if one.source is None}
    found = [Choice(name=cut(name, limit=100), value=value) for value, name in shown.items()]
    return [one for one in found if typed.casefold() in one.name.casefold()][:25]


@mute_group.command(
    name="start",
    description=locale_str("Hold the new alerts of a target for a while", key="commands.mute_start"),
)
@described(
    target=locale_str("Which target", key="commands.mute_target"),
    until=_UNTIL,
    reason=_REASON,
    at=_AT,
    every=_EVERY,
)
@app_commands.autocomplete(target=offer_targets)
async def start(
    interaction: Interaction,
    target: Target,
    until: Moment = "",
    reason: Reason = "",
    at: Moment = "",
    every: Reason = "",
) -> None:
    """Begin a maintenance window, or change the one that is open for the target; with a time, plan it."""
    await wait(interaction)
    if at or every:
        await _preview(interaction, Wish(target, until, reason, at, every))
        return
    if not until:
        raise UserError("maintenance_until_missing")
    services, by = services_of(interaction), await person_of(interaction)
    windows = services.of(MaintenanceWindows)
    now = (await windows.now()).astimezone(services.policy.timezone)
    window = await windows.begin(
        services.guild_id, target, until=parse_later(until, now=now), reason=reason, by=by
    )
    await reply(interaction, began_said(voice_of(interaction), window))


@mute_group.command(
    name="edit",
    description=locale_str("Change a planned maintenance", key="commands.mute_edit"),
)
@described(
    plan=locale_str("Which plan", key="commands.mute_plan"),
    until=_UNTIL,
    reason=_REASON,
    at=_AT,
    every=_EVERY,
)
@app_commands.autocomplete(plan=offer_plans)
async def edit(
    interaction: Interaction,
    plan: Target,
    until: Moment = "",
    reason: Reason = "",
    at: Moment = "",
    every: Reason = "",
) -> None:
    """Preview a planned maintenance with other times; what is left out stays."""
    await wait(interaction)
    if not plan.isdecimal():
        raise UserError("maintenance_plan_gone")
    await _preview(interaction, Wish("", until, reason, at, every), edits=int(plan))


async def _preview(interaction: Interaction, wish: Wish, *, edits: int | None = None) -> None:
    services, by = services_of(interaction), await person_of(interaction)
    plans = services.of(MaintenanceWindows).plans
    plan = await plans.preview(services.guild_id, wish, edits=edits, by=by)
    await reply(interaction, view=preview_screen(voice_of(interaction), plan, await plans.upcoming(plan)))


@control(KEEP)
async def press_keep(interaction: Interaction, pressed: Pressed) -> None:
    """[この予定で登録]: keep the plan that was previewed."""
    await wait(interaction)
    guild_id, by = services_of(interaction).guild_id, await person_of(interaction)
    plan = await _windows(interaction).plans.keep(guild_id, pressed.number, by=by)
    await reply(interaction, kept_said(voice_of(interaction), plan))


@control(SKIP)
async def press_skip(interaction: Interaction, pressed: Pressed) -> None:
    """[次を飛ばす]: leave out the next time of a plan."""
    await wait(interaction)
    guild_id, by = services_of(interaction).guild_id, await person_of(interaction)
    at_s = int(pressed.fields["at_s"])
    plan = await _windows(interaction).plans.skip(guild_id, pressed.number, at_s=at_s, by=by)
    await reply(interaction, skipped_said(voice_of(interaction), plan))


@control(DROP)
async def press_drop(interaction: Interaction, pressed: Pressed) -> None:
    """[予定を削除]: end a plan."""
    await wait(interaction)
    guild_id, by = services_of(interaction).guild_id, await person_of(interaction)
    plan = await _windows(interaction).plans.drop(guild_id, pressed.number, by=by)
    await reply(interaction, dropped_said(voice_of(interaction), plan))


@mute_group.command(
    name="list", description=locale_str("See what is under maintenance", key="commands.mute_list")
)
async def show(interaction: Interaction) -> None:
    """List the open maintenance windows, and the planned ones."""
    await wait(interaction)
    guild_id, windows = services_of(interaction).guild_id, _windows(interaction)
    screen = windows_screen(
        voice_of(interaction), await windows.open_ones(guild_id), await windows.plans.kept(guild_id)
    )
    await reply(interaction, view=screen)


@control(PAGE)
async def press_page(interaction: Interaction, pressed: Pressed) -> None:
    """[前のページ], [次のページ]: another page of the plans."""
    await keep(interaction)
    guild_id, windows = services_of(interaction).guild_id, _windows(interaction)
    open_ones, plans = await windows.open_ones(guild_id), await windows.plans.kept(guild_id)
    await redraw(interaction, windows_screen(voice_of(interaction), open_ones, plans, page=pressed.number))


@control(CHOOSE)
async def choose_plan(interaction: Interaction, pressed: Pressed) -> None:
    """[飛ばす・削除する予定を選ぶ]: show a plan with its buttons."""
    await wait(interaction)
    plans = await _windows(interaction).plans.kept(services_of(interaction).guild_id)
    found = next((one for one in plans if str(one.id) == pressed.chosen), None)
    if found is None:
        raise UserError("maintenance_plan_gone")
    await reply(interaction, view=plan_screen(voice_of(interaction), found))


@mute_group.command(
    name="end", description=locale_str("End a maintenance before its time", key="commands.mute_end")
)
@described(target=locale_str("Which target", key="commands.mute_target"))
@app_commands.autocomplete(target=offer_windows)
async def end(interaction: Interaction, target: Target) -> None:
    """End the window of a target."""
    await wait(interaction)
    windows = await _windows(interaction).open_ones(services_of(interaction).guild_id)
    found = next((one for one in windows if one.target.casefold() == target.strip().casefold()), None)
    if found is None:
        raise UserError("window_not_open")
    await _end(interaction, found.id)


@control(END)
async def press_end(interaction: Interaction, pressed: Pressed) -> None:
    """[終了]: end the window that the button names."""
    await wait(interaction)
    await _end(interaction, pressed.number)


async def _end(interaction: Interaction, window_id: int) -> None:
    guild_id, by = services_of(interaction).guild_id, await person_of(interaction)
    window: AlertWindow = await _windows(interaction).end(guild_id, window_id, by=by)
    await reply(interaction, ended_said(voice_of(interaction), window))


def _windows(interaction: Interaction) -> MaintenanceWindows:
    return services_of(interaction).of(MaintenanceWindows)
