"""`/mute start | list | end`: maintenance windows, in which new alerts about a target are held."""

from typing import Final

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.domain.alerts.decisions import AlertWindow
from bot.domain.errors import BotError, UserError
from bot.domain.oncall.moments import parse_later
from bot.i18n.translator import described
from bot.ui.answers import Pressed, control
from bot.ui.choices import named_choices, offer_targets
from bot.ui.interaction import Interaction, person_of, reply, services_of, voice_of, wait
from cogs.maintenance.screens import END, began_said, ended_said, windows_screen
from cogs.maintenance.use_cases import MaintenanceWindows

Target = app_commands.Range[str, 1, 80]
Moment = app_commands.Range[str, 1, 60]
Reason = app_commands.Range[str, 1, 200]

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


@mute_group.command(
    name="start",
    description=locale_str("Hold the new alerts of a target for a while", key="commands.mute_start"),
)
@described(
    target=locale_str("Which target", key="commands.mute_target"),
    until=locale_str("Until when: 18:00, 2h, 11/24 10:00", key="commands.mute_until"),
    reason=locale_str("Why, in one line", key="commands.incident_reason"),
)
@app_commands.autocomplete(target=offer_targets)
async def start(interaction: Interaction, target: Target, until: Moment, reason: Reason = "") -> None:
    """Begin a maintenance window, or change the one that is open for the target."""
    await wait(interaction)
    services, by = services_of(interaction), await person_of(interaction)
    windows = services.of(MaintenanceWindows)
    now = (await windows.now()).astimezone(services.policy.timezone)
    window = await windows.begin(
        services.guild_id, target, until=parse_later(until, now=now), reason=reason, by=by
    )
    await reply(interaction, began_said(voice_of(interaction), window))


@mute_group.command(
    name="list", description=locale_str("See what is under maintenance", key="commands.mute_list")
)
async def show(interaction: Interaction) -> None:
    """List the open maintenance windows."""
    await wait(interaction)
    windows = await _windows(interaction).open_ones(services_of(interaction).guild_id)
    await reply(interaction, view=windows_screen(voice_of(interaction), windows))


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
