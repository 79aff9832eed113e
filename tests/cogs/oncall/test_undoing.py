"""Every change of the schedule can be undone for ten minutes: all that was there before is there again."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.errors import NotPermitted, UserError
from bot.domain.oncall.book import NewOverride
from bot.domain.oncall.people import Who
from bot.domain.oncall.rotation import Rotation, Unit
from bot.domain.people import Person
from bot.ui.words.wording import Voice
from cogs.oncall.rules import OnCallDelivery, WantedTurns
from cogs.oncall.schedules import RotationPreview
from cogs.oncall.screens import changed_screen, show_screen, undone_said
from tests.cogs.oncall.acts import oncall_of, put_rotation
from tests.cogs.oncall.test_calendar_files import ics
from tests.cogs.oncall.test_handovers import told, weekly
from tests.services.database import Database
from tests.services.desk import GUILD, OBSERVER, PRIMARY, Desk
from tests.unit.ui import screens

TOKYO = ZoneInfo("Asia/Tokyo")
AI, BEN, CHO = Who(8, "ai", "Ai"), Who(9, "ben", "Ben"), Who(10, "cho", "Cho")
DAILY = Rotation(("8", "9"), 1, Unit.DAYS, date(2024, 1, 1), time(10), TOKYO)
HOUR = timedelta(hours=1)

#: What the book counts, and who made it.
IN_FORCE = """
SELECT 'override', id, place, user_id, starts_at, ends_at, by_name, ended_by_name
  FROM oncall_overrides WHERE ended_at IS NULL
 UNION ALL
SELECT content::text, id, place, by_id, starts_at, NULL, by_name, ended_by_name
  FROM oncall_schedules WHERE ended_at IS NULL AND starts_at IS NOT NULL
 ORDER BY 1, 2
"""


async def in_force(desk: Desk) -> list[tuple[object, ...]]:
    """Every row that counts."""
    return [tuple(row.values()) for row in await desk.database.fetch(IN_FORCE)]


async def stands_in(desk: Desk, who: Who = CHO, *, by: Person = PRIMARY) -> int:
    """Have another person stand in for an hour."""
    now = desk.clock.time
    new = NewOverride("primary", who, now, now + HOUR)
    return (await oncall_of(desk).schedules.override(GUILD, new, by=by)).number


async def is_set(desk: Desk) -> int:
    """`/oncall set`."""
    return (await oncall_of(desk).schedules.set_person(GUILD, "primary", CHO, by=PRIMARY)).number


async def ends_swap(desk: Desk) -> int:
    """[#2 を終える], of a swap."""
    [row] = await desk.database.fetch("SELECT max(id) AS id FROM oncall_overrides")
    return (await oncall_of(desk).schedules.end_override(GUILD, row["id"], by=PRIMARY)).number


async def swaps(desk: Desk) -> int:
    """`/oncall swap`."""
    now = desk.clock.time
    first, second = ("primary", now), ("primary", now + 24 * HOUR)
    return (await oncall_of(desk).schedules.swap(GUILD, first, second, by=PRIMARY)).number


async def rotates(desk: Desk) -> int:
    """`/oncall schedule rotate`, confirmed."""
    rotating = oncall_of(desk).rotating
    shown = await rotating.preview(GUILD, "primary", WantedTurns((CHO, AI), 1, Unit.WEEKS), by=PRIMARY)
    done = await rotating.confirm(GUILD, "primary", shown.number, seen=shown.mark, by=PRIMARY)
    assert not isinstance(done, RotationPreview)
    return done.number


async def clears(desk: Desk) -> int:
    """`/oncall schedule clear`, confirmed."""
    shown = await oncall_of(desk).clearing.preview(GUILD, "primary", by=PRIMARY)
    done = await oncall_of(desk).clearing.clear(GUILD, "primary", seen=shown.mark, by=PRIMARY)
    assert done is not None
    return done.number


async def imports(desk: Desk) -> int:
    """`/oncall schedule import`, confirmed."""
    file = ics((desk.clock.time + HOUR, "secondary"))
    preview = await oncall_of(desk).calendars.preview(GUILD, file, place="primary", by=PRIMARY)
    numbers = [draft.number for draft in preview.drafts]
    return (await oncall_of(desk).calendars.confirm(GUILD, numbers, by=PRIMARY)).number


@pytest.mark.parametrize("make", [is_set, stands_in, ends_swap, swaps, rotates, clears, imports])
async def test_every_change_is_undone_whole(desk: Desk, make: Callable[[Desk], Awaitable[int]]) -> None:
    """After an undo the book counts the very rows that it counted before the change, and no others."""
    await put_rotation(desk, "primary", [AI, BEN], DAILY)
    await swaps(desk)
    await oncall_of(desk).schedules.set_person(GUILD, "secondary", BEN, by=PRIMARY)
    before, holders = await in_force(desk), await desk.oncall.holders(GUILD)
    number = await make(desk)
    assert await in_force(desk) != before
    await desk.pass_time(minutes=10)
    [now] = await oncall_of(desk).undoing.undo(GUILD, number, by=PRIMARY)
    assert await in_force(desk) == before
    assert (now.place, now.person) == ("primary", (await desk.oncall.holders(GUILD))["primary"])
    assert now.person.handle == holders["primary"].handle
    query = "SELECT data FROM audit WHERE action = 'undo_schedule' AND allowed"
    [row] = await desk.database.fetch(query)
    assert (row["data"]["change"], row["data"]["places"]) == (number, ["primary"])


async def test_an_end_keeps_the_order_of_what_wins(desk: Desk) -> None:
    """An override that an undo continues still loses to one that was recorded after it."""
    now = desk.clock.time
    schedules = oncall_of(desk).schedules
    for who, length in ((AI, 9), (BEN, 5)):
        await schedules.override(GUILD, NewOverride("primary", who, now, now + length * HOUR), by=PRIMARY)
    ended = await schedules.end_override(GUILD, 1, by=PRIMARY)
    await oncall_of(desk).undoing.undo(GUILD, ended.number, by=PRIMARY)
    assert (await desk.oncall.holders(GUILD))["primary"].name == "Ben"
    await desk.database.advance(6 * HOUR)
    assert (await desk.oncall.holders(GUILD))["primary"].name == "Ai"


async def test_what_counted_meanwhile_stays_on_record(desk: Desk) -> None:
    """A schedule that an undo takes back counted until then, which figures and "why me" still see."""
    began = desk.clock.time
    number = await is_set(desk)
    await desk.database.advance(timedelta(minutes=5))
    await oncall_of(desk).undoing.undo(GUILD, number, by=PRIMARY)
    rosters, now = await desk.oncall.rosters(GUILD, past=HOUR)
    [first, second] = rosters.places["primary"].shifts(began, now + HOUR)
    assert (rosters.people[first.person].name, first.ends, second.person) == ("Cho", now, "primary")


async def refusal(desk: Desk, number: int) -> UserError:
    """Why an undo is refused; nothing has changed."""
    before = await in_force(desk)
    with pytest.raises(UserError) as refused:
        await oncall_of(desk).undoing.undo(GUILD, number, by=PRIMARY)
    assert await in_force(desk) == before
    return refused.value


async def test_it_is_too_late_after_ten_minutes(desk: Desk) -> None:
    """A press after ten minutes, and of a change that is forgotten, says until when it could be undone."""
    number = await is_set(desk)
    await desk.database.advance(timedelta(minutes=10, seconds=1))
    assert (await refusal(desk, number)).key == "oncall_undo_late"
    await desk.database.advance(timedelta(days=2))
    await stands_in(desk)
    assert [row["action"] for row in await desk.database.fetch("SELECT action FROM oncall_changes")] == [
        "override"
    ]
    refused = await refusal(desk, number)
    assert (refused.key, refused.fields["minutes"]) == ("oncall_undo_late", 10)


async def test_a_later_change_of_the_place_is_not_lost(desk: Desk) -> None:
    """Somebody's later change refuses an undo by name and time, unless it was undone or of another place."""
    number = await is_set(desk)
    await oncall_of(desk).schedules.set_person(GUILD, "secondary", AI, by=PRIMARY)
    await desk.database.advance(timedelta(minutes=1))
    at, other = desk.clock.time, Person(77, "dana", roles=PRIMARY.roles)
    later = await stands_in(desk, by=other)
    refused = await refusal(desk, number)
    assert refused.key == "oncall_undo_changed"
    assert refused.fields == {"who": "dana", "at": at, "places": ["primary"]}
    await oncall_of(desk).undoing.undo(GUILD, later, by=other)
    [now] = await oncall_of(desk).undoing.undo(GUILD, number, by=PRIMARY)
    assert now.person.handle == "primary"


async def test_everybody_sees_the_last_change_while_it_can_be_undone(desk: Desk) -> None:
    """`/oncall show` says who made the last change, with the button, until it is undone or too late."""
    show = oncall_of(desk).schedules.view
    first = await is_set(desk)
    second = await stands_in(desk, by=Person(77, "dana", roles=PRIMARY.roles))
    shown = show_screen(screens.EN, await show(GUILD))
    assert screens.presses(shown)[-1] == f"onc:v1:undo:{second}"
    assert "@dana · override a shift" in screens.words(shown)
    await oncall_of(desk).undoing.undo(GUILD, second, by=PRIMARY)
    shown = show_screen(screens.JA, await show(GUILD))
    assert screens.presses(shown) == [f"onc:v1:undo:{first}"]
    await desk.database.advance(timedelta(minutes=11))
    assert screens.presses(show_screen(screens.JA, await show(GUILD))) == []


async def test_two_presses_undo_once(desk: Desk) -> None:
    """Of two presses at once one undoes, and the other is told who did; an observer undoes nothing."""
    number, undoing = await is_set(desk), oncall_of(desk).undoing
    with pytest.raises(NotPermitted):
        await undoing.undo(GUILD, number, by=OBSERVER)
    done = await asyncio.gather(
        *(undoing.undo(GUILD, number, by=PRIMARY) for _ in range(2)), return_exceptions=True
    )
    [refused] = [each for each in done if isinstance(each, UserError)]
    assert (refused.key, refused.fields["who"]) == ("oncall_undo_done", "primary")
    assert len(await desk.database.fetch("SELECT FROM audit WHERE action = 'undo_schedule' AND allowed")) == 1


@pytest.mark.parametrize("is_seen", [False, True])
async def test_an_undo_is_announced_only_if_the_change_was(database: Database, is_seen: bool) -> None:
    """A change undone before it was announced is silent; else one more line, and one DM to each person."""
    desk = Desk(database, weekly(database.clock.time))
    await oncall_of(desk).handovers.begin(GUILD)
    await desk.work()
    number = (
        await oncall_of(desk).schedules.set_person(
            GUILD, "primary", Who(3, "responder", "responder"), by=PRIMARY
        )
    ).number
    if is_seen:
        await desk.work()
    await oncall_of(desk).undoing.undo(GUILD, number, by=PRIMARY)
    await desk.work()
    dms = sorted(one.to for one in await told(desk, OnCallDelivery.ON_DUTY))
    assert dms == (["named:primary", "named:responder"] if is_seen else [])
    assert len(await told(desk, OnCallDelivery.HANDOVER)) == (2 if is_seen else 0)


@pytest.mark.parametrize("voice", screens.VOICES)
async def test_the_answer_has_the_button_and_says_how_long(desk: Desk, voice: Voice) -> None:
    """The answer to a change carries its number in the button, and says for how long it can be undone."""
    screen = changed_screen(voice, "✅", 10**17)
    assert screens.over_limits(screen) == []
    assert screens.presses(screen) == [f"onc:v1:undo:{10**17}"]
    assert "10" in screens.words(screen)
    number = await stands_in(desk)
    said = undone_said(voice, await oncall_of(desk).undoing.undo(GUILD, number, by=PRIMARY))
    assert "**primary** @primary" in said
