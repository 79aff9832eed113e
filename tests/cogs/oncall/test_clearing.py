"""Clearing a schedule is asked about, and what a change of it should be warned of is said."""

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.errors import NotPermitted, UserError
from bot.domain.oncall.book import Content, NewOverride
from bot.domain.oncall.people import Who
from bot.domain.oncall.rotation import Rotation, Shift, Unit
from bot.services.ports.discord import Gap, ReadinessFinding
from cogs.oncall.schedules import ScheduleClearing
from tests.cogs.oncall.acts import oncall_of, put_rotation
from tests.services.desk import GUILD, OBSERVER, PRIMARY, Desk

AI, BEN, RESPONDER = Who(8, "ai", "Ai"), Who(9, "ben", "Ben"), Who(3, "responder", "responder")
HOUR = timedelta(hours=1)


async def rotate(desk: Desk) -> None:
    """Ai and Ben take turns as primary."""
    turns = Rotation(("8", "9"), 1, Unit.DAYS, date(2024, 1, 1), time(10), ZoneInfo("Asia/Tokyo"))
    await put_rotation(desk, "primary", [AI, BEN], turns)


async def asked(desk: Desk) -> ScheduleClearing:
    """What primary is shown before it is cleared."""
    return await oncall_of(desk).clearing.preview(GUILD, "primary", by=PRIMARY)


async def override(desk: Desk, who: Who, *, place: str = "primary", is_swap: bool = False) -> NewOverride:
    """Add an override by *who* for one hour."""
    now = desk.clock.time
    new = NewOverride(place, who, now, now + HOUR, is_swap=is_swap)
    return (await oncall_of(desk).schedules.override(GUILD, new, by=PRIMARY)).value


async def test_what_would_go_is_shown_and_nothing_changes(desk: Desk) -> None:
    """The question lists the schedules and overrides that clearing would remove, and changes nothing."""
    await rotate(desk)
    for who, is_swap in ((RESPONDER, False), (RESPONDER, True), (Who(None, "primary", "primary"), False)):
        await override(desk, who, is_swap=is_swap)
    shown = await asked(desk)
    [schedule] = shown.schedules
    assert schedule.content.rotation is not None
    assert [person.name for person in schedule.people.values()] == ["Ai", "Ben"]
    assert [one.id for one, _ in shown.pointless] == [2, 3]
    assert shown.after.person.handle == "primary"
    assert (await asked(desk)).mark == shown.mark


async def test_a_press_on_what_has_changed_since_changes_nothing(desk: Desk) -> None:
    """A confirmation is refused while schedules or overrides differ from what its question showed."""
    await rotate(desk)
    first = await asked(desk)
    await oncall_of(desk).schedules.set_person(GUILD, "primary", BEN, by=PRIMARY)
    clearing = oncall_of(desk).clearing
    assert await clearing.clear(GUILD, "primary", seen=first.mark, by=PRIMARY) is None
    second = await asked(desk)
    assert len(second.schedules) == 2
    await override(desk, Who(None, "primary", "primary"))
    assert await clearing.clear(GUILD, "primary", seen=second.mark, by=PRIMARY) is None
    await desk.pass_time(hours=2)
    cleared = await clearing.clear(GUILD, "primary", seen=second.mark, by=PRIMARY)
    assert cleared is not None
    assert (cleared.value.after.person.handle, cleared.value.is_override) == ("primary", False)
    with pytest.raises(UserError) as refused:
        await clearing.clear(GUILD, "primary", seen=second.mark, by=PRIMARY)
    assert refused.value.key == "oncall_nothing_set"


async def test_an_override_stays_and_is_the_reason_told(desk: Desk) -> None:
    """A current override survives the clearing of a schedule, and the answer names its person and its end.

    The answer names the policy's person as the one who follows.
    """
    await rotate(desk)
    made = await override(desk, RESPONDER)
    done = await oncall_of(desk).clearing.clear(GUILD, "primary", seen=(await asked(desk)).mark, by=PRIMARY)
    assert done is not None
    cleared = done.value
    assert cleared.is_override
    assert (cleared.after.person.name, cleared.after.until) == ("responder", made.ends)
    assert cleared.following is not None
    assert cleared.following.person.handle == "primary"


async def test_an_override_of_the_policy_files_person_is_no_reason(desk: Desk) -> None:
    """An override by the policy's person does not count; if another override follows, no return is named."""
    await rotate(desk)
    await override(desk, Who(None, "primary", "primary"))
    assert not (await asked(desk)).is_override
    await override(desk, RESPONDER)
    now = desk.clock.time
    await oncall_of(desk).schedules.override(
        GUILD, NewOverride("primary", BEN, now + HOUR, now + 2 * HOUR), by=PRIMARY
    )
    shown = await asked(desk)
    assert (shown.is_override, shown.following) == (True, None)


async def test_whoever_presses_needs_the_permission(desk: Desk) -> None:
    """The question as well as the answer."""
    await rotate(desk)
    mark = (await asked(desk)).mark
    with pytest.raises(NotPermitted):
        await oncall_of(desk).clearing.preview(GUILD, "primary", by=OBSERVER)
    with pytest.raises(NotPermitted):
        await oncall_of(desk).clearing.clear(GUILD, "primary", seen=mark, by=OBSERVER)
    assert len((await asked(desk)).schedules) == 1


async def test_an_override_says_what_the_stand_in_lacks(desk: Desk) -> None:
    """The check of an override lists what the stand-in lacks, and has no result while Discord is away."""
    checks = oncall_of(desk).checks
    desk.reach.lacks["3"] = [ReadinessFinding(Gap.NO_ROLE, ("on-call",))]
    made = await override(desk, RESPONDER)
    check = await checks.of_override(GUILD, made)
    assert (check.gaps, check.doubled) == (desk.reach.lacks["3"], [])
    desk.reach.is_away = True
    assert (await checks.of_override(GUILD, made)).gaps is None


async def test_one_person_at_two_places_is_warned_of_and_allowed(desk: Desk) -> None:
    """A person on call at two places at once is reported for an override, a changed place and an import.

    The override is made all the same.
    """
    checks = oncall_of(desk).checks
    secondary = Who(2, "secondary", "secondary")
    made = await override(desk, secondary)
    [(duty, person)] = (await checks.of_override(GUILD, made)).doubled
    assert (duty.other, duty.starts, duty.ends) == ("secondary", made.starts, made.ends)
    assert person.handle == "secondary"
    assert [duty.ends for duty, _ in await checks.of_places(GUILD, "primary", "secondary")] == [made.ends]
    now = desk.clock.time
    shifts = (Shift("2", now + 5 * HOUR, now + 6 * HOUR), Shift("8", now + 6 * HOUR, now + 7 * HOUR))
    draft = Content({"2": secondary, "8": AI}, shifts=shifts)
    [(duty, _)] = await checks.of_import(GUILD, [("primary", draft)])
    assert duty.handle == "secondary"
    assert await checks.of_import(GUILD, [("primary", Content({"8": AI}, shifts=shifts[1:]))]) == []
