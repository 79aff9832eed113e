"""On call: rotations hand over, stand-ins and swaps apply, and a single person gets no handovers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local_discord.client import Message
from tests.e2e.conftest import MakeWorld
from tests.e2e.oncall.rosters import SOLO, attached, evening, following, policy_file, turns
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World

TITLE = "決済 API が 5xx"


@asynccontextmanager
async def rotating(
    make_world: MakeWorld, folder: Path, *, days: int = 1
) -> AsyncIterator[tuple[World, datetime]]:
    """A bot at 20:00 JST whose primary changes at 10:00, so many days later; that moment."""
    path = folder / "policy.toml"
    async with make_world(RUNBOOK_FILE=str(path)) as world:
        handover = following(await evening(world), days=days)
        policy_file(folder, turns(handover))
        await world.start_bot()
        yield world, handover


async def told_ahead(world: World, who: str = "secondary") -> None:
    """The DM of the day before."""
    await world.expect_dm(who, contains="から当番です")


async def expect_handover(world: World, *, former: str, who: str, place: str = "primary") -> str:
    """Expect one public line and a DM to the new person on call; return the line."""
    line = await world.expect_message("p1-ops", contains=f"{place}：@{former} → @{who}", pings_here=False)
    await world.expect_dm(who, contains="当番になりました")
    return line.text


async def test_at_ten_the_next_person_is_on_call(make_world: MakeWorld, tmp_path: Path) -> None:
    """The next person gets a DM a day ahead and at 10:00 JST, and then the next page.

    Ladder steps name places, so a step after the handover pages the new person.
    """
    async with rotating(make_world, tmp_path) as (world, _):
        await told_ahead(world)
        await world.fast_forward(hours=13.9)
        alert = await world.triage(SEV1, title=TITLE)
        await world.expect_text(alert.post, "@primary に DM")
        await world.expect_nothing_more()
        await world.fast_forward(minutes=15)
        line = await expect_handover(world, former="primary", who="secondary")
        assert alert.label in line
        assert "決済" in line
        rung = await world.expect_message("p0-alerts", contains="から未対応", pings_here=True)
        for who in ("secondary", "responder"):
            await world.expect_dm(who, contains=TITLE)
        assert "@primary：" in rung.text
        await world.react(alert, by="secondary")
        await world.expect_acknowledged(alert, by="secondary")

        later = await world.declare(replace(SEV1, pages=("secondary",)), title="検索が遅い")
        await world.expect_text(later.post, "@secondary に DM")
        await world.react(later, by="secondary")
        await world.expect_acknowledged(later, by="secondary")
        told = await world.command("incident timeline", by="observer", number=alert.number)
        whole = await world.human.press("observer", told.messages[-1], "通知も表示")
        assert "当番に DM · @primary" in whole.text  # whoever was paged then
        shown = await world.command("oncall show", by="observer")
        assert "**primary** @secondary" in shown.text


async def test_dead_across_a_handover_tells_it_once(make_world: MakeWorld, tmp_path: Path) -> None:
    """A handover that passed while no bot ran is told once, however late, by one of two bots that start."""
    async with rotating(make_world, tmp_path) as (world, _):
        await told_ahead(world)
        await world.settle()
        await world.kill_bot()
        await world.shift(hours=20)
        await asyncio.gather(world.start_bot(), world.start_bot())
        await expect_handover(world, former="primary", who="secondary")
        await world.expect_nothing_more()
        await world.restart_bot()


async def test_somebody_stands_in_for_a_while(world: World) -> None:
    """A stand-in is paged until the override is ended by a button, once, and everything is on record.

    A rotation set from chat applies as well, and clearing it restores the policy file's.
    """
    said = await world.command("oncall override", by="primary", user="responder", until="8h", reason="歯医者")
    assert "✅ primary は" in said.text
    await world.expect_dm("responder", contains="当番になりました")
    await told_ahead(world, "primary")  # from whom until when they have it back
    refused = await world.command("oncall override", by="responder", user="responder", until="8h")
    assert "当番の変更には @on-call / @admin" in refused.text
    alert = await world.declare(replace(SEV1, pages=("responder",)), title=TITLE)
    shown = await world.command("oncall show", by="primary")
    assert "歯医者" in shown.text
    asked = await world.human.press("primary", shown.messages[-1], "#1 を終える")
    ended = await world.human.press("primary", asked.messages[-1], "いま終える")
    assert "の代理" in ended.text
    why = await world.click(alert.dms["responder"], "なぜ私に？", by="responder")
    assert "@primary の代理" in why.text  # then, not now
    assert "1 段目 (発報と同時" in why.text
    await world.react(alert, by="responder")
    await world.expect_dm("primary", contains="当番になりました")
    again = await world.human.press("primary", shown.messages[-1], "#1 を終える")
    assert "もう終わっています" in again.text
    question = "SELECT action FROM incident_bot.audit WHERE allowed AND action LIKE '%override' ORDER BY id"
    rows = await world.rows(question)
    assert [row["action"] for row in rows] == ["override", "end_override"]
    await world.restart_bot()
    undone = await world.human.press("primary", ended.messages[-1], "元に戻す")
    assert "元に戻しました" in undone.text
    await world.expect_dm("responder", contains="当番になりました")
    undone = await world.human.press("primary", said.messages[-1], "元に戻す")  # once more the last change
    assert "**primary** @primary" in undone.text
    await world.expect_dm("primary", contains="当番になりました")

    asked = await world.command(
        "oncall schedule rotate", by="primary", every="1d", first="responder", second="secondary"
    )
    assert "まだ何も変わっていません" in asked.text
    said = await world.human.press("primary", asked.messages[-1], "設定する")
    assert "✅ primary の交代を設定しました" in said.text
    assert "次の交代：" in said.text
    await world.expect_dm("responder", contains="当番になりました")
    world.ledger.forgive("dm:secondary")
    asked = await world.command(
        "oncall schedule rotate", by="primary", every="1w", first="responder", second="primary"
    )
    assert "交代から外れる人：" in asked.text
    left = await world.human.press("primary", asked.messages[-1], "やめる")
    assert "外して" not in left.text
    asked = await world.command("oncall schedule clear", by="primary")
    assert "1 日ごとの交代：" in asked.text
    cleared = await world.human.press("primary", asked.messages[-1], "消す")
    assert "@primary" in cleared.text
    await world.expect_dm("primary", contains="当番になりました")
    nothing = await world.command("oncall schedule clear", by="primary")
    assert "戻すものはありません" in nothing.text
    await world.command("oncall set", by="primary", user="secondary")
    await world.expect_dm("secondary", contains="当番になりました")


async def test_a_month_is_a_picture(world: World) -> None:
    """The shifts of a month are listed at once, then drawn for each place; a button turns to the next."""

    async def drawn(said: Message, count: int) -> Message:
        async def shown() -> Message | None:
            latest = (await world.human.messages(said.channel_id, user="observer"))[-1]
            return latest if len(latest.raw["attachments"]) == count else None

        return await world.human.until(shown, "the calendars")

    both = (await world.command("oncall show", by="observer", month="来月")).messages[-1]
    assert "📅 **secondary**" in (await drawn(both, 2)).text
    one = await drawn((await world.command("oncall show", by="observer", place="secondary")).messages[-1], 1)
    [calendar] = one.raw["attachments"]
    turned = await world.human.press("observer", one, one.controls[-1].label)
    [following] = (await drawn(turned.messages[-1], 1)).raw["attachments"]
    assert "on-call-secondary-" < calendar["filename"] < following["filename"]
    refused = await world.command("oncall show", by="observer", month="師走")
    assert "月として読めません" in refused.text


async def test_two_people_swap_their_shifts(make_world: MakeWorld, tmp_path: Path) -> None:
    """Primary and secondary swap the rest of this week for the next shift, in both directions.

    The button of either half ends the swap whole: both are named before and after, and all is as it was.
    """
    async with rotating(make_world, tmp_path) as (world, _):
        await told_ahead(world)
        offered = await world.human.autocomplete("primary", "general", "oncall swap", "shift", "primary @")
        first, second = offered[0], offered[1]
        assert "@primary" in first["name"]
        assert "@secondary" in second["name"]
        options = {"shift": first["value"], "with": second["value"]}
        said = await world.command("oncall swap", by="primary", **options)
        assert "@primary → @secondary" in said.text
        await expect_handover(world, former="primary", who="secondary")
        await told_ahead(world, "primary")
        shown = await world.command("oncall show", by="primary")
        asked = await world.human.press("primary", shown.messages[-1], "#2 を終える")
        assert "両方とも元の人に戻ります" in asked.text
        assert "#1" in asked.text
        ended = await world.human.press("primary", asked.messages[-1], "いま終える")
        assert "交換を終えました" in ended.text
        await expect_handover(world, former="secondary", who="primary")
        assert "交換" not in (await world.command("oncall show", by="primary")).text
        again = await world.human.press("primary", shown.messages[-1], "#1 を終える")
        assert "もう終わっています" in again.text

        world.ledger.forgive("dm:secondary")  # who hears a day ahead once more
        offered = await world.human.autocomplete("primary", "general", "oncall swap", "shift", "primary @")
        options = {"shift": offered[0]["value"], "with": offered[1]["value"]}
        await world.command("oncall swap", by="primary", **options)
        await expect_handover(world, former="primary", who="secondary")
        await world.fast_forward(hours=14.1)
        await expect_handover(world, former="secondary", who="primary")


async def test_whoever_takes_no_dm_is_told_of_a_day_ahead(make_world: MakeWorld, tmp_path: Path) -> None:
    """A closed DM or missing role is reported a day ahead, once, in the channel and to the person before."""
    async with rotating(make_world, tmp_path, days=3) as (world, _):
        await world.expect_nothing_more()
        await world.human.change("member", user="secondary", dms=False, roles=[])
        await world.fast_forward(hours=38.1)
        gaps = await world.expect_message("p1-ops", contains="ack できるロールがありません")
        assert "@secondary" in gaps.text
        await world.expect_message("p1-ops", contains="DM が届きません")
        await world.expect_dm("primary", contains="ack できるロールがありません")
        await world.expect_dm("primary", contains="DM が届きません")
        await world.restart_bot()
        await world.fast_forward(hours=1)


async def test_one_person_for_everything_hears_of_a_lost_role_and_of_nothing_else(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    """Three weeks and a restart: no handover, no warning; and each step of a ladder tells them once.

    A lost role is reported once within a day, by one of two bots, and not again after a restart.
    """
    async with make_world(RUNBOOK_FILE=policy_file(tmp_path, SOLO)) as world:
        await world.start_bot()
        world.ledger.forgive("p3-insights")  # the digests of these weeks
        await world.fast_forward(days=20)
        await world.restart_bot()
        await world.fast_forward(days=1)
        await world.expect_nothing_more()
        shown = await world.command("oncall show", by="primary")
        assert "終了日なし" in shown.text
        assert "交代の予定はありません" in shown.text
        alert = await world.declare(SEV1, title=TITLE)
        await world.fast_forward(minutes=15)
        await world.expect_message("p0-alerts", contains="から未対応", pings_here=True)
        await world.expect_dm("primary", contains=TITLE)
        await world.react(alert, by="primary")
        await world.expect_acknowledged(alert, by="primary")
        await world.command("incident cancel", number=alert.number)
        await world.expect_message(alert.thread, contains="取消")
        await world.expect_nothing_more()

        await world.human.change("member", user="primary", roles=[])
        await world.start_bot()  # beside the other
        await world.fast_forward(days=1)
        line = await world.expect_message("p1-ops", contains="ack できるロールがありません", pings_here=False)
        assert "いま primary、secondary の @primary" in line.text
        await world.expect_dm("primary", contains="ack できるロールがありません")
        await world.restart_bot()
        await world.fast_forward(days=1)


async def test_a_schedule_goes_out_and_comes_in_as_icalendar(make_world: MakeWorld, tmp_path: Path) -> None:
    """An exported schedule can be imported unchanged; another calendar is previewed, then applied."""
    async with rotating(make_world, tmp_path) as (world, handover):
        await told_ahead(world)
        said = await world.command("oncall schedule export", by="responder")
        ics = await world.human.read_file(said.messages[-1], "on-call.ics")
        assert "DTSTART:" + handover.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ") in ics
        same = await world.command(
            "oncall schedule import", by="primary", file=attached("same.ics", ics.encode())
        )
        assert "変わりません" in same.text
        assert "ではなく" not in same.text
        left = await world.human.press("primary", same.messages[-1], "やめる")
        assert "何も変わっていません" in left.text
        starts = (handover - timedelta(days=1)).strftime("%Y%m%dT%H0000")
        other = (
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//other//EN\r\nBEGIN:VEVENT\r\nUID:1\r\n"
            f"DTSTART;TZID=Asia/Tokyo:{starts}\r\nDURATION:P1D\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"
            "SUMMARY:responder\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
        asked = await world.command(
            "oncall schedule import",
            by="primary",
            file=attached("other.ics", other.encode()),
            place="primary",
        )
        assert "@primary ではなく @responder" in asked.text
        await world.expect_nothing_more()
        done = await world.human.press("primary", asked.messages[-1], "取り込む")
        assert "✅ 取り込みました · primary" in done.text
        await expect_handover(world, former="primary", who="responder")
        strange = other.replace("responder", "primary\r\nX-INCIDENT-BOT-PERSON:1234567890123456789")
        refused = await world.command(
            "oncall schedule import", by="primary", file=attached("strange.ics", strange.encode())
        )
        assert "primary (1234567890123456789)" in refused.text
        junk = await world.command(
            "oncall schedule import", by="primary", file=attached("x.ics", b"\x00\xffBEGIN:NOTHING")
        )
        assert "iCalendar (.ics) として読めません" in junk.text
