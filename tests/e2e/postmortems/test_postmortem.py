"""Show a SEV1 that is resolved with the form, and its postmortem: required, reminded of, and completed."""

from datetime import timedelta

from tests.e2e.world.alert import Alert
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World

TITLE = "決済 API が 5xx"
LEFT = "SELECT remind_at - now() AS left FROM postmortems"


async def acknowledged(world: World) -> Alert:
    """Return a SEV1 that the primary is on, with one status update."""
    alert = await world.declare(SEV1, title=TITLE)
    await world.react(alert, by="primary")
    await world.expect_acknowledged(alert, by="primary")
    form = await world.click(alert, "更新", by="primary")
    await world.human.submit("primary", form, {"known": "rollback した", "impact": "決済の 3 割"})
    await world.expect_message(alert.thread, contains="rollback した")
    return alert


async def pass_reminder(world: World) -> None:
    """Move the time on to the next reminder, by the row, and a minute more."""
    [row] = await world.rows(LEFT)
    await world.shift(minutes=(row["left"] + timedelta(minutes=1)) / timedelta(minutes=1))


async def test_an_owed_postmortem_is_asked_for_until_it_is_done(world: World) -> None:
    """The post says how it was resolved and who writes by when; each reminder comes once, over kills.

    Two people had the form open: the second hears who was first, and gets the words back. At the resolve, a
    day before the date and a day after it the owner has a DM, then the thread asks; the button ends it.
    """
    alert = await acknowledged(world)
    form, late = [await world.click(alert, "解決", by=who) for who in ("responder", "secondary")]
    assert form.modal is not None
    said = await world.human.submit("responder", form, {"cause": "接続プールの枯渇", "extent": "約 120 人"})
    assert "担当：@primary" in said.text
    told = await world.expect_message(alert.thread, contains="INC-1 解決")
    for part in ("原因：接続プールの枯渇", "対処：rollback した", "決済の 3 割 · 120 人", "担当：@primary"):
        assert part in told.text
    await world.expect_draft(alert.thread)
    await world.expect_dm("primary", contains="postmortem の担当はあなたです")
    post = await world.expect_text(alert.post, "原因：接続プールの枯渇")
    assert "📝 postmortem：@primary" in post.text
    refused = await world.human.submit("secondary", late, {"cause": "DNS"})
    assert "@responder が解決済みです" in refused.text
    assert "DNS" in refused.text

    await world.settle()
    await world.kill_bot()
    await pass_reminder(world)
    await world.start_bot()
    before = await world.expect_dm("primary", contains="INC-1 の postmortem")
    await world.die_and_return()
    await world.settle()
    await pass_reminder(world)
    await world.expect_dm("primary", contains="期限")
    await world.settle()
    await world.restart_bot()
    await world.settle()
    await pass_reminder(world)
    line = await world.expect_message(alert.thread, contains="postmortem の期限")
    assert [user["username"] for user in line.raw["mentions"]] == ["primary"]

    said = await world.human.press("primary", before, "書いた")
    assert "postmortem を済みにしました" in said.text
    await world.expect_message(alert.thread, contains="postmortem は済みました")
    await world.expect_text(alert.post, "📝 postmortem：済 · @primary")
    await world.fast_forward(days=1)
    await world.expect_nothing_more()


async def test_a_correction_reaches_every_post(world: World) -> None:
    """A correction by the button after a restart updates every post, without pings or duplicates."""
    alert = await acknowledged(world)
    form = await world.command("incident resolve", channel=alert.thread)
    await world.human.submit("responder", form, {})
    await world.expect_message(alert.thread, contains="INC-1 解決")
    await world.expect_draft(alert.thread)
    await world.expect_dm("primary", contains="postmortem の担当はあなたです")
    await world.expect_text(alert.post, "対処：rollback した")
    await world.restart_bot()
    form = await world.click(alert, "解決の内容", by="primary")
    said = await world.human.submit("primary", form, {"cause": "証明書の期限切れ"})
    assert "直しました" in said.text
    line = await world.expect_message(alert.thread, contains="解決の内容を直しました")
    assert "対処：rollback した" in line.text
    await world.expect_text(alert.post, "原因：証明書の期限切れ")
    await world.expect_text(alert.card, "原因：証明書の期限切れ")
    shown = await world.command("incident timeline", channel=alert.thread)
    assert "解決の内容を訂正" in shown.text
    given = await world.command("postmortem owner", channel=alert.thread, user="secondary")
    assert "@secondary に任せました" in given.text
    await world.expect_dm("secondary", contains="任されました")
    await world.expect_message(alert.thread, contains="@primary から @secondary")
    await world.expect_nothing_more()
