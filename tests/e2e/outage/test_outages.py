"""Discord takes nothing, or no DM, and email and DLQ do. Rows of the fault matrix in brackets."""

from tests.e2e.conftest import MakeWorld
from tests.e2e.world.mailbox import mailbox

TITLE = "決済 API が 5xx"


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
