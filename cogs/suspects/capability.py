"""What the folder plugs into the core. `bot.capability` says what each part is."""

from bot.capability import Capability, ConsoleLine, IncidentChoice, IncidentEvent, JobHandling
from bot.services.delivery.handling import DeliveryHandler
from bot.storage.records.tables import RecordTable
from cogs.suspects import commands, doctor, posts, sources, use_cases
from cogs.suspects.rules import SuspectKind
from cogs.suspects.use_cases import SUSPECTS

CAPABILITY = Capability(
    name="suspects",
    opens=sources.ChangeSources,
    build=use_cases.build,
    jobs={SUSPECTS: JobHandling(use_cases.read_card, at_a_time=2)},
    on={
        IncidentEvent.ALERT_POSTED: use_cases.ask_for_card,
        IncidentEvent.START_CORRECTED: use_cases.ask_for_card,
    },
    shown=use_cases.forget,
    entries=posts.ENTRIES,
    notices=posts.NOTICES,
    renderers=posts.RENDERERS,
    deliveries=lambda _built, _core: [DeliveryHandler(SuspectKind.SUSPECTS)],
    console=[ConsoleLine(posts.read_rollback, posts.decision_line)],
    choices=[
        IncidentChoice(posts.ROLL_BACK, posts.may_decide),
        IncidentChoice(posts.KEEP_CHANGE, posts.may_decide),
    ],
    subcommands={"incident": [commands.similar]},
    controls=[commands.press_roll_back, commands.press_keep_change],
    forms={commands.ROLLBACK_FORM: commands.send_rollback},
    doctor=doctor.check,
    records=[RecordTable("rollbacks", "incident_id")],
)
