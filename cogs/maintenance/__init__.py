"""Maintenance windows (メンテナンス): alerts about a target are held. README.md has the rules."""

from bot.capability import AlertHold, Capability, JobHandling, NumberOf
from cogs.maintenance import commands, policy, screens, store, use_cases
from cogs.maintenance.use_cases import END_WINDOW

CAPABILITY = Capability(
    name="maintenance",
    policy=policy.MaintenanceTable,
    within="alerts",
    channels=use_cases.channels,
    build=use_cases.build,
    jobs={END_WINDOW: JobHandling(use_cases.end_window, begins_with=NumberOf.GUILD)},
    lost_jobs=["lost_window_jobs"],
    holds=[
        AlertHold(use_cases.holding, windows=store.open_windows, holds_meanwhile=use_cases.holds_meanwhile)
    ],
    renderers=screens.RENDERERS,
    deliveries=use_cases.deliveries,
    commands=[commands.mute_group],
    controls=[commands.press_end],
)
