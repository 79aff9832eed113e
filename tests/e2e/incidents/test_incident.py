"""`/incident`, and the buttons under an alert."""

from tests.e2e.world.alert import affected
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World

TITLE = "QR 決済の完了画面が白い"


async def test_from_the_first_response_to_the_end(world: World) -> None:
    """初動 shows the runbook's steps and commands to one person, details and notes follow, 解決 asks first.

    Then post, thread name and thread say that it is resolved, and the ladder is off. Before, `list` names it,
    and `show` has state, deadline, next steps and the last entries: in its thread without a number, elsewhere
    found by a part of the title.
    """
    alert = await world.declare(SEV1, title=TITLE)
    listed = await world.command("incident list")
    assert alert.label in listed.text
    assert TITLE in listed.text
    choices = await world.human.autocomplete("responder", "general", "incident show", "number", "QR")
    assert [choice["value"] for choice in choices] == [alert.number]
    for shown in (
        await world.command("incident show", number=alert.number),
        await world.command("incident show", channel=alert.thread),
    ):
        for part in (alert.label, TITLE, "未対応", "ack ", "#p0-alerts に @here", "発報"):
            assert part in shown.text
    sheet = await world.click(alert, "初動", by="primary")
    assert "wrangler" in sheet.text
    assert all(message.is_private for message in sheet.messages)
    form = await world.click(alert, "更新", by="responder")
    await world.human.submit("responder", form, affected(form, "t:admin.parky.co.jp", "s:slow"))
    await world.expect_text(alert.post, "admin.parky.co.jp")
    await world.expect_text(alert.post, "レスポンス遅延")
    said = await world.command("incident note", number=alert.number, text="rollback を始めた")
    assert "メモを残しました" in said.text
    await world.expect_message(alert.thread, contains="rollback を始めた")

    asked, second = [await world.click(alert, "解決", by=who) for who in ("responder", "primary")]
    await world.human.submit("responder", asked, {})
    notice = await world.expect_message(alert.thread, contains=f"{alert.label} 解決")
    assert "docs/ops/postmortems/" in notice.text
    await world.expect_draft(alert.thread)
    await world.expect_text(alert.post, "@responder が解決 (")
    await world.settle()
    assert "🟢" in await world.thread_name(alert.thread)
    late = await world.human.submit("primary", second, {"cause": "証明書の期限切れ"})
    assert "@responder が解決済みです" in late.text
    assert "証明書の期限切れ" in late.text
    await world.fast_forward(hours=5)
