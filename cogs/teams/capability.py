"""What the folder plugs into the core. `bot.capability` says what each part is."""

from bot.capability import Capability, ConsoleLine, JobHandling
from bot.domain.incident.incident import Incident
from bot.storage.database.sql import Sql
from bot.storage.records.tables import RecordTable
from cogs.teams import commands, posts, use_cases
from cogs.teams.use_cases import CALL


async def _nothing(_sql: Sql, _incident: Incident) -> None:
    """The incident has its team."""


CAPABILITY = Capability(
    name="teams",
    build=use_cases.build,
    jobs={CALL: JobHandling(use_cases.follow)},
    lost_jobs=["lost_team_call_jobs"],
    entries=posts.ENTRIES,
    notices=posts.NOTICES,
    renderers=posts.RENDERERS,
    deliveries=use_cases.deliveries,
    console=[ConsoleLine(_nothing, posts.team_line)],
    subcommands={"incident": [commands.team, commands.call]},
    records=[RecordTable("team_calls", "id")],
)
