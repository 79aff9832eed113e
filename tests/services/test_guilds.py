"""The guilds that are served: whose is what, and that one's failure stays its own."""

import asyncio
from functools import partial
from typing import Any, cast

import discord
import pytest
from structlog.testing import capture_logs

from bot.client import IncidentBot
from bot.domain.errors import IncidentNotFound, StorageUnavailable, Superseded, UserError
from bot.domain.jobs import JobName
from bot.domain.triage.session import NewTriage
from bot.i18n import Texts
from bot.job_handlers import handlers, routed
from bot.services.registry import Guilds, Services
from bot.storage.tables.escalation import EscalationRows
from bot.storage.tables.installation import GuildFinder
from bot.storage.tables.triages import TriageRows
from tests.patience import PATIENCE_S
from tests.services.database import Database
from tests.services.desk import GUILD, RESPONDER, Desk
from tests.unit.ui.screens import FakeInteraction

OTHER = GUILD + 1
TEXTS = Texts.load()


class Pair:
    """Two guilds on the same tables."""

    def __init__(self, database: Database) -> None:
        self.first, self.second = Desk(database), Desk(database, guild_id=OTHER)
        self.cases = {GUILD: self.first.use(self.first.discord), OTHER: self.second.use(self.second.discord)}
        served = {guild_id: cases.services for guild_id, cases in self.cases.items()}
        self.guilds = Guilds(served, home=GUILD, find=GuildFinder(self.first.store.sql))

    def bot(self) -> IncidentBot:
        """A client that serves both."""
        return IncidentBot(texts=TEXTS, guilds=lambda _client: self.guilds)


@pytest.fixture
def pair(database: Database) -> Pair:
    """Both, with nothing in them."""
    return Pair(database)


async def test_a_number_without_a_guild_is_its_rows(pair: Pair) -> None:
    """A button under a DM says no more."""
    ours, theirs = await pair.first.open(), await pair.second.open(key="theirs")
    for incident in (ours, theirs):
        assert (await pair.guilds.of_incident(incident.id)).guild_id == incident.guild_id
    with pytest.raises(UserError, match="foreign_guild"):
        await pair.guilds.of_incident(999)


@pytest.mark.parametrize(
    "custom_id",
    ["inc:v1:ack:2", "inc:v1:release:commander:2", "inc:v1:timeline-page:2:1", "inc:v1:note-form:2"],
)
async def test_a_press_in_a_dm_finds_its_guild(pair: Pair, custom_id: str) -> None:
    """A button pressed in a DM belongs to the guild of the incident that its custom id names."""
    await pair.first.open()
    await pair.second.open(key="theirs")
    pressed = FakeInteraction(guild_id=None)
    pressed.data = {"custom_id": custom_id}
    assert await pair.bot().guild_of(cast("Any", pressed)) == OTHER


@pytest.mark.parametrize(
    "custom_id", ["tri:v1:continue:2", "tri:v1:answer:2:users_affected:yes", "tri:v1:confirm:2:SEV1"]
)
async def test_a_triage_in_a_dm_finds_its_guild(pair: Pair, custom_id: str) -> None:
    """A press on a triage in a DM is handled for the triage's guild."""
    async with pair.first.store.transaction() as tx:
        now = await tx.now()
        for guild_id in (GUILD, OTHER):
            new = NewTriage(guild_id, RESPONDER, "決済", (), (), now, f"interaction:{guild_id}")
            await TriageRows(tx.sql).insert_triage(new, due_at=now)
    pressed = FakeInteraction(guild_id=None)
    pressed.data = {"custom_id": custom_id}
    assert await pair.bot().guild_of(cast("Any", pressed)) == OTHER


async def test_in_a_server_it_is_the_servers(pair: Pair) -> None:
    """An interaction in a server belongs to that server's guild, whatever incident it names.

    An interaction in a server that is not served is refused.
    """
    await pair.first.open()
    bot, pressed = pair.bot(), FakeInteraction(guild_id=OTHER)
    pressed.data = {"custom_id": "inc:v1:ack:1"}
    assert await bot.guild_of(cast("Any", pressed)) == OTHER
    assert bot.services(cast("Any", pressed)).guild_id == OTHER
    with pytest.raises(UserError, match="foreign_guild"):
        await bot.guild_of(cast("Any", FakeInteraction(guild_id=OTHER + 1)))


async def test_what_is_missing_is_looked_up_in_every_guild_and_told_in_none(pair: Pair) -> None:
    """The answer to an unknown number is the same if another guild has it, and only that is recorded."""
    ours = await pair.first.open()
    bot, told = pair.bot(), set()
    for number in (ours.id, 999):
        asked = FakeInteraction(guild_id=OTHER)
        asked.user = cast("Any", _member())
        await bot.answer_error(cast("Any", asked), IncidentNotFound(number=number))
        told.add(asked.told[0]["content"])
    assert len(told) == 1
    await asyncio.gather(*bot._tasks)
    rows = [row for row in await pair.first.database.audit_rows() if not row.allowed]
    assert [(row.guild_id, row.data["incident_id"]) for row in rows] == [(OTHER, ours.id)]


async def test_one_guilds_failure_stays_its_own(pair: Pair) -> None:
    """A bug is an error in the log, what is away a warning; the others are seen to."""
    seen: list[int] = []

    async def look(services: Services) -> None:
        seen.append(services.guild_id)
        if services.guild_id == GUILD:
            raise ZeroDivisionError
        raise StorageUnavailable("away")

    with capture_logs() as logged:
        await pair.guilds.each(look)
    assert sorted(seen) == [GUILD, OTHER]
    assert sorted((entry["event"], entry["log_level"]) for entry in logged) == [
        ("guild.failed", "error"),
        ("guild.postponed", "warning"),
    ]


async def test_all_may_be_looked_after_at_once(pair: Pair) -> None:
    """`each` handles as many guilds at once as *at_a_time* says."""
    waiting: set[int] = set()
    both = asyncio.Event()

    async def look(services: Services, within_s: float = PATIENCE_S) -> None:
        waiting.add(services.guild_id)
        if len(waiting) == 2:
            both.set()
        async with asyncio.timeout(within_s):
            await both.wait()

    await pair.guilds.each(look, at_a_time=2)
    assert both.is_set()
    both.clear()
    waiting.clear()
    with capture_logs() as logged:
        await pair.guilds.each(partial(look, within_s=0.2), at_a_time=1)
    assert [entry["event"] for entry in logged] == ["guild.failed"]


async def test_one_whose_shard_was_taken_leaves_it_to_the_other(pair: Pair) -> None:
    """A guild whose shard another process took over is logged as information, not as a failure."""

    async def look(_services: Services) -> None:
        raise Superseded

    with capture_logs() as logged:
        await pair.guilds.each(look)
    assert {(entry["event"], entry["log_level"]) for entry in logged} == {("guild.superseded", "info")}


async def test_a_job_that_says_nothing_is_its_rows(pair: Pair) -> None:
    """An older version has queued it; one of a guild that is not served stays in the queue."""
    ours, theirs = await pair.first.open(), await pair.second.open(key="theirs")
    each = {guild_id: handlers(cases) for guild_id, cases in pair.cases.items()}
    find = GuildFinder(pair.first.store.sql)
    both, one = routed(each, find), routed({GUILD: each[GUILD]}, find)
    for incident in (ours, theirs):
        assert await both[JobName.ESCALATE](f"{incident.id}:0") is None
    [step, *_] = await EscalationRows(pair.first.store.sql).steps(theirs.id)
    assert step.status.value == "done"
    with capture_logs() as logged:
        assert await one[JobName.ESCALATE](f"{theirs.id}:1") is not None
    assert [entry["event"] for entry in logged] == ["job.guild_not_served"]
    with pytest.raises(IncidentNotFound):
        await both[JobName.REFRESH]("999")


def _member() -> Any:  # as much of a user as a person is made of
    user = discord.Object(3)
    return type("User", (), {"id": user.id, "display_name": "primary", "name": "primary", "bot": False})()
