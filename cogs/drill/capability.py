"""What the folder plugs into the core. `bot.capability` says what each part is."""

from bot.capability import Capability, IncidentEvent, JobHandling
from bot.storage.records.tables import RecordTable
from cogs.drill import commands, posts, use_cases
from cogs.drill.use_cases import PLAY

CAPABILITY = Capability(
    name="drill",
    build=use_cases.build,
    jobs={PLAY: JobHandling(use_cases.run_job)},
    lost_jobs=["lost_drill_jobs"],
    on={IncidentEvent.DRILL_ENDED: use_cases.score_soon},
    entries=posts.ENTRIES,
    notices=posts.NOTICES,
    commands=[commands.drill_group],
    records=[RecordTable("drills", "incident_id")],
    past=use_cases.past,
)
