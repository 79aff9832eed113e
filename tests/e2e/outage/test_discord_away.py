"""Discord is away for ten minutes: email within seconds, and afterwards everything, once. Row 22."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import Any

import httpx

from local_discord.client import Message
from tests.e2e.conftest import MakeWorld
from tests.e2e.world.mailbox import Mailbox, mailbox
from tests.e2e.world.world import World

TITLE = "決済 API が 5xx"
ANSWERED = "管理画面が開かない"
POSTS = "POST /channels/*/messages"


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


async def until_posted(world: World, title: str) -> None:
    """Wait for the alert: the bot notices within half a minute that Discord is back."""
    await world.human.clear_faults()

    async def look() -> bool | None:
        return True if any(title in found.text for found in await world.posts("p0-alerts")) else None

    await world.human.until(look, f"{title} in #p0-alerts", within_s=60)


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


async def test_ten_minutes_without_discord(make_world: MakeWorld) -> None:
    """Primary has the mail within seconds; then the alert, its thread and the DM come once, and say so."""
    async with mailed_world(make_world) as (world, box):
        await world.fault(route=POSTS, times=None, status=503)
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
        await until_posted(world, TITLE)
        alert = await world.expect_message("p0-alerts", contains=TITLE, pings_here=True)
        assert "の通知 (障害のため遅れて届きました)" in alert.text
        await expect_thread(world, alert)
        await world.expect_dm("primary", contains=TITLE)
        await world.idle()
        assert len({str(mail["Message-ID"]) for mail in box.mails}) == len(box.mails)
        await world.expect_nothing_more()


async def test_deadlines_pass_while_discord_is_away(make_world: MakeWorld) -> None:
    """Deadlines missed while Discord is away are emailed; afterwards there is one @here and one DM a person.

    The link in a mail acknowledges: no more mails about that incident, and no page afterwards.
    """
    async with mailed_world(make_world) as (world, box):
        await world.fault(route=POSTS, times=None, status=503)
        await world.command("sev1", title=TITLE)
        await world.command("sev1", title=ANSWERED)
        await world.human.until(lambda: _mail_to_primary(box, TITLE), "the mail")
        mail = await world.human.until(lambda: _mail_to_primary(box, ANSWERED), "the other mail")
        await world.idle()
        link = await _acknowledge_by_link(world, mail)
        mails = len(about(box, ANSWERED))
        await pass_minutes(world, 35)
        assert len(about(box, ANSWERED)) == mails
        to_primary = [mail for mail in about(box, TITLE) if "primary@" in str(mail["To"])]
        begins = next(mail for mail in to_primary if mail["References"] is None)
        others = [mail for mail in to_primary if mail is not begins]
        assert {str(mail["References"]) for mail in others} == {str(begins["Message-ID"])}
        assert {str(mail["In-Reply-To"]) for mail in others} == {str(begins["Message-ID"])}
        await until_posted(world, TITLE)
        await until_posted(world, ANSWERED)
        await pass_minutes(world, 2)
        posts = await world.posts("p0-alerts")
        assert sum(post.pings_here for post in posts) == 1
        await world.expect_message("p0-alerts", contains=f"⏫ SEV1 · {TITLE} · **", pings_here=True)
        for words in (f"🔴 SEV1 · {TITLE}", f"🟠 SEV1 · {ANSWERED}"):
            alert = await world.expect_message("p0-alerts", contains=words)
            await expect_thread(world, alert)
        await world.expect_message(alert.id, contains="の状況を知らせてください")
        for who in ("primary", "secondary"):
            await world.expect_dm(who, contains=TITLE)
        await world.expect_nothing_more()
        assert link.rpartition("/")[2] not in str(world.bot.child.lines)


async def _acknowledge_by_link(world: World, mail: EmailMessage) -> str:
    """Press what the link in the mail shows, twice; the link."""
    [link] = re.findall(r"http://\S+/ack/\S+", mail.get_content())[:1]
    port = next(e["port"] for e in world.bot.entries() if e["event"] == "health.listening")
    url = link.replace("http://127.0.0.1:1/", f"http://127.0.0.1:{port}/")
    async with httpx.AsyncClient(trust_env=False) as browser:
        assert "対応しますか" in (await browser.get(url)).text
        assert "ack しました" in (await browser.post(url)).text
        assert (await browser.post(url)).status_code == 409
    [row] = await world.rows("SELECT status, acknowledged_by_name FROM incidents WHERE title = $1", ANSWERED)
    assert tuple(row) == ("acknowledged", "primary")
    return str(link)


def about(box: Mailbox, title: str) -> list[EmailMessage]:
    """The mails about one incident."""
    return [mail for mail in box.mails if title in str(mail["Subject"])]


async def _mail_to_primary(box: Mailbox, title: str) -> EmailMessage | None:
    return next((mail for mail in about(box, title) if "primary@" in str(mail["To"])), None)
