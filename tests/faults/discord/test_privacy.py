"""Row 68: traces that Discord keeps when an incident is made private."""

import pytest

from tests.faults.conftest import Figure
from tests.faults.stage.stage import Stage

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-privacy")]

_NAME_CHANGE = 4  # Discord: the type of its note of a rename
_TITLE = "行68 顧客データの流出"


async def test_row_68_the_note_of_a_rename_stays(stage: Stage, figure: Figure) -> None:
    """The rename note stays (50021): the old thread is locked and archived, and the private one says so."""
    alert = await stage.sev1(_TITLE)
    await stage.world.react(alert, by="secondary")
    await stage.acknowledged(alert.number)
    await stage.world.idle()
    asked = await stage.world.command("incident private", by="primary", number=alert.number)
    await stage.world.human.press("primary", asked.messages[-1], "非公開にする")

    def told() -> list[str]:
        lines = [post.text for post in stage.posts() if alert.thread in post.text]
        return [line for line in lines if "以前の名前" in line]

    [line] = await stage.until(told, "the line about what is left")
    await stage.world.idle()
    old = stage.world.sandbox.core.world.channels[alert.thread]
    [note] = [
        message
        for message in await stage.world.human.messages(alert.thread)
        if message.raw["type"] == _NAME_CHANGE and _TITLE in message.text
    ]
    assert note.text in line
    assert old.thread is not None
    assert (old.name, old.thread.locked, old.thread.archived) == (f"🔒 INC-{alert.number}", True, True)
    figure("locked, archived, 1 earlier name told")
