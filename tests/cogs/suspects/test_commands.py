"""The decision on a rollback and the past incidents, as people use them."""

from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from cogs.suspects.rules import SuspectEntryKind
from tests.integration.cogs.console_world import ConsoleWorld, Json, presses, shown, words


async def raised(world: ConsoleWorld, number: int = 1, *, title: str = "決済 API が 5xx") -> str:
    """The thread of an incident."""
    await world.command("sev3", title=title)
    await world.until("p2-deploys", contains=f"inc:v1:ack:{number}")
    await world.rest()
    return str((await IncidentRows(world.store.sql).incident(number)).thread.id)


async def form(world: ConsoleWorld, choice: str, *, by: str = "responder") -> Json:
    """What `/incident show` offers, where there is no card."""
    card = shown(await world.command("incident show", by=by, number=1))
    return await world.click(card, f"inc:v1:{choice}:1", by=by)


async def test_a_rollback_is_decided_from_what_show_offers(world: ConsoleWorld) -> None:
    """The form asks why; the thread is told; `/incident show` has it; the form outlives a restart."""
    place = await raised(world)
    asked = await form(world, "roll_back")
    assert asked["modal"]["title"] == "INC-1 ロールバックを記録"
    await world.restart()
    said = words(shown(await world.send(asked, reason="12:00 の deploy")))
    assert "INC-1：戻すと記録しました。bot は実行しません。" in said
    assert "scripts/deploy/rollback.sh" in said
    line = await world.until(place, contains="**戻す** と決めました：12:00 の deploy")
    assert line["mentions"] == []
    asked = await form(world, "keep_change")
    assert asked["modal"]["title"] == "INC-1 戻さないと記録"
    said = words(shown(await world.send(asked, reason="DB の障害")))
    assert "scripts/deploy/rollback.sh" not in said
    card = words(shown(await world.command("incident show", number=1)))
    assert "✋ **戻さない** · @responder" in card
    decided = [
        one
        for one in await TimelineRows(world.store.sql).timeline(1)
        if one.kind is SuspectEntryKind.ROLLBACK_DECIDED
    ]
    assert len(decided) == 2


async def test_a_decision_is_refused_with_what_to_do(world: ConsoleWorld) -> None:
    """A decision on a rollback is refused from an observer, without a reason, and after the incident's end.

    Each refusal says why, and no decision is recorded.
    """
    await raised(world)
    refused = words(shown(await form(world, "roll_back", by="observer")))
    assert "ロールが必要です" in refused
    asked = await form(world, "roll_back")
    assert "理由を書いてください" in words(shown(await world.send(asked, reason="  ")))
    asked = await form(world, "roll_back")
    await world.resolve(1)
    assert "解決" in words(shown(await world.send(asked, reason="x")))
    decided = [
        one
        for one in await TimelineRows(world.store.sql).timeline(1)
        if one.kind is SuspectEntryKind.ROLLBACK_DECIDED
    ]
    assert decided == []


async def test_past_incidents_are_shown_with_why(world: ConsoleWorld) -> None:
    """`incident similar` shows similar resolved incidents with the words in common.

    In the thread no incident has to be named; a number that does not exist is refused.
    """
    place = await raised(world)
    none = shown(await world.command("incident similar", where=place))
    assert "INC-1 に似た、解決済みの件は見つかりません。" in words(none)
    await world.resolve(1)
    await world.rest()
    place = await raised(world, 2, title="決済APIが応答しない")
    found = shown(await world.command("incident similar", where=place))
    assert "🕰️ INC-2 に似た過去の件" in words(found)
    assert "共通の語：決済、API" in words(found)
    assert presses(found) == []
    refused = shown(await world.command("incident similar", number=99))
    assert "そのインシデントはありません" in words(refused)
