"""Discord is away for ten minutes: email within seconds, and afterwards everything, once. Row 22."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from local_discord.people import Message
from tests.e2e.conftest import MakeWorld
from tests.e2e.mailbox import Mailbox, mailbox
from tests.e2e.world import World

TITLE = "決済 API が 5xx"
POSTS = "POST /channels/*/messages"
OUTAGES: list[dict[str, object]] = [{"status": 503}, {"status": 429, "body": "html"}]


@asynccontextmanager
async def mailed_world(make_world: MakeWorld) -> AsyncIterator[tuple[World, Mailbox]]:
    """With a mail server, and links in its mails."""
    async with mailbox() as box, make_world(SMTP_URL=box.url, PUBLIC_URL="http://127.0.0.1:1") as world:
        await world.start_bot()
        yield world, box


async def pass_minutes(world: World, minutes: int) -> None:
    """Let time pass as it does: everything that falls due is looked at."""
    for _ in range(minutes):
        await world.shift(minutes=1)
        await world.idle()


async def until_posted(world: World, channel: str) -> None:
    """Wait for the post: the bot notices within half a minute that Discord is back."""
    await world.human.clear_faults()

    async def look() -> bool | None:
        return True if any(TITLE in found.text for found in await world.posts(channel)) else None

    await world.human.until(look, f"{TITLE} in {channel}", within_s=60)


async def expect_thread(world: World, alert: Message) -> None:
    """With the start time first, then the card."""
    await world.human.until(lambda: world._thread(alert.id), "the thread")
    start = await world.expect_message(alert.id, contains="開始時刻")
    card = await world.expect_message(alert.id, contains="SEV1")
    assert int(start.id) < int(card.id)


async def requests(world: World) -> int:
    """How many posts Discord was asked for."""
    entries: list[dict[str, Any]] = await world.human.log()
    return sum(
        entry.get("kind") == "rest"
        and entry["method"] == "POST"
        and bool(re.fullmatch(r".*/channels/\d+/messages", entry["path"]))
        for entry in entries
    )


@pytest.mark.parametrize("outage", OUTAGES, ids=["503", "cloudflare"])
async def test_ten_minutes_without_discord(make_world: MakeWorld, outage: dict[str, object]) -> None:
    """Primary has the mail within seconds; then the alert, its thread and the DM come once, and say so."""
    async with mailed_world(make_world) as (world, box):
        await world.fault(route=POSTS, times=None, **outage)
        said = await world.command("sev1", title=TITLE)
        mail = await box.first()
        assert str(mail["Subject"]).startswith(f"🔴 SEV1 · {TITLE}")
        assert ["primary@example.com"] in box.recipients
        assert "メールしました" in said.text or "INC-1" in said.text
        await pass_minutes(world, 10)
        assert await requests(world) <= 30
        kinds = await world.rows(
            "SELECT kind, fallback_email_sent AS mailed FROM deliveries, admin.notification_failures"
            " WHERE kind = 'alert'"
        )
        assert all(row["mailed"] for row in kinds)
        await until_posted(world, "p0-alerts")
        alert = await world.expect_message("p0-alerts", contains=TITLE, pings_here=True)
        assert "の通知 (障害のため遅れて届きました)" in alert.text
        await expect_thread(world, alert)
        await world.expect_dm("primary", contains=TITLE)
        await world.idle()
        assert len({str(mail["Message-ID"]) for mail in box.mails}) == len(box.mails)
        await world.expect_nothing_more()


async def test_deadlines_pass_while_discord_is_away(make_world: MakeWorld) -> None:
    """Each missed deadline is emailed; afterwards there is one @here, and one DM to each person."""
    async with mailed_world(make_world) as (world, box):
        await world.fault(route=POSTS, times=None, status=503)
        await world.command("sev1", title=TITLE)
        await box.first()
        await pass_minutes(world, 35)
        to_primary = [mail for mail in box.mails if "primary@" in str(mail["To"])]
        begins = next(mail for mail in to_primary if mail["References"] is None)
        others = [mail for mail in to_primary if mail is not begins]
        assert {str(mail["References"]) for mail in others} == {str(begins["Message-ID"])}
        assert {str(mail["In-Reply-To"]) for mail in others} == {str(begins["Message-ID"])}
        await until_posted(world, "p0-alerts")
        await pass_minutes(world, 2)
        posts = await world.posts("p0-alerts")
        assert sum(post.pings_here for post in posts) == 1
        await world.expect_message("p0-alerts", contains="30 分 ack なし", pings_here=True)
        alert = await world.expect_message("p0-alerts", contains=f"🔴 SEV1 · {TITLE}")
        await expect_thread(world, alert)
        for who in ("primary", "secondary"):
            await world.expect_dm(who, contains=TITLE)
        await world.expect_nothing_more()


async def test_the_mails_link_acknowledges(make_world: MakeWorld) -> None:
    """The link in the mail acknowledges while Discord is away: no more mails, and no page afterwards."""
    async with mailed_world(make_world) as (world, box):
        await world.fault(route=POSTS, times=None, status=503)
        await world.command("sev1", title=TITLE)
        await world.human.until(lambda: _mail_to(box, "primary@"), "the mail")
        await world.idle()
        [link] = re.findall(r"http://\S+/ack/\S+", box.mails[0].get_content())[:1]
        port = next(e["port"] for e in world.bot.entries() if e["event"] == "health.listening")
        url = link.replace("http://127.0.0.1:1/", f"http://127.0.0.1:{port}/")
        async with httpx.AsyncClient(trust_env=False) as browser:
            assert "対応しますか" in (await browser.get(url)).text
            assert "ack しました" in (await browser.post(url)).text
            assert (await browser.post(url)).status_code == 409
        [row] = await world.rows("SELECT status, acknowledged_by_name FROM incidents")
        assert (row["status"], row["acknowledged_by_name"]) == ("acknowledged", "primary")
        mails = len(box.mails)
        await pass_minutes(world, 20)
        assert len(box.mails) == mails
        await until_posted(world, "p0-alerts")
        await world.idle()
        posts = await world.posts("p0-alerts")
        assert not any(post.pings_here for post in posts)
        alert = await world.expect_message("p0-alerts", contains="対応中")
        await expect_thread(world, alert)
        assert link.rpartition("/")[2] not in str(world.bot.child.lines)


async def test_killed_while_the_mail_is_on_its_way(make_world: MakeWorld) -> None:
    """[10] The server has it, the bot never heard: it comes once more, as the same mail."""
    async with mailed_world(make_world) as (world, box):
        box.interrupt = world.kill_bot
        await world.fault(route=POSTS, times=None, status=503)
        await world.command("sev1", title=TITLE)
        await box.first()
        await world.human.until(lambda: _killed(world), "the bot's end")
        await world.start_bot()
        await world.human.until(lambda: _repeated(box), "the same mail")
        await world.idle()
        assert len({str(mail["Message-ID"]) for mail in box.mails}) == 2  # one to each on call
        await until_posted(world, "p0-alerts")
        alert = await world.expect_message("p0-alerts", contains=TITLE)
        await expect_thread(world, alert)
        await world.expect_dm("primary", contains=TITLE)


async def _killed(world: World) -> bool | None:
    return True if not world.running else None


async def _repeated(box: Mailbox) -> bool | None:
    ids = [str(mail["Message-ID"]) for mail in box.mails]
    return True if len(ids) > len(set(ids)) else None


async def _mail_to(box: Mailbox, address: str) -> bool | None:
    return any(address in str(mail["To"]) for mail in box.mails) or None
