"""Alerts posted by monitors are tracked, counted, acknowledged, escalated, and turned into incidents."""

from http import HTTPStatus

import pytest

from bot.demo.process import ChildDied
from bot.demo.triage_walk import CONFIRM, TriageWalk
from local_discord.client import Message
from tests.e2e.alerts.monitor import TITLE, Monitor, answer_press
from tests.e2e.conftest import MakeWorld
from tests.e2e.world.severities import SEV1, YES
from tests.e2e.world.world import World

#: Messages, and how many alerts they are.
STORM = (60, 6)

#: Nobody waits a second for an answer; a little more on a machine that runs all tests.
_FORM_WITHIN_MS = 1_200

EMBED = {
    "title": f"ALERT: {TITLE}",
    "description": "5xx 12.5% (14:05)",
    "fields": [{"name": "Service", "value": "api.parky.co.jp"}],
}


@pytest.fixture
def world(reading: World) -> World:
    """A world whose bot may read other people's messages."""
    return reading


async def status(world: World) -> list[str]:
    """Of every incident, oldest first."""
    return [row["status"] for row in await world.rows("SELECT status FROM incidents ORDER BY id")]


async def acknowledged(world: World, answer: Message, *, by: str) -> None:
    """The answer says who is on it."""
    await world.expect_text(answer, f"**@{by} が対応中")


async def test_an_alert_is_tracked_and_eyes_on_it_acknowledge(world: World) -> None:
    """The bot answers with the details, and 👀 on the monitor's own message stops the ladder.

    An observer's 👀 does not count, and the buttons say which role is needed.
    """
    posted, answer = await Monitor(world, "p0-alerts").alert("", embeds=[EMBED])
    assert answer.content.startswith(f"@here 🔴 SEV1 · {TITLE}: api.parky.co.jp · **未対応** · ack ")
    await world.expect_dm("primary", contains=TITLE)
    await world.settle()
    shown = await world.reread(answer)
    assert [found["emoji"]["name"] for found in shown.raw["reactions"]] == ["👀"]
    for label in ("ack", "インシデントにする", "その他"):
        said = await world.click(answer, label, by="observer")
        assert "responder" in said.text, said.text
    await world.react(posted, by="observer")
    await world.settle()
    assert await status(world) == ["triggered"]
    await world.react(posted, by="primary")
    await acknowledged(world, answer, by="primary")
    await world.fast_forward(minutes=16)
    await world.expect_nothing_more()
    [row] = await world.rows("SELECT kind, targets, thread_id FROM incidents")
    assert (row["kind"], row["targets"], row["thread_id"]) == ("alert", ["api.parky.co.jp"], None)


async def test_nobody_acknowledges_so_it_escalates(world: World) -> None:
    """A monitor's alert without an ack is escalated by its severity's ladder; then the button acknowledges.

    The bot restarts and the monitor's message is deleted before the deadline.
    """
    posted, answer = await Monitor(world, "p0-alerts").alert()
    await world.expect_dm("primary", contains=TITLE)
    await world.settle()
    await world.restart_bot()
    await world.human.delete("admin", posted)
    await world.fast_forward(minutes=15)
    await world.expect_message("p0-alerts", contains="から未対応", pings_here=True)
    for who in ("primary", "secondary"):
        await world.expect_dm(who, contains=TITLE)
    await world.click(answer, "ack", by="secondary")
    await acknowledged(world, answer, by="secondary")


async def counted(world: World, times: int) -> None:
    """Wait until the alert counts that many messages; answers to people do not wait for the count."""

    async def look() -> bool | None:
        rows = await world.rows("SELECT FROM incidents WHERE occurrences = $1", times)
        return True if rows else None

    await world.human.until(look, f"{times} times")


async def test_the_same_alert_again_is_counted(world: World) -> None:
    """Other figures, seen by two bots, the same alert: the first answer counts, over a restart, too.

    👀 on a later message acknowledges as well.
    """
    await world.start_bot()
    monitor = Monitor(world)
    _, answer = await monitor.alert("API latency 812 ms")
    await world.expect_dm("primary", contains="latency")
    for number in range(3):
        last = await monitor.post(f"API latency {number},907.5 ms")
    await counted(world, 4)
    await world.fast_forward(minutes=1)
    shown = await world.expect_text(answer, "×4 · 最終 ")
    assert "**未対応**" in shown.content
    await world.react(last, by="primary")
    await acknowledged(world, answer, by="primary")
    await world.restart_bot()
    await monitor.post("API latency 1 ms")
    await counted(world, 5)
    await world.fast_forward(minutes=1)
    await world.expect_text(answer, "×5")
    assert await status(world) == ["acknowledged"]


async def test_a_click_makes_it_an_incident(world: World) -> None:
    """Declaring an alert posts an incident with a thread that begins at the alert; the reply links to it.

    A person who triages the monitor's message, or presses on the old reply, is shown that incident.
    """
    monitor = Monitor(world)
    posted, answer = await monitor.alert()
    await world.expect_dm("primary", contains=TITLE)
    form = await world.human.context("secondary", "p1-ops", "Triage this message", posted)
    others = await world.click(answer, "その他", by="responder")
    await world.settle()
    old_post = f"PATCH /channels/*/messages/{answer.id}"
    await world.fault(route=old_post, delay_s=2)  # it stands a little longer
    said = await world.click(answer, "インシデントにする", by="responder")
    assert "INC-1 をインシデントにしました" in said.text
    said = await world.human.press("responder", others.messages[-1], "誤報")
    assert "INC-1 はすでにインシデントです" in said.text
    post = await world.ledger.expect("p1-ops", TITLE, where=lambda found: "ALERT-1" not in found.text)
    root = await world.ledger.expect("p0-alerts", TITLE)
    await world.expect_text(root, "INC-1")
    await world.idle()
    start = await world.ledger.expect(root.id, "開始時刻")
    await world.ledger.expect(root.id, "SEV2")
    seconds = posted.at.astimezone().strftime(":%S")
    assert f"{seconds} JST" in start.content
    await world.expect_text(answer, post.id)
    await world.restart_bot()
    told = await world.human.submit("secondary", form, {"title": "別の件名"})
    assert "すでに INC-1 として発報されています" in told.text
    assert {"重大度", "更新"} <= {control.label.split()[-1] for control in told.messages[-1].controls}
    assert await status(world) == ["triggered"]
    assert await world.rows("SELECT FROM triages") == []
    again = await world.click(await world.reread(post), "ack", by="primary")
    assert "INC-1" in again.text
    await monitor.post()
    await world.fast_forward(minutes=1)
    assert [row["occurrences"] for row in await world.rows("SELECT occurrences FROM incidents")] == [2]


async def test_a_false_alarm_is_closed(world: World) -> None:
    """A false alarm closes the alert without a ping, and a press at the same time gets a clear answer.

    If the alert comes again, it is a new one.
    """
    monitor = Monitor(world, "p0-alerts")
    _, answer = await monitor.alert()
    await world.expect_dm("primary", contains=TITLE)
    old = answer.control("インシデントにする")
    await world.settle()
    await world.fault(route=f"PATCH /channels/*/messages/{answer.id}", delay_s=2)  # it stands a little longer
    said = await world.click(answer, "誤報", by="responder")
    assert "誤報として閉じました" in said.text
    late = await world.human.click("primary", answer.id, old)
    assert "ALERT-1" in late.text
    assert late.state == "responded"
    assert await status(world) == ["cancelled"]
    await world.expect_text(answer, f"⚪ SEV1 · {TITLE} · **@responder が取消")
    await world.fast_forward(minutes=16)
    await world.expect_nothing_more()
    await monitor.alert()
    await world.expect_dm("primary", contains=TITLE)


async def test_a_triage_of_it_makes_it_the_incident(world: World) -> None:
    """The form, from its menu and from 🔎, starts with the alert's words, without the monitor's "ALERT:".

    The alert becomes the incident, and a higher severity pages.
    """
    posted, answer = await Monitor(world).alert()
    await world.expect_dm("primary", contains=TITLE)
    by_menu = await world.human.context("responder", "p1-ops", "Triage this message", posted)
    by_button = await world.click(answer, "トリアージ", by="responder")
    for form in (by_menu, by_button):
        assert form.modal is not None
        (title,) = (
            label["component"]["value"]
            for label in form.modal["components"]
            if label["component"]["custom_id"] == "title"
        )
        assert title == TITLE
    sent = await world.human.submit("responder", by_button, {"title": TITLE, "symptoms": ["errors"]})
    walk = TriageWalk(world.human, "responder", "p1-ops")
    await walk.answer(sent.messages[-1], YES, YES, CONFIRM)
    alert = await world.expect_alert(SEV1, TITLE)
    assert alert.number == 1
    assert "本番影響あり → 影響大" in alert.post.text
    await world.expect_text(answer, alert.post.id)
    assert await status(world) == ["triggered"]


@pytest.mark.quiet
async def test_a_slow_discord_does_not_keep_the_form_from_anybody(world: World) -> None:
    """The triage form opens in time, without the message's words, when Discord is slow to give the message.

    The words are read once the form comes back.
    """
    posted, answer = await Monitor(world).alert(f"{TITLE}\nrequest-id 4711")
    await world.expect_dm("primary", contains=TITLE)
    await world.fault(route=f"GET /channels/*/messages/{posted.id}", times=1, delay_s=3.0)
    opened = await world.click(answer, "トリアージ", by="responder")
    assert opened.modal is not None
    assert opened.first_response_ms is not None
    assert opened.first_response_ms < _FORM_WITHIN_MS
    sent = await world.human.submit("responder", opened, {"title": TITLE})
    assert "request-id 4711" in sent.messages[-1].text


async def test_posted_while_the_bot_was_down(world: World) -> None:
    """Read from the channel at the start: one is tracked late, one has been acknowledged meanwhile.

    What an app answers to a press under its post, by a webhook, is no alert, live or missed.
    """
    monitor = Monitor(world)
    first, _ = await monitor.alert("first")
    await world.expect_dm("primary", contains="first")
    await answer_press(world, first, content="Resolved by @responder", by="responder")
    await world.fast_forward(minutes=2)
    await world.kill_bot()
    await answer_press(world, first, content="Archived by @responder", by="responder")
    missed = await monitor.post("disk full")
    seen = await monitor.post("queue stuck")
    await world.react(seen, by="primary")
    await world.shift(minutes=20)
    await world.start_bot()
    late = await monitor.answer(missed)
    assert "disk full" in late.content
    await world.expect_dm("primary", contains="disk full")
    await acknowledged(world, await monitor.answer(seen), by="primary")
    await world.settle()
    titles = [
        (row["title"], row["status"]) for row in await world.rows("SELECT * FROM incidents ORDER BY id")
    ]
    assert titles == [("first", "triggered"), ("disk full", "triggered"), ("queue stuck", "acknowledged")]
    world.ledger.forgive("dm:primary")  # whether the 👀 was read before the page went out is a race


async def test_posted_in_a_gap_of_the_gateway(world: World) -> None:
    """The event is lost with the connection; the message is not."""
    monitor = Monitor(world)
    await world.fast_forward(minutes=2)
    await world.fault(gateway="invalidate")
    await monitor.alert()  # a resume that is refused waits up to 5 s, and so does an IDENTIFY
    await world.expect_dm("primary", contains=TITLE)


async def test_a_storm(world: World) -> None:
    """Many messages of a few alerts: as many incidents as alerts, each post true, few requests."""
    messages, alerts = STORM
    since = await world.human.log_end()
    for number in range(messages):
        words = f"ALERT: worker-{number % alerts} is down for {number} s"
        await world.human.post_webhook("p1-ops", "Parky API", words)
    await world.fast_forward(minutes=2)
    await world.settle()
    rows = await world.rows("SELECT occurrences FROM incidents ORDER BY id")
    assert [row["occurrences"] for row in rows] == [messages // alerts] * alerts
    shown = [found.content for found in await world.posts("p1-ops") if "**未対応**" in found.content]
    assert len(shown) == alerts
    assert all(f"×{messages // alerts}" in content for content in shown)
    entries = await world.human.log(since=since)
    # A limit is learnt by meeting it: a few at the beginning, not one per message.
    refused = [entry for entry in entries if entry.get("status") == HTTPStatus.TOO_MANY_REQUESTS]
    assert len(refused) < messages // 4
    world.ledger.forgive("p1-ops", "dm:primary")
    for number in range(alerts):  # one by one, or several in one message: they came at the same moment
        await world.human.see("dm:primary", f"worker-{number} ")


async def test_without_the_intent_it_is_tracked_unread(make_world: MakeWorld) -> None:
    """Without the message content intent, the sender and channel make an alert's title and fingerprint."""
    async with make_world() as world:
        await world.start_bot()
        monitor = Monitor(world, "p0-alerts")
        posted, answer = await monitor.alert()
        assert "#p0-alerts の通知 (Parky API)" in answer.content
        await world.expect_dm("primary", contains="#p0-alerts の通知")
        await monitor.post("something else altogether")
        await world.fast_forward(minutes=1)
        await world.expect_text(answer, "×2")
        other = Monitor(world, "p0-alerts", name="Sentry")
        await other.alert()
        await world.expect_dm("primary", contains="Sentry")
        await world.react(posted, by="primary")
        await acknowledged(world, answer, by="primary")
        assert await status(world) == ["acknowledged", "triggered"]


async def test_the_intent_is_not_granted(make_world: MakeWorld) -> None:
    """MESSAGE_CONTENT=true without the portal's switch ends with one line that says what to do."""
    async with make_world(MESSAGE_CONTENT="true") as world:
        with pytest.raises(ChildDied, match=r"error: MESSAGE_CONTENT: Discord refuses the intent \(4014\)"):
            await world.start_bot()
