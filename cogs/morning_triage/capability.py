"""What the folder plugs into the core. `bot.capability` says what each part is."""

from bot.capability import Capability, JobHandling, NumberOf, Tick
from cogs.morning_triage import commands, posts, use_cases
from cogs.morning_triage.use_cases import NAG, REFRESH, MorningTriages

CAPABILITY = Capability(
    name="morning_triage",
    build=use_cases.build,
    jobs={
        NAG: JobHandling(use_cases.run_job, begins_with=NumberOf.GUILD),
        REFRESH: JobHandling(use_cases.refresh, begins_with=NumberOf.GUILD),
    },
    lost_jobs=["lost_morning_jobs"],
    shown=MorningTriages.touched,
    renderers=posts.RENDERERS,
    deliveries=use_cases.deliveries,
    controls=[commands.choose_item],
    ticks=[Tick("morning triage", MorningTriages.tick, next_at=use_cases.next_post)],
)
