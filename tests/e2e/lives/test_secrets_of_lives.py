"""The random lives' check for secrets finds an old thread name that is still visible."""

import pytest

from tests.e2e.lives import secrets
from tests.e2e.privacy.test_private import private_thread
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World

_TITLE = "life-流出"
_NO_LINE = "UPDATE deliveries SET data = data - 'thread' WHERE data ->> 'notice' = 'name_waits'"


async def test_a_name_that_waits_is_excused_while_it_sleeps_and_a_line_says_so(world: World) -> None:
    """The bot has used up its two names in ten minutes: a line says so, and it renames when it may."""
    alert = await world.triage(SEV1, title=_TITLE)
    await world.react(alert, by="secondary")
    await world.expect_acknowledged(alert, by="secondary")
    await world.settle()
    await world.command("incident cancel", by="secondary", number=alert.number)
    await world.expect_message(alert.thread, contains="取消")
    await world.settle()
    asked = await world.command("incident private", by="primary", number=alert.number)
    await world.human.press("primary", asked.messages[-1], "非公開にする")
    thread = await private_thread(world)
    for part in ("開始時刻", _TITLE, "**初動：**", "非公開にしました"):
        await world.expect_message(thread, contains=part)
    line = await world.expect_message(thread, contains="元のスレッドの名前に件名がまだ残っています")
    assert line.text.endswith(f"/{alert.thread}")
    await world.settle()
    await secrets.check(world)

    old = world.sandbox.core.world.channels[alert.thread]
    assert _TITLE in old.name
    assert old.thread is not None
    for quality in ("archived", "locked"):
        setattr(old.thread, quality, False)
        with pytest.raises(AssertionError):
            await secrets.check(world)
        setattr(old.thread, quality, True)
    await secrets.check(world)
    await world.rows(_NO_LINE)
    with pytest.raises(AssertionError):
        await secrets.check(world)
    await world.fast_forward(minutes=11)
    for part in ("元のスレッドは閉じましたが", "片付けが終わりました"):
        await world.expect_message(thread, contains=part)
    await world.settle()
    assert _TITLE not in old.name
    await secrets.check(world)
