"""What the folder plugs into the core. `bot.capability` says what each part is."""

from typing import Final

from bot.capability import Capability, IncidentEvent, JobHandling, NumberOf, Tick
from bot.storage.records.tables import RecordTable
from cogs.reports import commands, posts, screens, use_cases
from cogs.reports.use_cases import LOOK_S, SHOW_REPORT

#: A triage whose end was another incident than the report's.
_OTHER_TRIAGE: Final = (
    "each.triage_id NOT IN (SELECT id FROM triages WHERE incident_id IN (SELECT id FROM chosen))"
)

CAPABILITY = Capability(
    name="reports",
    build=use_cases.build,
    jobs={SHOW_REPORT: JobHandling(use_cases.show, begins_with=NumberOf.GUILD)},
    on={IncidentEvent.MADE_PRIVATE: use_cases.hand_over},
    renderers=posts.RENDERERS,
    deliveries=use_cases.deliveries,
    on_refused_report=commands.take_report,
    controls=[commands.press_take_up],
    forms={screens.REPORT_FORM: commands.send_report},
    inputs=screens.INPUTS,
    numbers={"rep": "guild_of_report"},
    ticks=[Tick("reports", use_cases.look, every_s=LOOK_S, by_leader=True)],
    records=[RecordTable("reports", "id", severed={"triage_id": _OTHER_TRIAGE})],
)
