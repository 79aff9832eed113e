"""What the folder plugs into the core. `bot.capability` says what each part is."""

from bot.capability import Capability, ConsoleLine, IncidentChoice, IncidentEvent, JobHandling
from bot.storage.records.tables import RecordTable
from cogs.announcements import commands, doctor, posts, screens, store, use_cases, webhook
from cogs.announcements.use_cases import PUBLISH

CAPABILITY = Capability(
    name="announcements",
    opens=webhook.open_webhook,
    build=use_cases.build,
    jobs={PUBLISH: JobHandling(use_cases.publish, at_a_time=2)},
    lost_jobs=["lost_publish_jobs"],
    on={
        IncidentEvent.UPDATED: use_cases.ask_follow_up,
        IncidentEvent.ENDED: use_cases.ask_follow_up,
        IncidentEvent.REOPENED: use_cases.ask_follow_up,
        IncidentEvent.TOOK_IN: use_cases.ask_follow_up,
        IncidentEvent.MADE_PRIVATE: use_cases.name_published,
    },
    entries=posts.ENTRIES,
    notices=posts.NOTICES,
    suggests=posts.suggested,
    asks_users=posts.asks_users,
    console=[ConsoleLine(store.of_incident, posts.announced_line)],
    choices=[IncidentChoice(posts.ANNOUNCE, posts.asks_users)],
    controls=[
        commands.press_announce,
        commands.press_edit,
        commands.press_redraft,
        commands.press_send,
        commands.press_copied,
    ],
    forms={screens.ANNOUNCEMENT_FORM: commands.send_texts},
    doctor=doctor.check,
    records=[RecordTable("announcements", "incident_id, number")],
)
