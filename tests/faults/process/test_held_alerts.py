"""Row 95: a bot that dies between the end of an incident and the tracking of the alerts that it held."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Final

import pytest
import pytest_asyncio

from bot.runbook import default_policy_text
from tests.faults.conftest import Figure, OpenStage
from tests.faults.stage.stage import Stage

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-held-alerts")]

#: The incident has ended and none is tracked; the first is being tracked; one of two is tracked.
_POINTS: Final = ("before:held", "before:commit:adopt", "after:commit:adopt")
_NEEDS: Final = '\n[targets."api.parky.co.jp"]\ndepends_on = ["db.parky.co.jp"]\n[targets."db.parky.co.jp"]\n'
_CAUSE: Final = "[{}] {}Down (db.parky.co.jp critical)"
_DEPENDANT: Final = "[FIRING:1] {} (api.parky.co.jp critical)"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(open_stage: OpenStage, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """The module's stage, whose API depends on a database, and a bot that may read what others write."""
    policy = tmp_path_factory.mktemp("policy") / "policy.toml"
    policy.write_text(default_policy_text() + _NEEDS, encoding="utf-8")
    async with open_stage(MESSAGE_CONTENT="true", RUNBOOK_FILE=str(policy)) as stage:
        await stage.world.human.change("application", message_content=True)
        await stage.world.start_bot()
        yield stage
        await stage.world.stop_bot()


@pytest.mark.parametrize("point", _POINTS)
async def test_row_95_killed_between_an_end_and_what_it_held(
    stage: Stage, figure: Figure, point: str
) -> None:
    """The next process tracks each alert that the incident has held, and pages about each once."""
    name = f"Row95{_POINTS.index(point)}"
    titles = [f"{name}{which}" for which in ("Slow", "Errors")]
    await _post(stage, _CAUSE.format("FIRING:1", name))
    await stage.number(f"{name}Down")
    for title in titles:
        await _post(stage, _DEPENDANT.format(title))
    query = "SELECT title FROM alert_decisions WHERE outcome = 'depends' AND title = ANY ($1)"

    async def are_held() -> bool:
        return len(await stage.world.rows(query, titles)) == len(titles)

    await stage.until(are_held, "the alerts held")
    await stage.world.idle()
    await stage.die_at(point, lambda: _post(stage, _CAUSE.format("RESOLVED", name)))
    await stage.revive()
    for title in titles:
        number = await stage.number(title)
        await stage.until(partial(stage.pages, number, "primary"), "the page")
    await stage.world.idle()
    assert [len(await stage.numbers(title)) for title in titles] == [1, 1]
    pages = [len(stage.pages((await stage.numbers(title))[0], "primary")) for title in titles]
    assert pages == [1, 1]
    figure(f"{point}: 2 of 2 tracked, a page each")


async def _post(stage: Stage, content: str) -> None:
    await stage.world.human.post_webhook("p1-ops", "Alertmanager", content)
