"""`/oncall schedule rotate`: shown before it is set, with who drops out, and set only as it was shown."""

import re
from dataclasses import replace
from datetime import date, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from bot.domain.errors import NotPermitted, UserError
from bot.domain.oncall.book import NewOverride
from bot.domain.oncall.people import Who
from bot.domain.oncall.rotation import Rotation, Unit
from bot.ui.words.wording import Voice
from cogs.oncall.rules import WantedTurns
from cogs.oncall.schedules import RotationPreview, RotationSet
from cogs.oncall.screens import ROTATE, rotate_screen, rotated_said
from tests.cogs.oncall.acts import oncall_of, put_rotation
from tests.services.desk import GUILD, OBSERVER, PRIMARY, Desk
from tests.unit.ui import screens

TOKYO = ZoneInfo("Asia/Tokyo")
AI, BEN, CHO, DAN = Who(8, "ai", "Ai"), Who(9, "ben", "Ben"), Who(10, "cho", "Cho"), Who(11, "dan", "Dan")
WEEKLY = Rotation(("8", "9", "10"), 1, Unit.WEEKS, date(2024, 1, 1), time(10), TOKYO)  # a Monday


async def previewed(desk: Desk, turns: WantedTurns) -> RotationPreview:
    """What primary is shown."""
    return await oncall_of(desk).rotating.preview(GUILD, "primary", turns, by=PRIMARY)


async def confirmed(desk: Desk, shown: RotationPreview) -> RotationSet | RotationPreview:
    """What comes of a press on [設定する]."""
    done = await oncall_of(desk).rotating.confirm(GUILD, "primary", shown.number, seen=shown.mark, by=PRIMARY)
    return done if isinstance(done, RotationPreview) else done.value


async def current(desk: Desk) -> Rotation | None:
    """Return the rotation in force."""
    rosters, now = await desk.oncall.rosters(GUILD)
    return rosters.places["primary"].turns_at(now)[1]


async def test_four_weeks_are_shown_and_nothing_changes(desk: Desk) -> None:
    """The preview has no gap in four weeks, each stretch with the person by both schedules; none is set."""
    await put_rotation(desk, "primary", [AI, BEN, CHO], WEEKLY)
    shown = await previewed(desk, WantedTurns((BEN, AI, CHO), 1, Unit.WEEKS))
    now = desk.clock.time
    assert (shown.stretches[0].starts, shown.stretches[-1].ends) == (now, now + timedelta(weeks=4))
    assert all(one.ends == other.starts for one, other in pairwise(shown.stretches))
    for each in shown.stretches:
        assert each.before == WEEKLY.person_at(each.starts)
        assert each.after == shown.rotation.person_at(each.starts)
    assert any(each.before != each.after for each in shown.stretches)
    assert (shown.dropped, await current(desk)) == ((), WEEKLY)


async def test_a_person_cannot_take_turns_with_themselves(desk: Desk) -> None:
    """A person who is chosen twice is refused by name, and nothing is previewed."""
    for people in ((AI, AI), (AI, BEN, AI)):
        with pytest.raises(UserError) as refused:
            await previewed(desk, WantedTurns(people, 1, Unit.WEEKS))
        assert (refused.value.key, refused.value.fields) == ("oncall_twice_in_rotation", {"who": "Ai"})


async def test_the_handover_stays_unless_another_is_asked_for(desk: Desk) -> None:
    """Hour and weekday are those of the rotation in force; either may be given, a weekday for weeks only."""
    await put_rotation(desk, "primary", [AI, BEN, CHO], replace(WEEKLY, handover=time(9, 30)))
    people = (AI, BEN, CHO)
    asked = (
        WantedTurns(people, 2, Unit.WEEKS),
        WantedTurns(people, 1, Unit.WEEKS, time(18)),
        WantedTurns(people, 1, Unit.WEEKS, time(18), 4),
    )
    found = [(await previewed(desk, turns)).rotation for turns in asked]
    assert [(one.starts_on.weekday(), one.handover) for one in found] == [
        (0, time(9, 30)),
        (0, time(18)),
        (4, time(18)),
    ]
    now = desk.clock.time
    assert all(one.begins(0) <= now < one.begins(1) for one in found)
    with pytest.raises(UserError) as refused:
        await previewed(desk, WantedTurns(people, 1, Unit.DAYS, weekday=4))
    assert refused.value.key == "oncall_weekday_needs_weeks"


async def test_a_layer_of_the_policy_in_another_zone_keeps_its_hour(desk: Desk) -> None:
    """A handover that is kept stays at the same moment, whichever zone the rotation has it in."""
    berlin = replace(WEEKLY, timezone=ZoneInfo("Europe/Berlin"))
    await put_rotation(desk, "primary", [AI, BEN, CHO], berlin)
    shown = await previewed(desk, WantedTurns((AI, BEN, CHO), 1, Unit.WEEKS))
    ahead = desk.clock.time + timedelta(weeks=4)
    assert list(shown.rotation.handovers(desk.clock.time, ahead)) == list(
        berlin.handovers(desk.clock.time, ahead)
    )


async def test_what_was_shown_is_set_once_and_said(desk: Desk) -> None:
    """The confirmed rotation is stored as shown; the answer has it, who is on call, and who comes next."""
    shown = await previewed(desk, WantedTurns((AI, BEN), 1, Unit.DAYS, time(0)))
    done = await confirmed(desk, shown)
    assert isinstance(done, RotationSet)
    assert await current(desk) == done.rotation == shown.rotation
    assert done.following is not None
    assert (done.holder.person.name, done.following.person.name) == ("Ai", "Ben")
    said = rotated_said(screens.JA, done)
    local = done.rotation.begins(1).astimezone(TOKYO)
    assert f"次の交代：{local:%m/%d %H:%M} JST" in said
    assert "1 日ごと、00:00 に交代" in said
    with pytest.raises(UserError) as refused:
        await confirmed(desk, shown)
    assert refused.value.key == "oncall_rotation_gone"
    await desk.database.advance(timedelta(days=1))
    assert (await desk.oncall.holders(GUILD))["primary"].name == "Ben"


async def test_a_preview_that_another_change_overtook_is_shown_anew(desk: Desk) -> None:
    """A schedule or an override of somebody else in between: nothing is set, and the new preview counts."""
    await put_rotation(desk, "primary", [AI, BEN], replace(WEEKLY, people=("8", "9")))
    shown = await previewed(desk, WantedTurns((AI, BEN), 1, Unit.DAYS))
    await oncall_of(desk).schedules.set_person(GUILD, "primary", CHO, by=PRIMARY)
    second = await confirmed(desk, shown)
    assert isinstance(second, RotationPreview)
    assert second.number == shown.number
    assert {each.before for each in second.stretches} == {"10"}
    now = desk.clock.time
    new = NewOverride("primary", DAN, now, now + timedelta(hours=1))
    await oncall_of(desk).schedules.override(GUILD, new, by=PRIMARY)
    await desk.database.advance(timedelta(seconds=1))  # of one moment, the one recorded last counts
    third = await confirmed(desk, second)
    assert isinstance(third, RotationPreview)
    assert isinstance(await confirmed(desk, third), RotationSet)
    assert await current(desk) == shown.rotation


async def test_people_who_would_drop_out_are_named_first(desk: Desk) -> None:
    """The preview names everybody whom the new rotation leaves out, and its confirmation says so."""
    await put_rotation(desk, "primary", [AI, BEN, CHO], WEEKLY)
    shown = await previewed(desk, WantedTurns((DAN, AI), 1, Unit.WEEKS))
    assert [person.name for person in shown.dropped] == ["Ben", "Cho"]
    screen = rotate_screen(screens.JA, shown)
    assert screens.labels(screen)[1] == "2 人を外して設定する"
    assert "⚠️ 交代から外れる人：" in screens.words(screen)
    assert isinstance(await confirmed(desk, shown), RotationSet)


async def test_whoever_presses_needs_the_permission(desk: Desk) -> None:
    """The preview as well as its confirmation; an unknown place is refused by name."""
    turns = WantedTurns((AI, BEN), 1, Unit.DAYS)
    shown = await previewed(desk, turns)
    rotating = oncall_of(desk).rotating
    with pytest.raises(NotPermitted):
        await rotating.preview(GUILD, "primary", turns, by=OBSERVER)
    with pytest.raises(NotPermitted):
        await rotating.confirm(GUILD, "primary", shown.number, seen=shown.mark, by=OBSERVER)
    with pytest.raises(UserError) as refused:
        await rotating.preview(GUILD, "tertiary", turns, by=PRIMARY)
    assert refused.value.key == "oncall_no_place"
    assert await current(desk) is None


async def test_a_new_rotation_goes_over_the_policy_until_it_is_cleared(desk: Desk) -> None:
    """Set, it decides from the last handover on; cleared, the policy decides again."""
    await confirmed(desk, await previewed(desk, WantedTurns((AI, BEN), 1, Unit.DAYS)))
    assert (await desk.oncall.holders(GUILD))["primary"].name == "Ai"
    asked = await oncall_of(desk).clearing.preview(GUILD, "primary", by=PRIMARY)
    await oncall_of(desk).clearing.clear(GUILD, "primary", seen=asked.mark, by=PRIMARY)
    assert (await desk.oncall.holders(GUILD))["primary"].handle == "primary"


@pytest.mark.parametrize("voice", screens.VOICES)
async def test_the_screen_fits_and_asks_with_the_safe_button_first(desk: Desk, voice: Voice) -> None:
    """Turns of an hour, for four weeks: the screen fits, counts the lines left out, and marks changes."""
    await put_rotation(desk, "primary", [AI, BEN, CHO], WEEKLY)
    shown = await previewed(desk, WantedTurns((AI, BEN, CHO), 1, Unit.HOURS))
    screen = rotate_screen(voice, replace(shown, place="p" * 24, number=10**17), is_changed=True)
    assert screens.over_limits(screen) == []
    quitting, setting = screens.presses(screen)
    assert quitting == "ui:v1:quit"
    assert re.fullmatch(ROTATE, setting)
    told = screens.words(screen)
    assert told.startswith("⚠️")
    assert told.count("🔸 ") > 10
    assert re.search(r"\d{3}", told.splitlines()[-1])
