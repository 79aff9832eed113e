"""An incident that is resolved, and what became of its postmortem."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.charts import BarChart, Chart
from bot.domain.delivery.delivery import Delivery
from bot.domain.incident.incident import Incident
from bot.domain.incident.parts import Postmortem
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.services.incidents.details import NewResolution
from bot.ui.pictures import Picture
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


class Drawn:
    """Charts that are ready at once, unless there are none.

    Attributes:
        is_ready: False: none is ready in time.
    """

    def __init__(self) -> None:
        self.is_ready = True

    async def draw(self, charts: Sequence[Chart], *, within_s: float = 0.0) -> list[bytes | None]:
        """Return the title of each chart as its bytes."""
        assert within_s > 0
        return [f"PNG {one.title}".encode() if self.is_ready else None for one in charts]


def drawing(desk: Desk) -> Drawn:
    """Let the desk's drafts have a picture that tells how much is known."""
    drawn = Drawn()
    cases(desk).documents._charts = drawn
    desk.postmortem_writer.pictures = lambda facts: Picture(
        "INC-1-timeline.png", BarChart(title=str(len(facts.lines)), bars=()), f"{len(facts.lines)} lines"
    )
    return drawn
