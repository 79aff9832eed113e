"""The hours of a month on PostgreSQL: shifts as they were, pages, and who may see whose."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from bot.domain.errors import NotPermitted
from bot.domain.oncall.people import Who
from bot.domain.people import Person
from bot.domain.statistics.period import Period, PeriodKind
from cogs.hours.doctor import check
from cogs.hours.screens import hours_file, hours_said
from cogs.hours.use_cases import MonthHours, OnCallHours
from tests.services.desk import GUILD, OBSERVER, PRIMARY, SECONDARY, Desk
from tests.unit.domain.oncall.test_roster import TOKYO
from tests.unit.ui import screens

HOUR = timedelta(hours=1)
NOVEMBER = Period(PeriodKind.MONTH, date(2026, 11, 1))
DECEMBER = Period(PeriodKind.MONTH, date(2026, 12, 1))
ADMIN = Person(id=9, name="admin", roles=frozenset({"admin"}))
BEN = Person(id=123456789012345678, name="=Ben", username="ben")


async def stood_in(desk: Desk, starts: datetime, ends: datetime) -> None:
    """Ben covered the primary for a while, which was recorded then."""
    who = Who(BEN.id, BEN.username, BEN.name)
    await desk.database.fetch(
        "INSERT INTO oncall_overrides (guild_id, place, user_id, username, name, starts_at, ends_at, by_id,"
        " by_name, reason, is_swap) VALUES ($1, 'primary', $2, $3, $4, $5, $6, 1, 'x', '', false)",
        GUILD,
        who.user_id,
        who.username,
        who.name,
        starts,
        ends,
    )


def by_name(found: MonthHours) -> dict[str, float]:
    """Return the hours of each person."""
    return {one.person.name: one.hours.total / HOUR for one in found.people}


async def test_a_past_month_has_its_stand_ins_and_pages(desk: Desk) -> None:
    """A stand-in of last month counts for them and not for the person they replaced; so do their pages."""
    await desk.database.move_to(datetime(2026, 11, 12, 23, tzinfo=TOKYO))
    await stood_in(desk, desk.clock.time - 2 * HOUR, desk.clock.time + 22 * HOUR)
    await desk.open("SEV1")
    await desk.work()
    await desk.database.move_to(datetime(2026, 12, 5, 12, tzinfo=TOKYO))
    found = await desk.services.of(OnCallHours).of_month(NOVEMBER, by=ADMIN)
    assert (found.is_own, found.is_ahead, found.by_policy) == (False, False, True)
    hours = by_name(found)
    assert hours["=Ben"] == 24
    assert hours["primary"] == 30 * 24 - 24
    [ben] = [one for one in found.people if one.person.name == "=Ben"]
    # From 21:00 on Thursday to 21:00 on Friday.
    assert (ben.hours.weekday, ben.hours.night) == (17 * HOUR, 7 * HOUR)
    assert (ben.pages, ben.night_pages) == (1, 1)


async def test_a_month_that_goes_on_ends_now_and_one_ahead_is_the_plan(desk: Desk) -> None:
    """Both say so; the plan has no pages."""
    await desk.database.move_to(datetime(2026, 11, 11, tzinfo=TOKYO))
    hours, voice = desk.services.of(OnCallHours), replace(screens.JA, policy=desk.policy)
    running = await hours.of_month(NOVEMBER, by=ADMIN)
    assert by_name(running)["primary"] == 240
    assert "11/11 00:00 JST までの集計" in hours_said(voice, running)
    ahead = await hours.of_month(DECEMBER, by=ADMIN)
    assert by_name(ahead)["primary"] == 31 * 24
    assert "予定の時間" in hours_said(voice, ahead)


async def test_a_person_sees_their_own_hours_and_an_admin_all(desk: Desk) -> None:
    """Others are refused, on record; a person without shifts is told that there are none."""
    hours = desk.services.of(OnCallHours)
    await desk.database.move_to(datetime(2026, 11, 11, tzinfo=TOKYO))
    secondary = replace(OBSERVER, id=SECONDARY.id, name="secondary", username="secondary")
    own = await hours.of_month(NOVEMBER, by=secondary)
    assert (own.is_own, list(by_name(own))) == (True, ["secondary"])
    with pytest.raises(NotPermitted):
        await hours.of_month(NOVEMBER, by=secondary, about=replace(PRIMARY, username="primary"))
    refusals = [row for row in await desk.database.audit_rows() if not row.allowed]
    assert [row.action for row in refusals] == ["oncall"]
    one = await hours.of_month(NOVEMBER, by=ADMIN, about=secondary)
    assert (one.is_own, list(by_name(one))) == (False, ["secondary"])
    none = await hours.of_month(NOVEMBER, by=OBSERVER)
    assert "この月の当番はありません" in hours_said(screens.JA, none)


async def test_the_csv_opens_in_excel_and_starts_no_formula(desk: Desk) -> None:
    """UTF-8 with its mark, ids as text, and a name that begins with "=" stays a name."""
    await desk.database.move_to(datetime(2026, 11, 11, tzinfo=TOKYO))
    await stood_in(desk, desk.clock.time - 30 * HOUR, desk.clock.time - 22.5 * HOUR)
    found = await desk.services.of(OnCallHours).of_month(NOVEMBER, by=ADMIN, about=BEN)
    file = hours_file(screens.EN, found)
    content = file.fp.read()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.decode("utf-8-sig").split("\r\n") == [
        "name,Discord id,weekday (h),night (h),weekend (h),holiday (h),total (h),pages,pages at night",
        "'=Ben,<@123456789012345678>,4,3.5,0,0,7.5,0,0",
        "",
    ]
    assert file.filename == "on-call-hours-2026-11.csv"


async def test_the_doctor_says_what_night_is(desk: Desk) -> None:
    """It warns when the group of the command is switched off."""
    settings = None
    [fine] = await check(settings, desk.policy)  # type: ignore[arg-type]
    assert fine.said == "night: 22:00-05:00 in Asia/Tokyo"
    [gone] = await check(settings, replace(desk.policy, off=("oncall",)))  # type: ignore[arg-type]
    assert "/oncall is switched off" in gone.said
