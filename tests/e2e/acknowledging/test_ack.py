"""Acknowledging: where a 👀 counts, and when its event was lost."""

from dataclasses import replace

from tests.e2e.world.severities import SEV1, SEV2
from tests.e2e.world.world import World

TITLE = "精算機が応答しない"


async def test_eyes_acknowledge(world: World) -> None:
    """👀 on an alert just posted, on the thread's post or first message, or on the DM stops the ladder.

    Taken back, it still counts; a second person's makes a responder, and the alert still names the first.
    """
    await world.command("sev2", title=f"{TITLE} 1")
    post = await world.human.see("p1-ops", TITLE)
    await world.human.react("primary", post, "👀")  # before the bot has stored the message's id, maybe
    at_once = await world.expect_alert(replace(SEV2, pages=()), f"{TITLE} 1")
    second, third = [await world.declare(SEV2, title=f"{TITLE} {number}") for number in (2, 3)]
    fourth = await world.declare(SEV1, title=f"{TITLE} 4")
    await world.settle()
    went_out = "SELECT FROM deliveries WHERE incident_id = $1 AND kind = 'page' AND status = 'sent'"
    for _ in await world.rows(went_out, at_once.number):  # unless the 👀 was there before it, which ends it
        await world.expect_dm("primary", contains=f"{TITLE} 1")
    await world.human.react("primary", second.root, "👀", burst=True)
    for place in (third.start, fourth.dms["primary"]):
        await world.react(place, by="primary")
    alerts = [at_once, second, third, fourth]
    for alert in alerts:
        await world.expect_acknowledged(alert, by="primary")
    await world.human.unreact("primary", third.start, "👀")
    await world.react(third.post, by="secondary")
    await world.settle()
    query = "SELECT name FROM responders WHERE incident_id = $1 ORDER BY joined_at"
    rows = await world.rows(query, third.number)
    assert [row["name"] for row in rows] == ["primary", "secondary"]
    await world.expect_acknowledged(third, by="primary")
    await world.fast_forward(hours=5)
    for alert in alerts:
        await world.expect_reminder(alert)
    await world.expect_nothing_more()


async def test_a_super_reaction_whose_event_was_lost(world: World) -> None:
    """The look before the deadline finds it: Discord lists it apart."""
    missed = await world.declare(SEV1, title=TITLE)
    await world.settle()
    await world.fault(gateway="lose", event="MESSAGE_REACTION_ADD", times=1)
    await world.human.react("primary", missed.post, "👀", burst=True)
    await world.fast_forward(minutes=16)
    await world.expect_acknowledged(missed, by="primary")
    await world.expect_nothing_more()


async def test_button_acknowledges(world: World) -> None:
    """[👀 ack] does the same and answers only the person who pressed it, whichever process posted it.

    In a DM, which the on-call reads on the lock screen, the roles are not in the event.
    """
    lesser = await world.declare(SEV2, title=f"{TITLE} 1")
    alert = await world.declare(SEV1, title=f"{TITLE} 2")
    await world.settle()
    await world.restart_bot()
    said = await world.click(lesser.root, "ack", by="secondary")
    assert f"{lesser.label} を ack し" in said.text
    assert all(message.is_private for message in said.messages)
    await world.expect_acknowledged(lesser, by="secondary")
    await world.human.press("primary", alert.dms["primary"], "ack")
    await world.expect_acknowledged(alert, by="primary")
    joined = await world.click(alert, "参加する", by="secondary")
    assert "参加しました" in joined.text
