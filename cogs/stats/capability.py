"""What the folder plugs into the core. `bot.capability` says what each part is."""

from bot.capability import Capability
from cogs.stats import commands, use_cases

CAPABILITY = Capability(
    name="stats",
    build=use_cases.StatsViews,
    commands=[commands.stats_group],
    controls=[commands.press_show, commands.press_show_person, commands.press_fairness],
)
