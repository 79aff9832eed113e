"""What the folder plugs into the core. `bot.capability` says what each part is."""

from bot.capability import Capability, JobHandling
from cogs.checks import commands, doctor, posts, systems, use_cases
from cogs.checks.use_cases import LIVE_CHECK

CAPABILITY = Capability(
    name="checks",
    opens=systems.open_checks,
    build=use_cases.build,
    jobs={LIVE_CHECK: JobHandling(use_cases.run_round, at_a_time=2)},
    lost_jobs=["lost_live_checks"],
    card_posted=use_cases.begin_first,
    entries=posts.ENTRIES,
    renderers=posts.RENDERERS,
    deliveries=use_cases.deliveries,
    commands=[commands.check],
    controls=[commands.press_check],
    doctor=doctor.check,
)
