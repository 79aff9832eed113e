"""One bot in two guilds: each has its own policy, words and rows, and none reaches into the other's."""

import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest_asyncio

from bot.domain.delivery.delivery import priority_of
from bot.domain.jobs import Job, JobName
from bot.runbook import default_policy_text
from bot.storage.database.pools import open_pool
from bot.storage.store import Store
from local_discord.client import Message
from local_discord.world.seed import GUILD_ID
from tests.e2e.guilds.two_guilds import OTHER_ID, Guilds, two_guilds
from tests.e2e.world.bot import start_program
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World

HOME: Final = f'guild = "{GUILD_ID}"\n{default_policy_text()}'
OTHER: Final = f"""
guild = "{OTHER_ID}"
language = "en"
ack_emoji = "✋"

[severity.HIGH]
priority = "P0"
channel = "p0-alerts"
mention = "here"
ack_within = "10m"

[severity.LOW]
priority = "P1"
channel = "p1-ops"
ack_within = "next_business_day"

[triage]
start = "users_affected"

[triage.nodes.users_affected]
question = "Are users affected?"
unsure = "yes"
answers.yes = {{ label = "Yes", to = "HIGH" }}
answers.no = {{ label = "No", to = "LOW" }}

[oncall]
primary = "primary"

[digest]
channel = "p3-insights"
"""


#: Commands that take a number, with what else they ask for.
FOREIGN: Final[dict[str, dict[str, object]]] = {
    "incident show": {},
    "incident resolve": {},
    "incident note": {"text": "x"},
    "incident timeline": {},
    "incident link": {"with": 1},
}

#: Jobs of a storm that one transaction queues.
_AT_ONCE: Final = 500

#: Of a storm: incidents that nobody has taken, each with one step that is due at $2.
STORM: Final = """
WITH opened AS (
    INSERT INTO incidents (guild_id, key, severity, priority, title, started_at, triggered_at, ack_due_at,
                           reported_by_id, reported_by_name)
    SELECT $1, 'storm:' || n, 'SEV1', 'P0', 'storm ' || n, now(), now(), $2, 1, 'monitor'
      FROM generate_series(1, 5000) AS n
    RETURNING id)
INSERT INTO escalation_steps (incident_id, index, due_at, mention, dm)
SELECT id, 1, $2, 'here', '{}' FROM opened
RETURNING incident_id
"""
LAST_STEP: Final = "SELECT due_at, due_at - now() AS left FROM escalation_steps WHERE index = 1"
PENDING: Final = "SELECT count(*) FROM escalation_steps WHERE status = 'pending'"


@pytest_asyncio.fixture
async def guilds(database_url: str, tmp_path: Path) -> AsyncIterator[Guilds]:
    """Both, with their commands and a bot that is ready; nothing unexpected is left at the end."""
    policies = {"a-home.toml": HOME, "b-other.toml": OTHER}
    async with two_guilds(database_url, policies=policies, folder=tmp_path) as made:
        assert await told(made.home, tmp_path, "sync-commands") == 0
        await made.home.start_bot()
        yield made
        for world in (made.home, made.other):
            await world.expect_nothing_more()
        await made.home.stop_bot()
        assert made.home.complaints() == []


async def told(world: World, folder: Path, *command: str) -> int:
    """Run a command of the command line beside the bot; its exit code."""
    child = await start_program(command[0], *command, env=world.settings, folder=folder)
    return await child.wait()


async def raised(guilds: Guilds, title: str) -> tuple[Message, Message]:
    """An alert of the other guild: its post, and the DM to who is on call there."""
    await guilds.other.command("high", title=title)
    post = await guilds.other.expect_message("p0-alerts", contains=title, pings_here=True)
    await guilds.other.expect_thread(post.id)
    await guilds.other.expect_message(post.id, contains="tarted")
    await guilds.other.expect_message(post.id, contains="HIGH")
    return post, await guilds.home.expect_dm("primary", contains=title)


async def test_each_guild_has_its_policy_and_its_words(guilds: Guilds, tmp_path: Path) -> None:
    """Severities, language and the reaction that acknowledges; the same person is on call in both.

    In a DM there is no guild: the button's number and the message's row say whose it is. Another guild's
    number is not found, and on record. A week is told in each guild's own channel and language.
    """
    ours = await guilds.home.declare(SEV1, title="決済 API が 5xx")
    post, _dm = await raised(guilds, "checkout is down")
    assert "未対応" in ours.post.text
    assert "未対応" not in post.text
    await guilds.other.human.react("primary", post, "👀")
    await guilds.other.human.react("secondary", post, "✋")
    await guilds.other.expect_text(post, "@secondary")

    pressed, dm = await raised(guilds, "search is down")
    said = await guilds.home.human.press("primary", dm, "ack")
    assert "INC-3" in said.text
    await guilds.other.expect_text(pressed, "@primary")
    reacted, dm = await raised(guilds, "login is down")
    await guilds.home.react(dm, "✋", by="primary")
    await guilds.other.expect_text(reacted, "@primary")
    assert "未対応" in (await guilds.home.reread(ours.post)).text
    await guilds.home.react(ours, by="primary")
    await guilds.home.expect_acknowledged(ours, by="primary")

    unknown = (await guilds.other.command("incident show", by="admin", number=999)).text
    for name, options in FOREIGN.items():
        said = await guilds.other.human.command("admin", "general", name, {"number": 1, **options})
        assert said.text == unknown.replace("999", "1"), name
    offered = await guilds.other.human.autocomplete("admin", "general", "incident show", "number", "")
    assert ours.number not in [choice["value"] for choice in offered]
    await guilds.home.idle()
    query = "SELECT data FROM audit WHERE guild_id = $1 AND actor_name = 'admin' AND NOT allowed"
    recorded = [row["data"] for row in await guilds.home.rows(query, int(OTHER_ID))]
    assert len(recorded) == len(FOREIGN)

    await guilds.home.rows("DELETE FROM digests")
    assert await told(guilds.home, tmp_path, "digest", "--post") == 0
    week = await guilds.home.expect_message("p3-insights", contains="週")
    other = await guilds.other.expect_message("p3-insights", contains="eek")
    assert "SEV1" not in other.text, week.text


async def test_a_broken_guild_does_not_hurt_the_other(guilds: Guilds) -> None:
    """While another guild's channels are gone, a guild's alert is posted, escalated and acknowledged."""
    guilds.home.expect_log("auditor.job_missing")
    for channel in ("p0-alerts", "p1-ops", "p3-insights"):
        await guilds.other.human.remove_channel(channel)
    await guilds.other.command("high", title="checkout is down")
    await guilds.home.expect_dm("primary", contains="checkout is down")
    ours = await guilds.home.declare(SEV1, title="決済 API が 5xx")
    await guilds.home.shift(minutes=15)
    await guilds.home.expect_message("p0-alerts", contains="から未対応", pings_here=True)
    for who, title in (("primary", "決済"), ("secondary", "決済"), ("primary", "checkout is down")):
        await guilds.home.expect_dm(who, contains=title)
    await guilds.home.react(ours, by="primary")
    await guilds.home.expect_acknowledged(ours, by="primary")


async def test_a_storm_does_not_delay_the_other_guilds_p0(database_url: str, tmp_path: Path) -> None:
    """5,000 steps of one guild and one of the other fall due at the same moment."""
    policies = {"a-home.toml": HOME, "b-other.toml": OTHER}
    async with two_guilds(database_url, policies=policies, folder=tmp_path) as guilds:
        assert await told(guilds.home, tmp_path, "sync-commands") == 0
        await guilds.home.start_bot()
        await raised(guilds, "checkout is down")
        [row] = await guilds.home.rows(LAST_STEP)
        await storm(guilds.home, due_at=row["due_at"], after=row["left"])
        await guilds.home.idle()
        begun = time.monotonic()
        await guilds.home.shift(minutes=row["left"].total_seconds() / 60)
        await guilds.other.expect_message("p0-alerts", contains="checkout is down", pings_here=True)
        assert time.monotonic() - begun < 5.0
        left = await guilds.home.rows(PENDING)
        assert left[0]["count"] > 0, "the storm was over before it could delay anything"


async def storm(world: World, *, due_at: datetime, after: timedelta) -> None:
    """Queue the jobs of 5,000 steps as the bot itself would have queued them, some hundred at a time.

    PostgreSQL ends a transaction whose process lets three seconds pass between two statements.
    """
    jobs = [step_job_of(row["incident_id"], after) for row in await world.rows(STORM, int(GUILD_ID), due_at)]
    pool = await open_pool(world.database_url)
    for first in range(0, len(jobs), _AT_ONCE):
        async with Store(pool).of(int(GUILD_ID)).transaction() as tx:
            await tx.enqueue(*jobs[first : first + _AT_ONCE])
    await pool.close()


def step_job_of(incident_id: int, after: timedelta) -> Job:
    """The job that decides the step."""
    where = f"{incident_id}:1"
    return Job(JobName.ESCALATE, where, f"step:{where}", priority=priority_of(0), after=after)
