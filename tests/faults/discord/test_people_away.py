"""Row 64: Discord temporarily refuses a page."""

from functools import partial

import pytest

from tests.faults.conftest import Figure
from tests.faults.stage.stage import Stage

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-people-away")]

#: Discord's code, and the status that it comes with.
_PASSING = {40003: 403, 40004: 403, 40006: 400, 20029: 403}


async def test_row_64_a_dm_that_is_put_off_arrives(stage: Stage, figure: Figure) -> None:
    """A DM that Discord refuses with a temporary code arrives once, within seconds; nobody else is paged."""
    world = stage.world
    dm = await stage.until(lambda: _dm(stage), "the DM, which the start has opened")
    route = f"POST /channels/{dm}/messages"
    for code, status in _PASSING.items():
        title = f"行64 {code}"
        await world.fault(route=route, status=status, code=code, message="not for the moment")
        await stage.start_command("sev1", title=title)
        number = await stage.number(title)
        await stage.until(partial(stage.pages, number, "primary"), f"the DM after {code}")
        await world.idle()
        assert len(stage.pages(number, "primary")) == 1
        assert stage.pages(number, "secondary") == []
        [page] = await world.rows(
            "SELECT attempts, status FROM deliveries WHERE incident_id = $1 AND kind = 'page'", number
        )
        assert tuple(page) == (1, "sent")
    figure(f"{len(_PASSING)} of {len(_PASSING)} arrive at the second attempt")


async def _dm(stage: Stage) -> str | None:
    channels = (await stage.world.human.state())["channels"]
    return next((str(one["id"]) for one in channels if one["name"] == "dm:primary"), None)
