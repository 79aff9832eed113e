"""What the folder plugs into the core. `bot.capability` says what each part is."""

from bot.capability import Capability, JobHandling, NumberOf, Tick
from cogs.absence import commands, doctor, posts, use_cases
from cogs.absence.rules import SHOW_AWAY_SHIFT

CAPABILITY = Capability(
    name="absence",
    build=use_cases.build,
    jobs={SHOW_AWAY_SHIFT: JobHandling(use_cases.show, begins_with=NumberOf.GUILD)},
    absences=use_cases.open_absences,
    renderers=posts.RENDERERS,
    deliveries=use_cases.deliveries,
    subcommands={"oncall": [commands.away]},
    controls=[commands.press_take, commands.press_page, commands.withdraw],
    numbers={"away": "guild_of_away_shift"},
    ticks=[Tick("absences", use_cases.look, every_s=60, by_leader=True, when_ready=True)],
    doctor=doctor.check,
)
