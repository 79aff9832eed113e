"""A thread begins with its card, the commands, the state of the systems, and what changed, in this order."""

from itertools import permutations

import pytest

from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.errors import BotError, DeliveryRefused, UpstreamUnavailable
from bot.domain.jobs import JobName
from bot.services.delivery.waiting import LINE_PATIENCE
from cogs.checks.rules import CheckDelivery, ChecksShown
from cogs.suspects.rules import ChangeSource, SuspectKind
from tests.cogs.checks.checks import ScriptedChecks
from tests.cogs.suspects.acts import read_from
from tests.services.desk import Desk

SHEET, CHECKS, SUSPECTS = DeliveryKind.THREAD_SHEET, CheckDelivery.POST, SuspectKind.SUSPECTS
FIRST = (SHEET, CHECKS, SUSPECTS)
REFUSED = DeliveryRefused("Missing Permissions", http_status=403, code=50013)
INVALID = DeliveryRefused("Invalid Form Body", http_status=400, code=50035)
AWAY = UpstreamUnavailable("upstream", http_status=503)


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A desk with systems to check and a source of changes."""

    async def read(*_: object) -> list[object]:
        return []

    read_from(desk, ChangeSource("github_merges", read))  # type: ignore[arg-type]
    ScriptedChecks().give(desk)
    return desk


async def first_messages(desk: Desk) -> dict[AnyDeliveryKind, Delivery]:
    """A SEV1 whose card is in the thread, and what follows the card: none of it is sent."""
    await desk.open("SEV1")
    for _ in range(200):
        due = await desk.database.take_due_jobs()
        if not due:
            break
        waiting = {str(one.id) for one in await desk.database.deliveries() if one.kind in FIRST}
        for job in due:
            if job.name is not JobName.DELIVER or job.payload not in waiting:
                await desk.run(job)
    return {one.kind: one for one in await desk.database.deliveries() if one.kind in FIRST}


async def status_of(desk: Desk, kind: AnyDeliveryKind) -> DeliveryStatus:
    """Return the status of the delivery of this kind."""
    return next(one.status for one in await desk.database.deliveries() if one.kind is kind)


@pytest.mark.parametrize("order", list(permutations(FIRST)))
async def test_the_first_messages_come_in_their_order(desk: Desk, order: tuple[AnyDeliveryKind, ...]) -> None:
    """Whichever worker is the fastest, the results are known by then, and nothing is sent twice."""
    found = await first_messages(desk)
    assert [each.status for each in found.values()] == [DeliveryStatus.PENDING] * 3
    for _ in FIRST:
        for kind in order:
            await desk.deliveries.deliver(found[kind].id)
    assert [kind for kind, _ in desk.discord.sent if kind in FIRST] == list(FIRST)
    await desk.work()
    assert len(ChecksShown.from_json(desk.discord.checks[-1][1]).results) == 2


@pytest.mark.parametrize("failure", [REFUSED, INVALID, AWAY])
@pytest.mark.parametrize("failed", [SHEET, CHECKS])
async def test_a_message_that_discord_does_not_take_holds_up_nothing(
    desk: Desk, failed: AnyDeliveryKind, failure: BotError
) -> None:
    """If one of a thread's first messages fails, the others are sent at once and in their order.

    The list of recent changes is sent, too.
    """
    found = await first_messages(desk)
    for kind in FIRST:
        desk.discord.failures = [failure] if kind is failed else []
        await desk.deliveries.deliver(found[kind].id)
    assert [kind for kind, _ in desk.discord.sent if kind in FIRST] == [one for one in FIRST if one != failed]
    assert await status_of(desk, SUSPECTS) is DeliveryStatus.SENT


async def test_the_first_messages_wait_for_a_while_only(desk: Desk) -> None:
    """The card of suspects waits for the commands before it, but only for LINE_PATIENCE."""
    found = await first_messages(desk)
    assert await desk.deliveries.deliver(found[SUSPECTS].id) is not None
    await desk.database.advance(LINE_PATIENCE)
    assert await desk.deliveries.deliver(found[SUSPECTS].id) is None
    assert await status_of(desk, SUSPECTS) is DeliveryStatus.SENT
