"""Rows 49 to 54: deleted channels, missing permissions, closed DMs, and secrets."""

import json
import re

import pytest

from local_discord.world.permissions import P
from local_discord.world.seed import BOT, EVERYONE
from tests.e2e.world.severities import SEV1
from tests.faults.conftest import Figure
from tests.faults.stage.stage import Stage

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-damage")]


async def test_row_49_alert_and_thread_deleted(stage: Stage, figure: Figure) -> None:
    """A deleted alert comes back without a ping, a deleted thread is made anew, and the P0 is escalated."""
    alert = await stage.sev1("行49 決済 API が 5xx")
    [first] = stage.alerts(alert.number)
    await stage.world.human.delete("admin", alert.post)
    [again] = await stage.until(lambda: stage.alerts(alert.number), "the alert anew")
    await stage.world.idle()
    assert await _threads(stage, alert.label) == [alert.thread]
    await stage.world.human.remove_channel(alert.thread)
    await stage.world.settle()
    [anew] = await stage.until(lambda: _threads(stage, alert.label), "the thread anew")
    await stage.world.settle()
    await stage.reach_deadline(alert.number)
    [rung] = await stage.escalated(alert.number)
    assert (first.rings, again.rings, rung.rings) == (True, False, True)
    assert anew != alert.thread
    figure("alert and thread made anew, 1 escalation")


async def test_row_50_thread_locked_and_archived(stage: Stage, figure: Figure) -> None:
    """If the bot may not write into a locked thread, it posts the line beside the alert."""
    alert = await stage.sev1("行50 決済 API が 5xx")
    world, human = stage.world, stage.world.human
    deny = int(P.MANAGE_THREADS)
    await human.change("channel", channel="p0-alerts", role="incident-bot", deny=deny)
    await human.change("channel", channel=alert.thread, locked=True, archived=True)
    await world.command("incident note", number=alert.number, text="rollback 中")
    line = await human.see("p0-alerts", "rollback 中")
    await world.idle()
    await human.change("channel", channel="p0-alerts", role="incident-bot", deny=0)
    await human.change("channel", channel=alert.thread, locked=False, archived=False)
    assert line.raw["message_reference"]["message_id"] == alert.post.id
    assert sum("rollback 中" in post.text for post in stage.posts()) == 1
    figure("1 line, beside the alert")


async def test_row_51_may_not_mention_everyone(stage: Stage, figure: Figure) -> None:
    """The start-up check names the channel and the missing permission."""
    for role, bits in (("incident-bot", BOT), ("@everyone", EVERYONE)):  # a new server gives it to everybody
        await stage.world.human.change("role", role=role, permissions=int(bits & ~P.MENTION_EVERYONE))
    stage.falls_ill()
    await stage.world.kill_bot()
    await stage.revive()
    told = await stage.until(lambda: _warned(stage, "MENTION_EVERYONE"), "the warning")
    for role, bits in (("incident-bot", BOT), ("@everyone", EVERYONE)):
        await stage.world.human.change("role", role=role, permissions=int(bits))
    assert any("p0-alerts" in entry["what"] for entry in told)
    figure(f"{told[0]['level']}: {told[0]['what']}, {told[0]['said']}")


async def test_row_52_every_dm_refused(stage: Stage, figure: Figure) -> None:
    """If all on-call people refuse DMs, the alert is posted, and each page goes out by email."""
    await _take_dms(stage, "primary", "secondary", on=False)
    alert_title = "行52 決済 API が 5xx"
    await stage.start_command("sev1", title=alert_title)
    number = await stage.number(alert_title)
    await _mailed(stage, number, count=1)
    await stage.world.idle()
    await stage.reach_deadline(number)
    await stage.escalated(number)
    await _mailed(stage, number, count=3)
    await stage.world.idle()
    await _take_dms(stage, "primary", "secondary", on=True)
    assert len(stage.alerts(number)) == 1
    assert (stage.pages(number, "primary"), stage.pages(number, "secondary")) == ([], [])
    figure("1 + 2 emails, 0 DMs")


async def test_row_53_automod_blocks_the_mention(stage: Stage, figure: Figure) -> None:
    """If the channel never gets the alert, DM and email replace it.

    Discord says that AutoMod spares bots. What a bot is refused all the same is answered here by a fault.
    """
    title = "行53 決済 API が 5xx"
    channel = next(c for c in (await stage.world.human.state())["channels"] if c["name"] == "p0-alerts")
    text = "Message was blocked by automatic moderation"
    await stage.world.fault(
        route=f"POST /channels/{channel['id']}/messages", times=None, status=400, code=200000, message=text
    )
    await stage.start_command("sev1", title=title)
    number = await stage.number(title)
    await stage.until(lambda: stage.pages(number, "primary"), "the DM")
    mails = await _mailed(stage, number, count=1)
    await stage.world.idle()
    await stage.world.human.clear_faults()
    assert stage.alerts(number) == []
    [row] = await stage.world.rows(
        "SELECT error_message FROM admin.notification_failures WHERE title = $1", title
    )
    assert "200000" in row["error_message"]
    figure(f"1 DM, {len(mails)} email, DLQ: 200000")


async def test_row_54_no_secret_is_told(stage: Stage, figure: Figure) -> None:
    """After refused, failed and reset requests the token is in no log, DLQ row, delivery or exchange.

    No address in the logs has a password.
    """
    token, title = stage.world.sandbox.address.token, "行54 決済 API が 5xx"
    await _take_dms(stage, "primary", on=False)
    await stage.world.fault(route="POST /channels/*/messages", times=2, status=500)
    await stage.world.fault(route="POST /channels/*/messages", times=2, reset="before")
    await stage.start_command("sev1", title=title)
    await _mailed(stage, await stage.number(title), count=1)
    await stage.world.idle()
    await _take_dms(stage, "primary", on=True)
    logs = "\n".join("\n".join(bot.child.lines) for bot in stage.world.bots)
    failures = await stage.world.rows("SELECT to_jsonb(f)::text AS row FROM admin.notification_failures AS f")
    owed = await stage.world.rows("SELECT to_jsonb(d)::text AS row FROM deliveries AS d")
    exchanged = json.dumps(
        [(e["body"], e["response"]) for e in stage.world.sandbox.core.log.since(0) if e["kind"] == "rest"]
    )
    places = {
        "log": logs,
        "DLQ": "\n".join(row["row"] for row in failures),
        "deliveries": "\n".join(row["row"] for row in owed),
        "Discord": exchanged,
    }
    assert [name for name, text in places.items() if not text] == []
    assert all(told in logs for told in ('"http_status": 500', "connection failed", "HTTP 403 50007"))
    assert [name for name, text in places.items() if token in text] == []
    assert re.search(r"://[^\s:/@*]*:[^\s@*]+@", logs) is None, "a password in an address"
    figure(f"{len(logs) // 1000} kB of logs, {len(failures)} DLQ rows: absent")


async def test_row_49_the_channel_deleted(stage: Stage, figure: Figure) -> None:
    """When the alert's channel is deleted, on-call is reached by DM and email.

    This test is the last of the file, as the channel stays deleted.
    """
    alert = await stage.world.declare(SEV1, title="行49 その後")
    await stage.world.settle()
    await stage.world.human.remove_channel("p0-alerts")
    await stage.reach_deadline(alert.number)
    mails = await _mailed(stage, alert.number, count=1)
    await stage.until(lambda: stage.pages(alert.number, "secondary"), "the DM")
    await stage.world.idle()
    figure(f"channel gone: 2 DMs, {len(mails)} email")


async def _mailed(stage: Stage, number: int, *, count: int) -> list[object]:
    def found() -> list[object]:
        mails = [m for m in stage.box.mails if re.search(rf"INC-{number}\b", str(m["Subject"]))]
        return list(mails) if len(mails) >= count else []

    return list(await stage.until(found, f"{count} emails about INC-{number}"))


async def _take_dms(stage: Stage, *people: str, on: bool) -> None:
    for who in people:
        await stage.world.human.change("member", user=who, dms=on)


def _warned(stage: Stage, word: str) -> list[dict[str, str]]:
    found = (entry for entry in stage.world.bot.entries() if entry["event"] == "check.failed")
    return [entry for entry in found if word in entry["said"]]


async def _threads(stage: Stage, label: str) -> list[str]:
    state = await stage.world.human.state()
    return [found["id"] for found in state["threads"] if found["name"].startswith(f"{label} ")]
