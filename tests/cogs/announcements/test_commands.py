"""[📣 告知] and the screen behind it, as people use them."""

from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from cogs.announcements.rules import AnnouncementEntry
from tests.integration.cogs.console_world import ConsoleWorld, Json, presses, shown, words
from tests.services.desk import PRIMARY


async def announcing(world: ConsoleWorld, *, by: str = "responder") -> Json:
    """The screen, from `/incident show` of a SEV2."""
    await world.command("sev2", title="決済 API が遅い")
    await world.until("p1-ops", contains="inc:v1:ack:1")
    await world.rest()
    return await again(world, by=by)


async def again(world: ConsoleWorld, *, by: str = "responder") -> Json:
    """The screen once more."""
    card = shown(await world.command("incident show", by=by, number=1))
    return await world.click(card, "inc:v1:announce:1", by=by)


async def test_an_announcement_is_edited_and_published_over_a_restart(world: ConsoleWorld) -> None:
    """A form that was opened before a restart still edits the announcement, which is then published.

    Without a webhook an announcement can be published only by copying.
    """
    screen = shown(await announcing(world))
    assert presses(screen) == ["inc:v1:announcement-edit:1:1:1", "inc:v1:announcement-copied:1:1:1"]
    assert "一部の機能で不具合が発生しています。" in words(screen)
    form = await world.click(screen, "inc:v1:announcement-edit:1:1:1")
    assert form["modal"]["title"] == "INC-1 の告知"
    await world.restart()
    edited = shown(await world.send(form, **{"x:ja": "調査しています。"}))
    assert "@responder が編集" in words(edited)
    assert "```\n調査しています。\n```" in words(edited)
    done = shown(await world.click(edited, "inc:v1:announcement-copied:1:1:2"))
    assert "@responder が公開しました (コピーして公開)" in words(done)
    assert presses(done) == []
    place = str((await IncidentRows(world.store.sql).incident(1)).thread.id)
    line = await world.until(place, contains="がユーザーに告知しました · 調査中 · コピーして公開")
    assert line["mentions"] == []
    assert [one.kind for one in await TimelineRows(world.store.sql).timeline(1)].count(
        AnnouncementEntry.ANNOUNCED
    ) == 1


async def test_what_is_refused_says_why_and_what_to_do(world: ConsoleWorld) -> None:
    """Old words, those who may not respond, a private incident."""
    screen = shown(await announcing(world, by="primary"))
    other = shown(await again(world, by="primary"))
    form = await world.click(other, "inc:v1:announcement-edit:1:1:1", by="primary")
    other = shown(await world.send(form, by="primary", **{"x:ja": "調査しています。"}))
    late = shown(await world.click(screen, "inc:v1:announcement-copied:1:1:1", by="primary"))
    assert "あなたが見たあとに @primary が文を変えました。" in words(late)
    assert "ロールが必要です" in words(shown(await again(world, by="observer")))
    await world.services.privacy.make_private(1, by=PRIMARY)
    await world.rest()
    card = shown(await world.command("incident show", by="primary", number=1))
    assert "announce" not in str(card)
    refused = shown(await world.click(other, "inc:v1:announcement-copied:1:1:2", by="primary"))
    assert "非公開のため、告知できません" in words(refused)
