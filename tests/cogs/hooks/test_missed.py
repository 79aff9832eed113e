"""What GitHub could not deliver while the bot was away: fetched once, in its place in time."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest_asyncio
from structlog.testing import capture_logs

from bot.integrations.github.connection import GitHubConnection
from bot.storage.tables.incidents import IncidentRows
from cogs.hooks.deliveries import GitHubDeliveries
from cogs.hooks.readers import READERS
from cogs.hooks.rules import HookRequest, NewHook
from cogs.hooks.store import Hooks
from cogs.hooks.use_cases import HookProcessing, MissedHooks
from tests.cogs.hooks.sending import add
from tests.corpus.hook_requests import examples
from tests.integration.github.conftest import address
from tests.services.desk import GUILD, Desk
from tests.standins.github.faults import Fault
from tests.standins.github.server import GitHub

RUNS = {one.name: one.body for one in examples()}
FAILED = RUNS["github/workflow_run_failure"]
PASSED = RUNS["github/workflow_run_success"]


@pytest_asyncio.fixture(loop_scope="session")
async def missed(desk: Desk, github: GitHub) -> AsyncIterator[MissedHooks]:
    """The use case, on that GitHub."""
    async with GitHubConnection(address(github)) as connection:
        record = GitHubDeliveries(connection, github.repository.full_name, github.webhook.number)
        yield MissedHooks(desk.own_store, desk.policy, {"github": record}, guild_id=GUILD)


async def process(desk: Desk) -> None:
    """Run the job that processes what is stored."""
    events = desk.services.alert_events
    await HookProcessing(desk.own_store, desk.policy, events, READERS, guild_id=GUILD).process("github")


async def sent(desk: Desk, github: GitHub, body: Any, *, minutes_ago: int, status: int = 502) -> str:
    """Let GitHub try to deliver a workflow run, and return the id of the delivery."""
    at = await desk.store.now() - timedelta(minutes=minutes_ago)
    return github.webhook.sent("workflow_run", body, status=status, at=at)


async def arrived(desk: Desk, body: Any) -> None:
    """Store and process a workflow run that the server of hooks has received."""
    request = HookRequest({"x-github-event": "workflow_run"}, json.dumps(body).encode())
    await add(desk, [NewHook(GUILD, "github", "arrived", request)])
    await process(desk)


async def alerts(desk: Desk) -> list[tuple[str, int]]:
    """Return the open alerts, and how often each came."""
    found = await IncidentRows(desk.store.sql).open_incidents(GUILD)
    return [(one.title, one.tracked.occurrences) for one in found]


async def test_a_failed_run_of_the_time_when_the_bot_was_away_is_tracked_once(
    desk: Desk, github: GitHub, missed: MissedHooks
) -> None:
    """A failed run that was missed is fetched and tracked once, however often the bot looks for it."""
    await sent(desk, github, FAILED, minutes_ago=30)
    for _ in range(3):  # each hour another look; GitHub still has it
        await missed.catch_up()
        await process(desk)
    assert await alerts(desk) == [("test failed on master", 1)]
    assert github.count("GET /hooks/12345/deliveries/91000000000") == 1
    jobs = await desk.database.pool.fetch("SELECT dedupe_key FROM pgqueuer WHERE entrypoint = 'hooks'")
    assert [job["dedupe_key"] for job in jobs] == [f"hooks:{GUILD}:github"]


async def test_a_run_that_has_passed_since_then_opens_nothing(
    desk: Desk, github: GitHub, missed: MissedHooks
) -> None:
    """The success arrived, the failure before it did not: it is read in its place in time."""
    await sent(desk, github, PASSED, minutes_ago=5, status=202)
    await sent(desk, github, FAILED, minutes_ago=30)
    await arrived(desk, PASSED)
    await missed.catch_up()
    await process(desk)
    assert await alerts(desk) == []


async def test_a_success_from_before_the_failure_ends_nothing(
    desk: Desk, github: GitHub, missed: MissedHooks
) -> None:
    """A missed success from before the failure does not end the alert of the failure."""
    await sent(desk, github, PASSED, minutes_ago=20)
    await arrived(desk, FAILED)
    await missed.catch_up()
    await process(desk)
    assert await alerts(desk) == [("test failed on master", 1)]


async def test_both_ends_of_an_alert_that_were_missed_are_read_in_order(
    desk: Desk, github: GitHub, missed: MissedHooks
) -> None:
    """A failure and its later success that were both missed are read in order, and leave a resolved alert."""
    await sent(desk, github, FAILED, minutes_ago=30)
    await sent(desk, github, PASSED, minutes_ago=10)
    await missed.catch_up()
    await process(desk)
    assert await alerts(desk) == []
    rows = await desk.database.pool.fetch("SELECT title, status FROM incidents")
    assert [(row["title"], row["status"]) for row in rows] == [("test failed on master", "resolved")]


async def test_an_error_in_the_middle_keeps_what_was_fetched_and_the_next_look_goes_on(
    desk: Desk, github: GitHub, missed: MissedHooks
) -> None:
    """After an error in the middle, what was fetched is kept, and the next look fetches the rest."""
    await sent(desk, github, FAILED, minutes_ago=30)
    await sent(desk, github, PASSED, minutes_ago=20)
    github.fault(Fault.BROKEN, "GET /hooks/12345/deliveries/91000000001")
    await missed.catch_up()
    await process(desk)
    assert await alerts(desk) == [("test failed on master", 1)]
    github.heal()
    await missed.catch_up()
    await process(desk)
    assert await alerts(desk) == []


async def test_a_token_without_the_permission_is_logged_and_nothing_else(
    desk: Desk, github: GitHub, missed: MissedHooks
) -> None:
    """A look with a token that lacks the permission is logged, stores nothing and raises no error."""
    await sent(desk, github, FAILED, minutes_ago=30)
    github.fault(Fault.FORBIDDEN, "GET /hooks/.*")
    with capture_logs() as logged:
        await missed.catch_up()
    assert [line["event"] for line in logged] == ["hooks.record_unavailable"]
    assert await Hooks(desk.own_store.sql).next(GUILD, "github", limit=9) == []
