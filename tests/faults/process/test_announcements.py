"""Row 83: the bot dies between the approval of an announcement, its sending, and the record of it."""

from collections.abc import AsyncIterator
from typing import Final

import pytest
import pytest_asyncio

from tests.faults.conftest import Figure, OpenStage
from tests.faults.stage.stage import Stage
from tests.pressing import with_control
from tests.standins.paging.server import Outside, outside_systems

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-announcements")]

#: Approved and not sent; sent and not on record; about to be on record.
_POINTS: Final = ("before:publish", "after:publish", "before:commit:save_announcement")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outside() -> AsyncIterator[Outside]:
    """The team's own receiver, which checks each signature."""
    async with outside_systems() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(open_stage: OpenStage, outside: Outside) -> AsyncIterator[Stage]:
    """The module's stage, whose bot sends announcements there."""
    settings = {name: value for name, value in outside.environment.items() if name.startswith("ANNOUNCE_")}
    async with open_stage(**settings) as stage:
        await stage.world.start_bot()
        yield stage
        await stage.world.stop_bot()


@pytest.mark.parametrize("point", _POINTS)
async def test_row_83_killed_around_the_sending_of_an_announcement(
    stage: Stage, outside: Outside, figure: Figure, point: str
) -> None:
    """The next process sends it under the same key, and records it once."""
    human = stage.world.human
    alert = await stage.sev1(f"行83 {_POINTS.index(point)}")
    shown = await stage.world.command("incident show", number=alert.number)
    screen = await human.press(
        "responder", await with_control(human, shown.messages[-1], "告知", by="responder"), "告知"
    )
    text = screen.messages[-1]
    nth = "@2" if point.startswith("before:commit") else ""  # the first is the approval's own
    await stage.die_at(f"{point}{nth}", lambda: human.press("responder", text, "承認して公開"))
    await stage.revive()
    await stage.world.shift(minutes=2)  # by then the auditor looks for jobs that are lost

    async def published() -> bool:
        query = "SELECT status FROM announcements WHERE incident_id = $1"
        return [row["status"] for row in await stage.world.rows(query, alert.number)] == ["published"]

    await stage.until(published, "its record")
    keys = [key for key, one in outside.announced.received.items() if one["data"]["incident"] == alert.label]
    query = "SELECT count(*) FROM timeline WHERE incident_id = $1 AND kind = 'announced'"
    [row] = await stage.world.rows(query, alert.number)
    assert (len(keys), row["count"]) == (1, 1)
    figure(f"{len(keys)} key, {row['count']} entry")
