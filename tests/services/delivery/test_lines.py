"""The lines of a thread come in their order, whichever worker is faster."""

from datetime import timedelta

from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import DeliveryRefused
from bot.domain.incident.incident import Incident, Role
from bot.services.delivery.waiting import LINE_PATIENCE
from tests.services.desk import PRIMARY, SECONDARY, Desk

REFUSED = DeliveryRefused("Missing Permissions", http_status=403, code=50013)


async def two_commanders(desk: Desk) -> tuple[Incident, int, int]:
    """Two people take command within a moment; the numbers of the lines, none of which is sent."""
    incident = await desk.open("SEV1")
    await desk.work()
    for who in (PRIMARY, SECONDARY):
        await desk.roles.take(incident.id, Role.COMMANDER, by=who)
    first, second = (one.id for one in await lines(desk))
    return incident, first, second


async def lines(desk: Desk) -> list[Delivery]:
    """Return the deliveries of notices, in the order of their events."""
    return [one for one in await desk.database.deliveries() if one.kind is DeliveryKind.NOTICE]


async def test_who_takes_over_is_not_told_before_who_took(desk: Desk) -> None:
    """The worker of the later line is the faster one: it looks again in a moment."""
    _, first, second = await two_commanders(desk)
    wait = await desk.deliveries.deliver(second)
    assert wait is not None
    assert wait < timedelta(seconds=1)
    assert [one.status for one in await lines(desk)] == [DeliveryStatus.PENDING] * 2
    assert await desk.deliveries.deliver(first) is None
    assert await desk.deliveries.deliver(second) is None
    taken, taken_over = await lines(desk)
    assert (taken.message_id or 0) < (taken_over.message_id or 0)


async def test_a_line_that_discord_refuses_holds_up_nothing(desk: Desk) -> None:
    """The next one goes at once."""
    _, first, second = await two_commanders(desk)
    desk.discord.failures = [REFUSED]
    await desk.deliveries.deliver(first)
    assert await desk.deliveries.deliver(second) is None
    assert [one.status for one in await lines(desk)] == [DeliveryStatus.FAILED, DeliveryStatus.SENT]


async def test_a_line_waits_for_a_while_only(desk: Desk) -> None:
    """A line waits for the one before it, but only for LINE_PATIENCE."""
    _, _, second = await two_commanders(desk)
    await desk.database.advance(LINE_PATIENCE)
    assert await desk.deliveries.deliver(second) is None
    assert [one.status for one in await lines(desk)] == [DeliveryStatus.PENDING, DeliveryStatus.SENT]


async def test_what_rings_waits_for_no_line(desk: Desk) -> None:
    """A page passes every line that is still to be sent."""
    incident = await desk.open("SEV1")
    await desk.timelines.note(incident.id, text="x", key="n", by=PRIMARY)
    page = next(one for one in await desk.database.deliveries() if one.kind is DeliveryKind.PAGE)
    assert await desk.deliveries.deliver(page.id) is None
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary"]
    assert [one.status for one in await lines(desk)] == [DeliveryStatus.PENDING]
