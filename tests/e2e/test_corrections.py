"""Corrections: every post is updated, and the earlier text can still be read."""

from local_discord.people import Interaction
from tests.e2e.alert import Alert
from tests.e2e.severities import SEV1
from tests.e2e.test_timeline import file_of, timeline
from tests.e2e.world import World

TITLE = "決済 API が 5xx"


async def told(world: World, **fields: str) -> Alert:
    """A SEV1 with @primary as responder and a posted update."""
    alert = await world.triage(SEV1, title=TITLE)
    await world.react(alert, by="primary")
    await world.expect_acknowledged(alert, by="primary")
    form = await world.click(alert.post, "更新", by="primary")
    await world.human.submit("primary", form, fields)
    await world.expect_message(alert.thread, contains="📣 **更新 ")
    return alert


async def correct(world: World, alert: Alert, *, by: str) -> Interaction:
    """The form about the only entry that can be put right."""
    page = await timeline(world, alert, by=by)
    choice = next(iter((page.control("訂正する").options or {}).values()))
    return await world.human.press(by, page, "訂正する", values=[choice])


async def expect_gone(world: World, alert: Alert, words: str) -> None:
    """The card is edited until it does not say so any more."""

    async def look() -> bool | None:
        return None if words in (await world.reread(alert.card)).text else True

    await world.human.until(look, f"a card without {words!r}")


async def test_the_impact_of_an_update_is_corrected(world: World) -> None:
    """One form corrects words and impact; alert, card, page and file follow, without a ping."""
    alert = await told(world, known="DB が原因", impact="全員")
    form = await correct(world, alert, by="responder")
    assert "DB が原因" in str(form.modal)
    assert "全員" in str(form.modal)
    await world.human.submit("responder", form, {"text": "DNS が原因", "impact": "決済の 3 割"})
    line = await world.expect_message(alert.thread, contains="~~DB が原因~~ DNS が原因")
    assert "**影響** ~~全員~~ 決済の 3 割" in line.text
    assert not line.pings_here
    shown = await world.expect_text(alert.card, "**影響** 決済の 3 割")
    assert "全員" not in shown.text
    for post in (alert.post, alert.card):
        await world.expect_text(post, "DNS が原因")
    page = await timeline(world, alert)
    told_line = next(line for line in page.text.split("\n") if "状況報告" in line)
    assert "~~DB が原因~~ DNS が原因 (訂正 @responder" in told_line
    assert "影響: ~~全員~~ 決済の 3 割" in told_line
    row = next(row for row in (await file_of(world, page, alert.label)).split("\n") if "状況報告" in row)
    assert "~~DB が原因~~<br>DNS が原因<br>" in row
    assert "影響: ~~全員~~ 決済の 3 割" in row
    await world.expect_nothing_more()


async def test_two_people_put_one_update_right(world: World) -> None:
    """From forms opened at once, after a restart: one changes the words, the other takes the impact out."""
    alert = await told(world, known="DB が原因", impact="全員")
    words, impact = [await correct(world, alert, by=who) for who in ("responder", "secondary")]
    await world.restart_bot()
    await world.human.submit("responder", words, {"text": "DNS が原因"})
    await world.expect_message(alert.thread, contains="~~DB が原因~~ DNS が原因")
    await world.human.submit("secondary", impact, {"impact": ""})
    line = await world.expect_message(alert.thread, contains="**影響** ~~全員~~ なし")
    assert "DB が原因" not in line.text
    await world.expect_text(alert.card, "DNS が原因")
    await expect_gone(world, alert, "**影響**")
    form = await world.click(alert.post, "更新", by="primary")
    assert "全員" not in str(form.modal)
    await world.expect_nothing_more()


async def test_two_people_put_the_same_words_right(world: World) -> None:
    """The second editor sees the first edit and keeps their own text; an unchanged form says so."""
    alert = await told(world, known="DB が原因", impact="全員")
    first, words, impact, unchanged = [
        await correct(world, alert, by=who) for who in ("responder", "secondary", "secondary", "primary")
    ]
    await world.human.submit("responder", first, {"text": "DNS が原因", "impact": "半分"})
    await world.expect_message(alert.thread, contains="~~DB が原因~~ DNS が原因")
    for form, fields, now, name, typed in (
        (words, {"text": "LB が原因"}, "「DNS が原因」に訂正されました", "分かっていること", "LB が原因"),
        (impact, {"impact": "決済の 3 割"}, "「半分」に訂正されました", "影響", "決済の 3 割"),
    ):
        refused = await world.human.submit("secondary", form, fields)
        assert now in refused.text
        assert "何も反映していません" in refused.text
        assert refused.text.endswith(f"書いた内容:\n**{name}**\n```\n{typed}\n```")
    assert "何も変わっていません" in (await world.human.submit("primary", unchanged, {})).text
    await world.expect_text(alert.card, "DNS が原因")
    await world.expect_nothing_more()


async def test_an_update_that_would_be_empty_comes_back(world: World) -> None:
    """A correction that would empty an update is refused, and the update stays."""
    alert = await told(world, known="DB が原因")
    form = await correct(world, alert, by="responder")
    refused = await world.human.submit("responder", form, {"text": ""})
    assert "この状況報告には何も残りません" in refused.text
    await world.expect_text(alert.card, "DB が原因")
    await world.expect_nothing_more()


async def test_two_people_put_the_same_time_right(world: World) -> None:
    """The second sees which time the first gave."""
    alert = await world.triage(SEV1, title=TITLE)
    await world.command("incident note", number=alert.number, text="rollback を始めた", at="5分前")
    await world.expect_message(alert.thread, contains="rollback")
    first, second = [await correct(world, alert, by=who) for who in ("responder", "secondary")]
    await world.human.submit("responder", first, {"at": "10分前"})
    await world.expect_message(alert.thread, contains="が訂正")
    refused = await world.human.submit("secondary", second, {"at": "8分前"})
    assert "この記録の時刻は、この画面を開いたあとで" in refused.text
    assert "JST に訂正されました" in refused.text
    assert refused.text.endswith("```\n8分前\n```")
    await world.expect_nothing_more()
