"""Discord or PostgreSQL fail, and nothing is lost or doubled. Rows of the fault matrix in brackets."""

import pytest

from bot.storage.database.migrate import migrate
from tests.e2e.conftest import MakeWorld
from tests.e2e.mailbox import mailbox
from tests.e2e.severities import SEV1, SEV3
from tests.e2e.world import World
from tests.patience import PATIENCE_S
from tests.postgres import server_of_its_own

TITLE = "決済 API が 5xx"


async def until_posted(world: World, channel: str) -> None:
    """Move time on past the pauses between attempts until the alert is there."""
    for _ in range(6):
        await world.idle()
        if any(TITLE in found.text for found in await world.posts(channel)):
            return
        await world.shift(minutes=1)
    raise AssertionError(f"{TITLE} was never posted in {channel}")


async def test_three_503_then_posted_once(world: World) -> None:
    """[23] A burst of 503 delays the alert and does not double it."""
    channel = await world.channel_id("p2-deploys")
    await world.fault(route=f"POST /channels/{channel}/messages", times=3, status=503)
    await world.command("sev3", title=TITLE)
    await until_posted(world, "p2-deploys")
    await world.expect_alert(SEV3, TITLE)
    await world.expect_nothing_more()


@pytest.mark.parametrize("fault", [{"reset": "after"}, {"body": "malformed"}], ids=["reset", "malformed"])
async def test_accepted_but_not_answered(world: World, fault: dict[str, object]) -> None:
    """[25, 26] Discord took the alert and its answer was lost or unreadable: there is one post."""
    channel = await world.channel_id("p0-alerts")
    await world.fault(route=f"POST /channels/{channel}/messages", times=1, **fault)
    await world.command("sev1", title=TITLE)
    await until_posted(world, "p0-alerts")
    await world.shift(minutes=1)
    await world.expect_alert(SEV1, TITLE)
    await world.expect_nothing_more()


async def test_discord_takes_nothing_so_email_and_dlq_do(make_world: MakeWorld) -> None:
    """[23] A P0 that Discord refuses for good is in the DLQ with its payload, and in the on-call's mail."""
    async with mailbox() as box, make_world(SMTP_URL=box.url) as world:
        await world.start_bot()
        await world.fault(route="POST /channels/*/messages", times=None, status=503)
        said = await world.command("sev1", title=TITLE)
        assert "INC-1" in said.text
        for _ in range(7):
            await world.idle()
            await world.shift(minutes=1)
        mail = await box.first()
        assert "SEV1" in str(mail["Subject"])
        assert TITLE in str(mail["Subject"])
        assert "primary@example.com" in box.recipients[0]
        await world.idle()
        failed = await world.rows(
            "SELECT severity, title, http_status, fallback_email_sent, payload::text AS payload"
            " FROM admin.notification_failures WHERE channel = 'p0-alerts'"
        )
        assert [(row["severity"], row["title"], row["http_status"]) for row in failed] == [("P0", TITLE, 503)]
        assert failed[0]["fallback_email_sent"]
        assert TITLE in failed[0]["payload"]
        assert len({mail["Message-ID"] for mail in box.mails}) == len(box.mails)
        await world.human.clear_faults()
        recent = await world.command("dlq p0-email")
        assert TITLE in recent.text
        world.ledger.forgive(await world.channel_id("p0-alerts"), "dm:primary")


async def test_dm_refused_is_told_by_email(make_world: MakeWorld) -> None:
    """[52] A refused page goes out by email, and the next person is notified."""
    async with mailbox() as box, make_world(SMTP_URL=box.url) as world:
        await world.human.change("member", user="primary", dms=False)
        await world.start_bot()
        await world.command("sev1", title=TITLE)
        await world.expect_message("p0-alerts", contains=TITLE, pings_here=True)
        await box.first()
        assert box.recipients == [["primary@example.com"]]
        await world.idle()
        [thread] = (await world.human.state())["threads"]
        for words in ("開始時刻", "SEV1", "@primary に DM が届きません"):
            await world.expect_message(thread["id"], contains=words)
        await world.expect_dm("secondary", contains="@primary に DM が届かないため")


@pytest.mark.quiet
async def test_slow_discord_is_still_answered_in_time(world: World) -> None:
    """[24] Posting hangs, and the person still gets an answer within 3 seconds."""
    await world.fault(route="POST /channels/*/messages", times=2, delay_s=4)
    said = await world.command("sev3", title=TITLE)
    assert said.first_response_ms is not None
    assert said.first_response_ms < 3000
    await world.expect_alert(SEV3, TITLE)
    await world.expect_nothing_more()


async def test_postgresql_restarts_while_the_bot_runs(make_world: MakeWorld) -> None:
    """[12] After PostgreSQL went away and came back, the next alert works and old deadlines hold."""
    with server_of_its_own() as server:
        database = server.ensure_database("story")
        migrate(database)
        async with make_world(database=database) as world:
            await world.start_bot()
            alert = await world.triage(SEV1, title=TITLE)
            await world.settle()
            server.stop()
            server.start()
            await world.bot.child.wait_until_ready(within_s=PATIENCE_S)
            await world.fast_forward(minutes=15)
            await world.expect_message("p0-alerts", contains=f"{alert.label} {TITLE} · 15 分 ack なし")
            for who in ("primary", "secondary"):
                await world.expect_dm(who, contains=TITLE)
            await world.declare(SEV3, title="次の障害")
