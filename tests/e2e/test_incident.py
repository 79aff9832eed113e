"""`/incident`, and the buttons under an alert."""

from tests.e2e.severities import SEV1, SEV2
from tests.e2e.world import World

TITLE = "QR 決済の完了画面が白い"


async def test_list_and_show(world: World) -> None:
    """`list` names open incidents; `show` has state, deadline, next steps and the last entries."""
    alert = await world.triage(SEV1, title=TITLE)
    listed = await world.command("incident list")
    assert alert.label in listed.text
    assert TITLE in listed.text
    shown = await world.command("incident show", number=alert.number)
    for part in (TITLE, "未対応", "ack 期限", "#p0-alerts に @here", "発報"):
        assert part in shown.text


async def test_show_in_the_thread_needs_no_number(world: World) -> None:
    """In the incident's thread it is clear which one is meant."""
    alert = await world.triage(SEV2, title=TITLE)
    shown = await world.command("incident show", channel=alert.thread)
    assert alert.label in shown.text


async def test_autocomplete_offers_open_incidents(world: World) -> None:
    """Typing a part of the title finds the number."""
    alert = await world.triage(SEV1, title=TITLE)
    choices = await world.human.autocomplete("responder", "general", "incident show", "number", "QR")
    assert [choice["value"] for choice in choices] == [alert.number]


async def test_note_is_posted_in_the_thread(world: World) -> None:
    """A note is on the timeline and in the thread, once."""
    alert = await world.triage(SEV1, title=TITLE)
    said = await world.command("incident note", number=alert.number, text="rollback を始めた")
    assert "メモを残しました" in said.text
    await world.expect_message(alert.thread, contains="rollback を始めた")
    await world.expect_nothing_more()


async def test_resolving_asks_once_and_tells_the_thread(world: World) -> None:
    """解決 asks first; then post, thread name and thread say so, and the ladder is off."""
    alert = await world.triage(SEV1, title=TITLE)
    asked = await world.click(alert, "解決", by="responder")
    await world.human.press("responder", asked.messages[-1], "解決にする")
    notice = await world.expect_message(alert.thread, contains=f"{alert.label} 解決")
    assert "docs/ops/postmortems/" in notice.text
    await world.expect_text(alert.post, "🟢 SEV1 · 解決")
    await world.settle()
    assert "🟢" in await world.thread_name(alert.thread)
    again = await world.command("incident resolve", number=alert.number)
    assert "@responder が解決済みです" in again.text
    await world.fast_forward(hours=5)
    await world.expect_nothing_more()


async def test_first_response_sheet(world: World) -> None:
    """初動 shows the runbook's steps and commands for the severity, to the person alone."""
    alert = await world.triage(SEV1, title=TITLE)
    sheet = await world.click(alert, "初動", by="primary")
    assert "wrangler" in sheet.text
    assert all(message.is_private for message in sheet.messages)


async def test_details_can_follow(world: World) -> None:
    """After `/sev1` targets and symptoms are filled in later, and the alert shows them."""
    alert = await world.declare(SEV1, title=TITLE)
    form = await world.click(alert, "更新", by="responder")
    fields = {"targets": ["admin.parky.co.jp"], "symptoms": ["slow"]}
    await world.human.submit("responder", form, fields)
    await world.expect_text(alert.post, "admin.parky.co.jp")
    await world.expect_text(alert.post, "レスポンス遅延")
