"""An incident that is resolved, and what became of its postmortem."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.delivery.delivery import Delivery
from bot.domain.incident.incident import Incident
from bot.domain.incident.parts import Postmortem
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.services.incidents.details import NewResolution
from cogs.postmortem.rules import PostmortemDelivery
from cogs.postmortem.store import PostmortemRows
from cogs.postmortem.use_cases import PostmortemUseCases
from tests.services.desk import PRIMARY, Desk


def cases(desk: Desk) -> PostmortemUseCases:
    """The use cases of postmortems."""
    return desk.services.of(PostmortemUseCases)


JST = ZoneInfo("Asia/Tokyo")
DM = PostmortemDelivery.DM


def jst(month: int, day: int, hour: int) -> datetime:
    """That hour in JST, in 2026."""
    return datetime(2026, month, day, hour, tzinfo=JST)


async def resolved(
    desk: Desk,
    severity: str = "SEV1",
    *,
    by: Person = PRIMARY,
    said: NewResolution | None = None,
    key: str = "k",
) -> Incident:
    """An incident that the primary has acknowledged, and *by* resolved; its posts are there."""
    incident = await desk.open(severity, key=key)
    await desk.work()
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    ended = await desk.lifecycle.resolve(incident.id, by=by, stated=said)
    await desk.work()
    return ended


async def postmortem(desk: Desk, incident: Incident) -> Postmortem:
    """What its row says."""
    found = await PostmortemRows(desk.store.sql).of(incident.id)
    assert found is not None
    return found


async def until(desk: Desk, moment: datetime) -> None:
    """Let time pass until *moment*, and do what falls due on the way."""
    await desk.pass_time(seconds=(moment - desk.clock.time).total_seconds())


async def told(desk: Desk, notice: str) -> list[Delivery]:
    """The lines of one kind in the thread."""
    return [one for one in await desk.database.deliveries() if one.data.get("notice") == notice]


async def dms(desk: Desk) -> list[tuple[str, str | None]]:
    """Stage and status of each DM to an owner."""
    found = await desk.database.deliveries()
    return [(str(one.data.get("stage")), one.status.value) for one in found if one.kind is DM]
