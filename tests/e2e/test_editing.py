"""Correcting the title and the start: every post shows the corrected details."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from local_discord.people import Interaction
from tests.e2e.alert import Alert
from tests.e2e.figures import week_told
from tests.e2e.severities import SEV1, SEV2
from tests.e2e.test_drill import MARK
from tests.e2e.test_drill import start as start_drill
from tests.e2e.test_endings import archived
from tests.e2e.test_private import expect_hidden, open_private, private_thread
from tests.e2e.test_timeline import file_of, timeline
from tests.e2e.world import World

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
    """Alert, DM, thread name and first line follow; the deadline stays, and no one is pinged."""
    alert = await world.triage(SEV1, title=TITLE)
    due, start = await ack_due(world, alert), a_while_before(alert, minutes=20)
    form = await world.command("incident edit", by="responder", channel=alert.thread)
    assert TITLE in str(form.modal)
    said = await world.human.submit("responder", form, {"title": RIGHT, "started": f"{start:%Y-%m-%d %H:%M}"})
    assert f"件名 {TITLE} → {RIGHT}" in said.text
    line = await world.expect_message(alert.thread, contains=f"が訂正** 件名 {TITLE} → {RIGHT}")
    assert f"→ {start:%m/%d %H:%M:%S} JST" in line.text
    assert not line.pings_here
    await world.expect_text(alert.start, f"**開始時刻 {start:%Y-%m-%d %H:%M:%S} JST**")
    for post in (alert.post, alert.dms["primary"]):
        shown = await world.expect_text(post, f"開始 {start:%m/%d %H:%M} JST")
        assert RIGHT in shown.text
        assert TITLE not in shown.text
    await expect_name(world, alert, f"{alert.label} 🔴 {RIGHT}")
    assert await ack_due(world, alert) == due
    await world.expect_nothing_more()
    page = await timeline(world, alert)
    told = next(line for line in page.text.split("\n") if "詳細を変更" in line)
    assert f"@responder · 件名 {TITLE} → {RIGHT} · 開始 " in told
    assert f"{alert.thread}/{line.id})" in told
    file = await file_of(world, page, alert.label)
    assert file.startswith(f"# {alert.label} {RIGHT}\n")
    assert f"- **開始**: {start:%Y-%m-%d %H:%M:%S} JST" in file
    await world.fast_forward(minutes=15)
    await world.expect_message("p0-alerts", contains=RIGHT, pings_here=True)
    for who in ("primary", "secondary"):
        await world.expect_dm(who, contains=RIGHT)
    await world.expect_nothing_more()


async def test_two_people_put_it_right_at_once(world: World) -> None:
    """A second edit of the title is refused with its present value; an edit of the start alone is not."""
    alert = await world.triage(SEV2, title=TITLE)
    start = a_while_before(alert, minutes=5)
    first, second, third = [
        await world.command("incident edit", by=who, number=alert.number)
        for who in ("responder", "primary", "secondary")
    ]
    await world.restart_bot()
    await world.human.submit("responder", first, {"title": RIGHT})
    await world.expect_message(alert.thread, contains=f"→ {RIGHT}")
    refused = await world.human.submit("primary", second, {"title": "API が落ちた", "started": "1時間前"})
    assert f"「{RIGHT}」に直されました" in refused.text
    assert "開始時刻も含めて何も反映していません" in refused.text
    assert "**件名**\n```\nAPI が落ちた\n```\n**開始時刻**\n```\n1時間前\n```" in refused.text
    await world.human.submit("secondary", third, {"started": f"{start:%H:%M}"})
    await world.expect_message(alert.thread, contains="@secondary が訂正** 開始")
    await world.expect_text(alert.start, f"{start:%H:%M:%S} JST")
    await world.expect_text(alert.post, RIGHT)
    await world.expect_nothing_more()


async def test_an_ended_one_is_corrected(world: World) -> None:
    """From /incident show, a day later: its thread sleeps under its right name."""
    alert = await world.triage(SEV2, title=TITLE)
    asked = await world.click(alert.post, "解決", by="primary")
    await world.human.press("primary", asked.messages[-1], "解決にする")
    await world.expect_message(alert.thread, contains="解決** · @primary")
    await world.fast_forward(hours=25)
    shown = await world.command("incident show", by="responder", number=alert.number)
    form = await world.human.press("responder", shown.messages[-1], "件名・開始時刻")
    await world.human.submit("responder", form, {"title": RIGHT})
    await world.expect_message(alert.thread, contains=f"→ {RIGHT}")
    await expect_name(world, alert, f"{alert.label} 🟢 {RIGHT}")
    await world.expect_text(alert.post, RIGHT)
    await world.expect_nothing_more()


async def test_the_line_that_asks_for_the_postmortem_follows(world: World) -> None:
    """In a thread that sleeps, as does the digest; it goes on telling its own end, of which there are two."""
    alert = await world.triage(SEV1, title=TITLE)
    told = []
    for _ in range(2):
        asked = await world.command("incident resolve", by="primary", number=alert.number)
        await world.human.press("primary", asked.messages[-1], "解決にする")
        told.append(await world.expect_message(alert.thread, contains="解決** · @primary"))
        if len(told) == 1:
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
    await world.settle()
    assert path in await week_told(world)
    await world.expect_nothing_more()


async def test_what_makes_no_sense_is_said(world: World) -> None:
    """Impossible starts and unchanged forms are refused; a missing role is refused before typing."""
    alert = await world.triage(SEV1, title=TITLE)
    for typed, why in (
        ("2099-01-01 10:00", "未来です"),
        ("さっき", "読めません"),
        ("今", "より後です"),
    ):
        await world.fast_forward(minutes=1)
        refused = await edit(world, alert, started=typed, title="x")
        assert why in refused.text
        assert typed in refused.text
    assert "何も変わっていません" in (await edit(world, alert)).text
    shown = await world.command("incident show", by="observer", number=alert.number)
    for refused in (
        await world.command("incident edit", by="observer", number=alert.number),
        await world.human.press("observer", shown.messages[-1], "ほかの操作", values=["edit"]),
    ):
        assert refused.modal is None
        assert "ロールが必要です" in refused.text
    assert TITLE in (await world.reread(alert.post)).text
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


async def test_a_drill_is_corrected(world: World) -> None:
    """It stays marked."""
    thread, alert = await start_drill(world)
    form = await world.command("incident edit", by="primary", number=1)
    await world.human.submit("primary", form, {"title": "別の件名"})
    told = await world.expect_message(thread, contains="→ 別の件名")
    assert told.text.startswith(MARK)
    shown = await world.expect_text(alert, "別の件名")
    assert shown.content.removeprefix("@here ").startswith(MARK)
    await world.settle()
    assert (await world.thread_name(thread)).startswith(MARK)
    assert "別の件名" in await world.thread_name(thread)
    await world.expect_nothing_more()
