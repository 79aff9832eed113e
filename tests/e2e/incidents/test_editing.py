"""Correcting the title and the start: every post shows the corrected details."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from local_discord.client import Interaction
from tests.e2e.incidents.test_endings import archived
from tests.e2e.privacy.test_private import expect_hidden, open_private, private_thread
from tests.e2e.timeline.test_timeline import file_of, timeline
from tests.e2e.world.alert import Alert
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World

TITLE = "決裁 API が 5xx"
RIGHT = "決済 API が 5xx"
JST = ZoneInfo("Asia/Tokyo")


def a_while_before(alert: Alert, *, minutes: float) -> datetime:
    """A whole minute on the team's clock, that long before the alert."""
    return (alert.post.at - timedelta(minutes=minutes)).astimezone(JST).replace(second=0, microsecond=0)


async def edit(world: World, alert: Alert, *, by: str = "responder", **fields: str) -> Interaction:
    """Run `/incident edit` with the number, and send the form with these changes."""
    form = await world.command("incident edit", by=by, number=alert.number)
    return await world.human.submit(by, form, fields)


async def expect_name(world: World, alert: Alert, name: str) -> None:
    """The thread is called so."""

    async def look() -> bool | None:
        return True if name == await world.thread_name(alert.thread) else None

    await world.human.until(look, f"a thread named {name!r}")


async def ack_due(world: World, alert: Alert) -> datetime:
    """The deadline of the row."""
    (row,) = await world.rows("SELECT ack_due_at FROM incidents WHERE id = $1", alert.number)
    found: datetime = row["ack_due_at"]
    return found


async def test_title_and_start_are_corrected(world: World) -> None:
    """Alert, DM, thread name and first line follow; the deadline stays, and no one is pinged.

    From forms opened at once, after a restart: a second edit of the title is refused with its present value.
    """
    alert = await world.triage(SEV1, title=TITLE)
    due, start = await ack_due(world, alert), a_while_before(alert, minutes=20)
    form = await world.command("incident edit", by="responder", channel=alert.thread)
    assert TITLE in str(form.modal)
    second = await world.command("incident edit", by="primary", number=alert.number)
    await world.settle()
    await world.restart_bot()
    said = await world.human.submit("responder", form, {"title": RIGHT, "started": f"{start:%Y-%m-%d %H:%M}"})
    assert f"件名：{TITLE} → {RIGHT}" in said.text
    line = await world.expect_message(alert.thread, contains=f"が訂正** 件名：{TITLE} → {RIGHT}")
    assert f"→ {start:%m/%d %H:%M:%S} JST" in line.text
    assert not line.pings_here
    refused = await world.human.submit("primary", second, {"title": "API が落ちた"})
    assert f"「{RIGHT}」に直されました" in refused.text
    assert "API が落ちた" in refused.text
    await world.expect_text(alert.start, f"**開始時刻 {start:%Y-%m-%d %H:%M:%S} JST**")
    for post in (alert.post, alert.dms["primary"]):
        shown = await world.expect_text(post, f"{start:%m/%d %H:%M} JST")
        assert RIGHT in shown.text
        assert TITLE not in shown.text
    await expect_name(world, alert, f"{alert.label} 🔴 {RIGHT}")
    assert await ack_due(world, alert) == due
    await world.expect_nothing_more()
    page = await timeline(world, alert)
    told = next(line for line in page.text.split("\n") if "詳細を変更" in line)
    assert f"@responder · 件名：{TITLE} → {RIGHT} · 開始：" in told
    assert f"{alert.thread}/{line.id})" in told
    file = await file_of(world, page, alert.label)
    assert file.startswith(f"# {alert.label} {RIGHT}\n")
    assert f"- **開始**: {start:%Y-%m-%d %H:%M:%S} JST" in file
    await world.fast_forward(minutes=15)
    await world.expect_message("p0-alerts", contains=RIGHT, pings_here=True)
    for who in ("primary", "secondary"):
        await world.expect_dm(who, contains=RIGHT)
    await world.expect_nothing_more()


async def test_the_line_that_asks_for_the_postmortem_follows(world: World) -> None:
    """The lines that ask for the postmortem follow a corrected title and start, even in an archived thread.

    The incident ended twice, and each line goes on telling its own end.
    """
    alert = await world.triage(SEV1, title=TITLE)
    told = []
    for _ in range(2):
        asked = await world.command("incident resolve", by="primary", number=alert.number)
        await world.human.submit("primary", asked, {})
        told.append(await world.expect_message(alert.thread, contains="解決** · @primary"))
        if len(told) == 1:
            draft = await world.expect_draft(alert.thread)
            await world.fast_forward(minutes=10)
            await world.command("incident reopen", by="primary", number=alert.number, reason="再発")
            await world.expect_message(alert.thread, contains="再開")
    await world.fast_forward(hours=25)
    await world.settle()
    assert await archived(world, alert.thread)
    start = a_while_before(alert, minutes=26 * 60)
    await edit(world, alert, title=RIGHT, started=f"{start:%Y-%m-%d %H:%M}")
    await world.expect_message(alert.thread, contains=f"→ {RIGHT}")
    path = f"`docs/ops/postmortems/{start:%Y-%m-%d}-決済-api-が-5xx.md`"
    for line in told:
        shown = await world.expect_text(line, path)
        assert f"タイムラインの起点は {start:%Y-%m-%d %H:%M:%S} JST" in shown.text
        assert shown.text.split("\n")[0] == line.text.split("\n")[0]
    await world.expect_text(draft, path)
    await world.expect_nothing_more()


async def test_a_private_one_is_corrected(world: World) -> None:
    """The name of its thread tells nothing, before and after; to others there is no such incident."""
    thread, alert = await open_private(world)
    form = await world.command("incident edit", by="primary", channel=thread)
    await world.human.submit("primary", form, {"title": "別の件名"})
    await world.expect_message(thread, contains="→ 別の件名")
    await world.expect_text(alert, "別の件名")
    assert await private_thread(world) == thread
    await expect_hidden(world)
    refused = await world.command("incident edit", by="observer", number=1)
    assert "そのインシデントはありません" in refused.text
    assert refused.modal is None
    await world.expect_nothing_more()
