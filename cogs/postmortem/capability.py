"""What the folder plugs into the core. `bot.capability` says what each part is."""

from bot.capability import CODE_HOST, Capability, IncidentChoice, IncidentEvent, JobHandling, PostmortemDuty
from bot.storage.records.tables import RecordTable
from cogs.postmortem import commands, demo, owing, posts, store, use_cases
from cogs.postmortem.documents import PULL_REQUEST
from cogs.postmortem.owing import DRAFT_POSTMORTEM, POSTMORTEM

CAPABILITY = Capability(
    name="postmortem",
    opens=use_cases.open_writers,
    build=use_cases.build,
    jobs={
        DRAFT_POSTMORTEM: JobHandling(use_cases.draft),
        POSTMORTEM: JobHandling(use_cases.remind),
        PULL_REQUEST: JobHandling(use_cases.export, at_a_time=2, service=CODE_HOST),
    },
    lost_jobs=["lost_postmortem_jobs"],
    on={
        IncidentEvent.ENDED: owing.follow_at_once,
        IncidentEvent.DETAILS_CORRECTED: owing.follow_at_once,
        IncidentEvent.RESOLUTION_CORRECTED: owing.follow_at_once,
        IncidentEvent.RECORDED: owing.follow_record,
        IncidentEvent.REOPENED: owing.release,
        IncidentEvent.MADE_PRIVATE: use_cases.end_export,
    },
    edits=use_cases.attach,
    entries=posts.ENTRIES,
    notices=posts.NOTICES,
    renderers=posts.RENDERERS,
    deliveries=use_cases.deliveries,
    postmortems=PostmortemDuty(
        expected=owing.expected,
        owe=owing.owe,
        of_incident=store.of_incident,
        owed=store.owed_postmortems,
        notice_lines=posts.resolved_lines,
        past=demo.postmortem_of,
    ),
    choices=[IncidentChoice(posts.SHOW, owing.is_expected, is_next=True)],
    commands=[commands.postmortem_group],
    controls=[commands.press_show, commands.press_done, commands.press_undo],
    records=[
        RecordTable("postmortems", "incident_id"),
        RecordTable("postmortem_documents", "incident_id"),
        RecordTable("postmortem_pulls", "incident_id"),
    ],
    past=demo.past,
)
