"""Corrections: every post is updated, and the earlier text can still be read."""

from local_discord.client import Interaction
from tests.e2e.timeline.test_timeline import file_of, timeline
from tests.e2e.world.alert import Alert
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World

TITLE = "決済 API が 5xx"


async def told(world: World, **fields: str) -> Alert:
    """A SEV1 with @primary as responder and a posted update."""
    alert = await world.triage(SEV1, title=TITLE)
    await world.react(alert, by="primary")
    await world.expect_acknowledged(alert, by="primary")
    form = await world.click(alert.post, "更新", by="primary")
    await world.human.submit("primary", form, fields)
    await world.expect_message(alert.thread, contains="✏️ **更新 ")
    return alert


async def correct(world: World, alert: Alert, *, by: str) -> Interaction:
    """The form about the only entry that can be put right."""
    page = await timeline(world, alert, by=by)
    choice = next(iter((page.control("訂正する").options or {}).values()))
    return await world.human.press(by, page, "訂正する", values=[choice])


async def test_two_people_put_one_update_right(world: World) -> None:
    """Two people correct one update from forms opened at once: one the words, the other the impact.

    The bot restarts in between. Alert, card, page and file follow, without a ping; a form that changes
    nothing says so.
    """
    alert = await told(world, known="DB が原因", impact="全員")
    words, impact, same = [
        await correct(world, alert, by=who) for who in ("responder", "secondary", "primary")
    ]
    assert "DB が原因" in str(words.modal)
    assert "全員" in str(words.modal)
    await world.restart_bot()
    await world.human.submit("responder", words, {"text": "DNS が原因"})
    line = await world.expect_message(alert.thread, contains="~~DB が原因~~ DNS が原因")
    assert not line.pings_here
    await world.human.submit("secondary", impact, {"impact": ""})
    line = await world.expect_message(alert.thread, contains="**影響：** ~~全員~~ なし")
    assert "DB が原因" not in line.text
    assert "何も変わっていません" in (await world.human.submit("primary", same, {})).text
    for post in (alert.post, alert.card):
        await world.expect_text(post, "DNS が原因")
    sheet = await world.click(alert.card, "コマンド", by="primary")
    assert "DNS が原因" in sheet.text
    assert "**影響：**" not in sheet.text
    page = await timeline(world, alert)
    told_line = next(line for line in page.text.split("\n") if "状況報告" in line)
    assert "~~DB が原因~~ DNS が原因 (訂正 @secondary" in told_line
    row = next(row for row in (await file_of(world, page, alert.label)).split("\n") if "状況報告" in row)
    assert "~~DB が原因~~<br>DNS が原因<br>" in row
    form = await world.click(alert.post, "更新", by="primary")
    assert "全員" not in str(form.modal)
    await world.expect_nothing_more()
