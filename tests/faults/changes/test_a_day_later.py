"""Row 72: a day passes between a screen and a person's action on it."""

from pathlib import Path

import pytest

from local_discord.client import HumanSideError, Interaction
from tests.e2e.conftest import Commands
from tests.e2e.lives.checks import check_promises
from tests.faults.changes.everything import CHANGES
from tests.faults.changes.scene import Act, Scene, all_of
from tests.faults.changes.test_answers import LATER, at_rest, staged, title_of
from tests.faults.conftest import Figure

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults-day"), pytest.mark.timeout(600)]

_BUG = "予期しないエラー"
_REST_S = 60.0


@pytest.mark.parametrize("minutes", [2, 24 * 60, 7 * 24 * 60], ids=["2 min", "a day", "a week"])
async def test_row_72_time_passes_before_each_change(
    database_url: str, commands: Commands, figure: Figure, tmp_path: Path, minutes: int
) -> None:
    """Each prepared change works 2 minutes, a day and a week later, without a bug or a broken promise."""
    async with staged(database_url, commands, tmp_path) as stage:
        scenes = {name: Scene(stage, stage.world.human, title_of(name)) for name in CHANGES}
        names = [name for name in CHANGES if name not in LATER]
        changes = await all_of({name: CHANGES[name](scenes[name]) for name in names})
        await stage.until(lambda: at_rest(stage), "rest", within_s=_REST_S)
        await stage.world.shift(minutes=minutes)
        await stage.until(lambda: at_rest(stage), "what fell due", within_s=_REST_S)
        answers = await all_of({name: _done(change.act) for name, change in changes.items()})
        wrong = {name: said for name, said in answers.items() if said}
        await stage.until(lambda: at_rest(stage), "rest", within_s=_REST_S)
        await check_promises(stage.world)
        assert wrong == {}
        assert stage.world.complaints() == []
        figure(f"{minutes} min: {len(answers)} changes, no bug")


async def _done(act: Act) -> str:
    """Make a change, and return what is wrong with its answer."""
    try:
        said = await act()
    except HumanSideError:  # the button is not there any more: the post has become another
        return ""
    if not isinstance(said, Interaction):
        return ""
    if said.state in ("failed", "pending"):
        return said.state
    return said.text if _BUG in said.text else ""
