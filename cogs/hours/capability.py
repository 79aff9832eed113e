"""What the folder plugs into the core. `bot.capability` says what each part is."""

from bot.capability import Capability
from cogs.hours import commands, doctor, use_cases

CAPABILITY = Capability(
    name="hours",
    build=use_cases.build,
    subcommands={"oncall": [commands.hours]},
    doctor=doctor.check,
)
