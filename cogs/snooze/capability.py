"""What the folder plugs into the core. `bot.capability` says what each part is."""

from bot.capability import Capability, ConsoleLine, IncidentEvent, JobHandling
from bot.storage.records.tables import RecordTable
from cogs.snooze import commands, posts, store, use_cases
from cogs.snooze.use_cases import WAKE

CAPABILITY = Capability(
    name="snooze",
    build=use_cases.build,
    jobs={WAKE: JobHandling(use_cases.wake)},
    lost_jobs=["lost_snooze_jobs"],
    on={IncidentEvent.UPDATED: use_cases.forget, IncidentEvent.ENDED: use_cases.forget},
    entries=posts.ENTRIES,
    notices=posts.NOTICES,
    renderers=posts.RENDERERS,
    deliveries=use_cases.deliveries,
    console=[ConsoleLine(store.of_incident, posts.snoozed_line)],
    subcommands={"incident": [commands.snooze]},
    records=[RecordTable("snoozes", "incident_id")],
)
