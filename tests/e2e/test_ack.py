"""Acknowledging: where a 👀 counts, from whom, and when its event was lost."""

import pytest

from tests.e2e.severities import SEV1, SEV2, SEV3
from tests.e2e.world import World

TITLE = "精算機が応答しない"


async def test_eyes_acknowledge(world: World) -> None:
    """👀 on the alert, the thread's post, its first message or the DM stops the ladder."""
    alerts = [await world.triage(SEV2, title=f"{TITLE} {number}") for number in range(4)]
    first, second, third, fourth = alerts
    for place in (first.post, second.root, third.start, fourth.dms["primary"]):
        await world.react(place, by="primary")
    for alert in alerts:
        await world.expect_acknowledged(alert, by="primary")
    await world.fast_forward(hours=9)
    for alert in alerts:
        await world.expect_reminder(alert)
    await world.expect_nothing_more()


async def test_a_super_reaction_acknowledges(world: World) -> None:
    """By its event, and by the look before the deadline when that was lost: Discord lists it apart."""
    heard = await world.triage(SEV2, title=f"{TITLE} 1")
    await world.settle()
    await world.human.react("primary", heard.post, "👀", burst=True)
    await world.expect_acknowledged(heard, by="primary")
    missed = await world.triage(SEV1, title=f"{TITLE} 2")
    await world.settle()
    await world.fault(gateway="lose", event="MESSAGE_REACTION_ADD", times=1)
    await world.human.react("primary", missed.post, "👀", burst=True)
    await world.fast_forward(minutes=16)
    await world.expect_acknowledged(missed, by="primary")
    await world.expect_nothing_more()


async def test_button_acknowledges(world: World) -> None:
    """[👀 ack] does the same and answers only the person who pressed it.

    In a DM, which the on-call reads on the lock screen, the roles are not in the event.
    """
    for number in range(2):
        alert = await world.triage(SEV2, title=f"{TITLE} {number}")
        said = await world.click((alert.post, alert.root)[number], "ack", by="secondary")
        assert f"{alert.label} はあなたが対応中です" in said.text
        assert all(message.is_private for message in said.messages)
        await world.expect_acknowledged(alert, by="secondary")
    alert = await world.triage(SEV1, title=TITLE)
    await world.human.press("primary", alert.dms["primary"], "ack")
    await world.expect_acknowledged(alert, by="primary")


async def test_buttons_outlive_a_restart(world: World) -> None:
    """A button that an earlier process posted still works."""
    alert = await world.triage(SEV1, title=TITLE)
    await world.settle()
    await world.restart_bot()
    await world.click(alert, "ack", by="primary")
    await world.expect_acknowledged(alert, by="primary")


async def test_first_wins_and_others_join(world: World) -> None:
    """The second 👀 makes a responder, and the alert still names the first."""
    alert = await world.triage(SEV1, title=TITLE)
    await world.react(alert, by="primary")
    await world.expect_acknowledged(alert, by="primary")
    await world.react(alert.start, by="secondary")
    await world.settle()
    rows = await world.rows("SELECT name FROM responders ORDER BY joined_at")
    assert [row["name"] for row in rows] == ["primary", "secondary"]
    await world.expect_acknowledged(alert, by="primary")


async def test_outsiders_and_other_emoji_are_ignored(world: World) -> None:
    """👀 from a person without the role and 👍 from on-call change nothing; the refusal is audited."""
    alert = await world.triage(SEV1, title=TITLE)
    await world.react(alert, by="observer")
    await world.react(alert, "👍", by="primary")
    await world.settle()
    [row] = await world.rows("SELECT status FROM incidents")
    assert row["status"] == "triggered"
    refused = await world.rows("SELECT actor_name, action FROM audit WHERE NOT allowed")
    assert [tuple(row) for row in refused] == [("observer", "acknowledge")]
    await world.fast_forward(minutes=15)
    await world.expect_message("p0-alerts", contains="ack なし", pings_here=True)
    for who in ("primary", "secondary"):
        await world.expect_dm(who, contains=TITLE)


async def test_removed_eyes_stay_acknowledged(world: World) -> None:
    """Taking 👀 back does not undo it."""
    alert = await world.triage(SEV1, title=TITLE)
    await world.react(alert, by="primary")
    await world.expect_acknowledged(alert, by="primary")
    await world.human.unreact("primary", alert.post, "👀")
    await world.fast_forward(hours=5)
    await world.expect_reminder(alert)
    await world.expect_nothing_more()


async def test_eyes_as_soon_as_the_alert_is_there(world: World) -> None:
    """A 👀 that arrives before the bot has stored the alert's message id still acknowledges."""
    await world.command("sev3", title=TITLE)
    post = await world.human.see("p2-deploys", TITLE)
    await world.human.react("primary", post, "👀")
    alert = await world.expect_alert(SEV3, TITLE)
    await world.expect_acknowledged(alert, by="primary")


async def test_eyes_while_the_bot_was_down(world: World) -> None:
    """A 👀 added while the bot was down is read from Discord at start, and no one is paged."""
    alert = await world.triage(SEV1, title=TITLE)
    await world.settle()
    await world.kill_bot()
    await world.react(alert, by="primary")
    await world.fast_forward(minutes=16)
    await world.start_bot()
    await world.expect_acknowledged(alert, by="primary")
    await world.fast_forward(hours=5)
    await world.expect_reminder(alert)
    await world.expect_nothing_more()


@pytest.mark.parametrize("gateway", ["drop", "invalidate"])
async def test_eyes_in_a_gap_of_the_gateway(world: World, gateway: str) -> None:
    """A 👀 whose event was lost with the connection is found, and no one is paged at the deadline."""
    alert = await world.triage(SEV1, title=TITLE)
    await world.settle()
    await world.fault(gateway=gateway)
    await world.react(alert, by="primary")
    await world.expect_acknowledged(alert, by="primary")
    await world.fast_forward(minutes=16)
    await world.expect_nothing_more()


async def test_eyes_are_read_again_before_ringing(world: World) -> None:
    """While the gateway is away, the step that is due asks Discord itself and finds the ack."""
    alert = await world.triage(SEV1, title=TITLE)
    await world.settle()
    await world.fault(gateway="down")
    await world.react(alert, by="primary")
    await world.shift(minutes=16)
    await world.expect_acknowledged(alert, by="primary")
    await world.human.clear_faults()
    await world.expect_nothing_more()
