"""`/triage`: from "something is wrong" to the right alert. Source: the runbook, Triage 判定フロー."""

from bot.demo.triage_walk import CONFIRM, TriageReport, TriageWalk
from tests.e2e.timeline.test_timeline import file_of, timeline
from tests.e2e.world.severities import NO, SEV1, SEV2, SEV3, YES
from tests.e2e.world.world import World
from tests.patience import PATIENCE_S

TITLE = "決済 API が 5xx"
REPORT = TriageReport(TITLE, targets=["api.parky.co.jp"], symptoms=["errors"])
# Discord: types of interactions.
_COMMAND, _BUTTON, _FORM = 2, 3, 5
#: What an alert begins with until somebody is on it.
_SIGNS = {"SEV1": "🔴", "SEV2": "🟠", "SEV3": "🔵"}


async def test_each_branch_leads_to_its_alert(world: World) -> None:
    """Channel, mention, thread and DM are the runbook's for each severity; `/sev1` raises it at once."""
    for severity in (SEV1, SEV2, SEV3):
        alert = await world.triage(severity, title=f"{severity.name} {TITLE}")
        line = f"{_SIGNS[severity.name]} {severity.name} · {severity.name} {TITLE} · **未対応** · ack "
        assert alert.post.content.startswith(f"@here {line}" if severity.rings else line)
        assert "api.parky.co.jp" in alert.post.text
        assert "報告 @responder" in alert.post.text
        assert f"{alert.label} 🔴" in await world.thread_name(alert.thread)
    for severity in (SEV1, SEV2, SEV3):
        alert = await world.declare(severity, title=f"{severity.name} 別の障害")
        assert alert.post.content.startswith("@here " if severity.rings else _SIGNS[severity.name])


async def test_four_clicks_and_one_text_field(world: World) -> None:
    """送信, はい, はい, 発報する; only the title has to be typed, the rest is optional or filled in.

    The card names everything that confirming does.
    """
    walk = TriageWalk(world.human, "responder", "general")
    since = await world.human.log_end()
    form = await walk.open_form()
    assert form.modal is not None
    fields = {label["component"]["custom_id"]: label["component"] for label in form.modal["components"]}
    asked = [name for name, field in fields.items() if field["required"] and not field.get("value")]
    assert asked == ["title"]
    sent = await world.human.submit("responder", form, {"title": TITLE})
    card = sent.messages[-1]
    assert "「わからない」は安全側で「はい」として扱います" in card.text
    card = await walk.answer(card, YES, YES)
    for part in (
        "SEV1 / P0",
        "本番影響あり → 影響大",
        "#p0-alerts に @here で通知",
        "15 分以内に ack",
        "当番 @primary に DM",
        "#p0-alerts にスレッドを開く",
    ):
        assert part in card.text
    assert card.is_private
    await walk.press(card, CONFIRM)
    await world.expect_alert(SEV1, TITLE)
    seen = [entry["frame"] for entry in await world.human.log(since=since) if entry["kind"] == "gateway"]
    pressed = [frame["d"]["type"] for frame in seen if frame.get("t") == "INTERACTION_CREATE"]
    assert pressed == [_COMMAND, _FORM, _BUTTON, _BUTTON, _BUTTON], "the command, and four clicks"


async def test_going_back_and_changing_by_hand(world: World) -> None:
    """An answer can be taken back, and the severity chosen over the tree's; "5 min ago" becomes a moment.

    Buttons pressed after a kill and restart continue the triage where it was, with every answer.
    """
    walk = TriageWalk(world.human, "responder", "general")
    report = TriageReport(TITLE, targets=REPORT.targets, symptoms=REPORT.symptoms, started="5 min ago")
    card = await walk.answer(await walk.begin(report), YES)
    await world.restart_bot()
    card = await walk.answer(card, YES, "戻る", NO)
    assert "SEV2 / P1" in card.text
    await world.restart_bot()
    card = await walk.press(card, "重大度を変える", values=["SEV3"])
    assert "SEV3 / P2" in card.text
    assert "手動で選択 (@responder " in card.text
    assert "判定フローでは SEV2)" in card.text
    await walk.press(card, CONFIRM)
    alert = await world.expect_alert(SEV3, TITLE)
    assert "本番影響あり → 一部の影響 → 手動で SEV3" in alert.post.text
    [row] = await world.rows("SELECT triggered_at - started_at AS ago FROM incidents")
    assert 300 <= row["ago"].total_seconds() < 300 + PATIENCE_S
    over = "判定フローの SEV2 ではなく SEV3 を手動で選択"
    page = await timeline(world, alert)
    assert over in page.text
    assert f"@responder {over}" in await file_of(world, page, alert.label)
    await world.human.change("member", user="responder", locale="en-US")
    assert "chose SEV3 by hand instead of the tree's SEV2" in (await timeline(world, alert)).text
