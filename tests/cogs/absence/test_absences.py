"""Absences on a real database: told once, taken once as an override, withdrawn, and warned of."""

import asyncio
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.delivery.delivery import Delivery
from bot.domain.errors import ConfigError, NotPermitted, UserError
from bot.domain.oncall.absences import TimeAway
from bot.domain.oncall.book import NewOverride
from bot.domain.oncall.people import Who
from bot.domain.oncall.rotation import Rotation, Shift, Unit
from bot.domain.people import Person
from bot.runbook import default_policy_text, parse_policy
from bot.ui.posts.renderer import render
from bot.ui.words.wording import Wording
from cogs.absence.posts import took_said
from cogs.absence.rules import AbsenceDelivery
from cogs.absence.store import Absences
from cogs.absence.use_cases import Away
from cogs.oncall.store import OnCallEntries
from tests.cogs.oncall.acts import oncall_of, put_rotation
from tests.services.database import Database
from tests.services.desk import GUILD, OBSERVER, PRIMARY, Desk
from tests.unit.ui import samples, screens

TOKYO = ZoneInfo("Asia/Tokyo")
ROLES = frozenset({"responder"})
AI, BEN, CHO = (
    Person(id=number, name=name, username=name, roles=ROLES)
    for number, name in ((8, "ai"), (9, "ben"), (10, "cho"))
)


async def begun(database: Database) -> Desk:
    """A guild with absences, where Ai, Ben and Cho take turns of a week; it is Ai's now."""
    policy = parse_policy(f"{default_policy_text()}\n[absence]\n", name="policy.toml")
    desk = Desk(database, replace(policy, guild_id=None))
    began = (desk.clock.time.astimezone(TOKYO) - timedelta(days=1)).date()
    turns = Rotation(("8", "9", "10"), 1, Unit.WEEKS, began, time(10), TOKYO)
    await put_rotation(desk, "primary", [who(one) for one in (AI, BEN, CHO)], turns)
    return desk


def who(person: Person) -> Who:
    """The person as on-call records them."""
    return Who(person.id, person.username, person.name)


def absence(desk: Desk, person: Person, *, after: int, days: int) -> TimeAway:
    """An absence that begins *after* days."""
    starts = desk.clock.time + timedelta(days=after)
    return TimeAway(who(person), starts, starts + timedelta(days=days), "旅行")


async def told(desk: Desk) -> list[Delivery]:
    """The deliveries about shifts whose people are away."""
    return [one for one in await desk.database.deliveries() if isinstance(one.kind, AbsenceDelivery)]


async def stand_in(desk: Desk, starts: datetime, *, hours: int) -> int:
    """An override by which Cho is the primary."""
    async with desk.store.transaction() as tx:
        new = NewOverride("primary", who(CHO), starts, starts + timedelta(hours=hours))
        return await OnCallEntries(tx.sql).add_override(GUILD, new, by=CHO)


async def end(desk: Desk, override: int) -> None:
    """End an override."""
    async with desk.store.transaction() as tx:
        await OnCallEntries(tx.sql).end_override(GUILD, override, by=CHO)


def away(desk: Desk) -> Away:
    """The use cases."""
    return desk.services.of(Away)


async def shown(desk: Desk, post: Delivery) -> str:
    """The words and buttons of a post as it is now."""
    shift = await Absences(desk.store.sql).shift(GUILD, int(str(post.data["shift"])))
    return str(render(Wording(samples.JA.texts, desk.policy), post, shift))


async def test_a_near_shift_is_told_at_once_and_once(database: Database) -> None:
    """The channel and the person hear of it, however often it is looked; the fairest one is named."""
    turning = await begun(database)
    await away(turning).add(absence(turning, AI, after=1, days=2), by=AI)
    for _ in range(3):
        await away(turning).look()
    await turning.work()
    post, dm = await told(turning)
    assert (post.to.partition(":")[0], dm.to) == ("channel", "named:8")
    said = await shown(turning, post)
    assert "away:v1:take_shift:" in said
    assert "away:v1:take_shift:" not in await shown(turning, dm)


async def test_a_shift_that_is_far_is_told_a_week_ahead(database: Database) -> None:
    """Nothing is said before, and one look a week ahead says it."""
    turning = await begun(database)
    await away(turning).add(absence(turning, CHO, after=14, days=3), by=CHO)
    assert await told(turning) == []
    await turning.pass_time(days=8)
    await away(turning).look()
    assert len(await told(turning)) == 2


async def test_one_of_two_who_take_it_at_once_has_it(database: Database) -> None:
    """It becomes one override from its start, the posts say who has it, and it can be undone."""
    turning = await begun(database)
    made = await away(turning).add(absence(turning, AI, after=1, days=2), by=AI)
    await turning.work()
    number = int(str((await told(turning))[0].data["shift"]))
    takes = (away(turning).take(number, by=BEN), away(turning).take(number, by=CHO))
    done = await asyncio.gather(*takes, return_exceptions=True)
    [refused] = [one for one in done if isinstance(one, UserError)]
    assert refused.key == "away_shift_taken"
    rosters, _ = await turning.oncall.rosters(GUILD)
    taker = rosters.places["primary"].person_at(made.starts + timedelta(hours=1))
    assert taker in {"9", "10"}
    assert rosters.places["primary"].person_at(made.ends + timedelta(hours=1)) == "8"
    view = await oncall_of(turning).schedules.view(GUILD)
    assert len(view.overrides) == 1
    assert view.undoable is not None
    await turning.work()
    assert {key for key, _ in turning.discord.redrawn} == {f"away_shift:{number}", f"away_shift:{number}:dm"}
    said = await shown(turning, (await told(turning))[0])
    assert "引き受けました" in said
    assert "take_shift" not in said


async def test_a_shift_that_comes_back_is_told_again_once(database: Database) -> None:
    """The override of who took it is undone: the team and the person hear of it again; it can be taken."""
    turning = await begun(database)
    await away(turning).add(absence(turning, AI, after=1, days=2), by=AI)
    await turning.work()
    number = int(str((await told(turning))[0].data["shift"]))
    await away(turning).take(number, by=BEN)
    await away(turning).look()
    assert len(await told(turning)) == 2
    schedules = oncall_of(turning).schedules
    undoable = (await schedules.view(GUILD)).undoable
    assert undoable is not None
    await oncall_of(turning).undoing.undo(GUILD, undoable.id, by=PRIMARY)
    for _ in range(3):
        await away(turning).look()
    await turning.work()
    posts = await told(turning)
    assert [one.kind for one in posts] == [AbsenceDelivery.AWAY_SHIFT, AbsenceDelivery.AWAY_SHIFT_DM] * 2
    assert not [one for one in posts if "引き受けました" in await shown(turning, one)]
    assert f"away_shift:{number}" in {key for key, _ in turning.discord.redrawn}
    await away(turning).take(number, by=CHO)
    turning.discord.redrawn.clear()
    await turning.work()
    assert {key for key, _ in turning.discord.redrawn} == {one.key for one in posts}


async def test_a_part_of_a_shift_that_was_told_is_not_told_again(database: Database) -> None:
    """Cho stands in for the middle of a shift, whose rest nobody is asked to take a second time."""
    turning = await begun(database)
    made = await away(turning).add(absence(turning, AI, after=1, days=3), by=AI)
    new = NewOverride(
        "primary", who(CHO), made.starts + timedelta(hours=12), made.starts + timedelta(hours=24)
    )
    await oncall_of(turning).schedules.override(GUILD, new, by=PRIMARY)
    await away(turning).look()
    assert len(await told(turning)) == 2


async def test_a_part_that_comes_back_is_told(database: Database) -> None:
    """Ben takes a whole shift, an override gives its end back to Ai, and that end is told."""
    turning = await begun(database)
    made = await away(turning).add(absence(turning, AI, after=1, days=3), by=AI)
    await away(turning).take(int(str((await told(turning))[0].data["shift"])), by=BEN)
    new = NewOverride("primary", who(AI), made.starts + timedelta(hours=24), made.ends)
    await oncall_of(turning).schedules.override(GUILD, new, by=PRIMARY)
    for _ in range(2):
        await away(turning).look()
    assert len(await told(turning)) == 4


async def test_who_takes_a_shift_leaves_what_another_has_taken_of_it(database: Database) -> None:
    """Cho stands in for a part of it already: Ben's press takes the rest, before and after."""
    turning = await begun(database)
    made = await away(turning).add(absence(turning, AI, after=1, days=3), by=AI)
    starts, ends = made.starts + timedelta(hours=12), made.starts + timedelta(hours=24)
    new = NewOverride("primary", who(CHO), starts, ends)
    await oncall_of(turning).schedules.override(GUILD, new, by=PRIMARY)
    await away(turning).take(int(str((await told(turning))[0].data["shift"])), by=BEN)
    rosters, _ = await turning.oncall.rosters(GUILD)
    hour = timedelta(hours=1)
    moments = (made.starts + hour, starts + hour, ends + hour, made.ends - hour, made.ends + hour)
    assert [rosters.places["primary"].person_at(at) for at in moments] == ["9", "10", "9", "9", "8"]


async def test_who_may_not_take_it_is_refused_and_it_stays(database: Database) -> None:
    """Another person who is away, one without the role, and the shift of another by now: nothing is lost."""
    turning = await begun(database)
    await away(turning).add(absence(turning, AI, after=1, days=2), by=AI)
    await away(turning).add(absence(turning, BEN, after=2, days=1), by=BEN)
    number = int(str((await told(turning))[0].data["shift"]))
    with pytest.raises(UserError, match="away_taker_is_away"):
        await away(turning).take(number, by=BEN)
    with pytest.raises(NotPermitted):
        await away(turning).take(number, by=OBSERVER)
    found = await Absences(turning.store.sql).shift(GUILD, number)
    assert found is not None
    assert found.waits
    new = NewOverride("primary", who(CHO), found.starts, found.ends)
    await oncall_of(turning).schedules.override(GUILD, new, by=PRIMARY)
    with pytest.raises(UserError, match="away_shift_gone"):
        await away(turning).take(number, by=CHO)


async def test_a_withdrawn_absence_asks_nobody(database: Database) -> None:
    """Its posts say so, a press is refused, and it cannot be withdrawn twice, nor by another responder."""
    turning = await begun(database)
    made = await away(turning).add(absence(turning, AI, after=1, days=2), by=AI)
    await turning.work()
    number = int(str((await told(turning))[0].data["shift"]))
    with pytest.raises(NotPermitted):
        await away(turning).end(made.id, by=BEN)
    await away(turning).end(made.id, by=AI)
    await turning.work()
    assert "取り消されました" in await shown(turning, (await told(turning))[0])
    assert await away(turning).open_ones(by=AI) == []
    for refused in (away(turning).end(made.id, by=AI), away(turning).take(number, by=BEN)):
        with pytest.raises(UserError, match="absence_over"):
            await refused


async def test_a_stand_in_who_is_away_is_warned_of(database: Database) -> None:
    """The check of an override finds the absence; a time outside it finds none."""
    turning = await begun(database)
    made = await away(turning).add(absence(turning, BEN, after=2, days=2), by=BEN)
    checks = oncall_of(turning).checks
    [(person, found)] = await checks.away(GUILD, (who(BEN), made.starts, made.starts + timedelta(hours=1)))
    assert (person.handle, found.id) == ("9", made.id)
    assert await checks.away(GUILD, (who(BEN), made.ends, made.ends + timedelta(hours=1))) == []


async def test_only_the_duty_of_others_needs_the_right_to_change_it(database: Database) -> None:
    """A responder records their own absence alone; a person on call records anyone's."""
    turning = await begun(database)
    with pytest.raises(NotPermitted):
        await away(turning).add(absence(turning, AI, after=1, days=2), by=BEN)
    made = await away(turning).add(absence(turning, AI, after=1, days=2), by=PRIMARY)
    assert (made.who.user_id, made.by_name) == (8, "primary")


async def test_parts_that_come_back_and_grow_are_one(database: Database) -> None:
    """Of two stand-ins the first is ended and recorded again, then the second ended: one post for a time."""
    turning = await begun(database)
    absent = absence(turning, AI, after=1, days=3)
    first, second = (absent.starts + timedelta(hours=hours) for hours in (24, 48))
    one, two = await stand_in(turning, first, hours=12), await stand_in(turning, second, hours=12)
    made = await away(turning).add(absent, by=AI)
    await turning.work()
    assert len(await told(turning)) == 6
    await end(turning, one)
    await away(turning).look()
    await stand_in(turning, first, hours=12)
    await away(turning).look()
    await end(turning, two)
    for _ in range(3):
        await away(turning).look()
    await turning.work()
    shifts = await Absences(turning.store.sql).open_shifts(GUILD)
    waiting = [(one.starts, one.ends) for one in shifts if one.waits]
    assert waiting == [(made.starts, first), (first + timedelta(hours=12), made.ends)]
    [merged] = [one for one in shifts if one.is_merged]
    assert f"away_shift:{merged.id}" in {key for key, _ in turning.discord.redrawn}
    posts = [one for one in await told(turning) if one.data["shift"] == merged.id]
    for post in posts:
        said = await shown(turning, post)
        assert "まとめました" in said
        assert "take_shift" not in said
    with pytest.raises(UserError, match="away_shift_gone"):
        await away(turning).take(merged.id, by=BEN)


async def test_one_bad_absence_does_not_silence_the_others(database: Database) -> None:
    """One absence's shift cannot be stored; the others are still told, and new absences recorded."""
    turning = await begun(database)
    await away(turning).add(absence(turning, BEN, after=10, days=1), by=BEN)
    await away(turning).add(absence(turning, CHO, after=15, days=1), by=CHO)
    await database.fetch("ALTER TABLE away_shifts ADD CHECK (handle <> '9')")
    await turning.pass_time(days=9)
    await away(turning).look()
    await away(turning).add(absence(turning, AI, after=12, days=1), by=AI)
    assert {one.to for one in await told(turning)} >= {"named:10"}
    assert "named:9" not in {one.to for one in await told(turning)}


async def test_a_shift_that_grows_by_seconds_is_told_once(database: Database) -> None:
    """Posts show minutes: one that reads the same is not sent again."""
    turning = await begun(database)
    made = await away(turning).add(absence(turning, AI, after=1, days=2), by=AI)
    starts, ends = made.starts - timedelta(seconds=2), made.ends + timedelta(seconds=40)
    async with turning.store.transaction() as tx:
        await Absences(tx.sql).update(made.id, replace(made, starts=starts, ends=ends))
    await away(turning).look()
    assert len(await told(turning)) == 2
    async with turning.store.transaction() as tx:
        await Absences(tx.sql).update(made.id, replace(made, starts=starts, ends=ends + timedelta(minutes=1)))
    await away(turning).look()
    assert len(await told(turning)) == 4


async def suggestions(desk: Desk) -> dict[str, str | None]:
    """Who is suggested for the shift that waits at each place."""
    shifts = await Absences(desk.store.sql).open_shifts(GUILD)
    return {one.place: one.suggested for one in shifts if one.waits}


async def test_who_is_suggested_for_one_place_is_not_for_another(database: Database) -> None:
    """Ai is both primary and secondary: two people are asked."""
    turning = await begun(database)
    starts = turning.clock.time + timedelta(days=1)
    async with turning.store.transaction() as tx:
        both = NewOverride("secondary", who(AI), starts, starts + timedelta(days=2))
        await OnCallEntries(tx.sql).add_override(GUILD, both, by=AI)
    await away(turning).add(absence(turning, AI, after=1, days=2), by=AI)
    found = await suggestions(turning)
    assert found.keys() == {"primary", "secondary"}
    assert found["primary"] != found["secondary"]


async def test_a_suggested_person_who_is_away_is_replaced(database: Database) -> None:
    """The first one is away then, too: the post names the other one, and is not sent again."""
    turning = await begun(database)
    await away(turning).add(absence(turning, AI, after=1, days=2), by=AI)
    await turning.work()
    before = (await suggestions(turning))["primary"]
    first, other = (BEN, "10") if before == "9" else (CHO, "9")
    await away(turning).add(absence(turning, first, after=1, days=2), by=first)
    for _ in range(2):
        await away(turning).look()
    await turning.work()
    assert (await suggestions(turning))["primary"] == other
    assert len(await told(turning)) == 2
    assert (await told(turning))[0].key in {key for key, _ in turning.discord.redrawn}


async def test_who_takes_a_shift_hears_that_they_are_at_two_places(database: Database) -> None:
    """Ben takes a shift while he is secondary, and is warned that nobody comes next."""
    turning = await begun(database)
    made = await away(turning).add(absence(turning, AI, after=1, days=2), by=AI)
    starts, ends = made.starts + timedelta(hours=3), made.starts + timedelta(hours=9)
    async with turning.store.transaction() as tx:
        await OnCallEntries(tx.sql).add_override(
            GUILD, NewOverride("secondary", who(BEN), starts, ends), by=BEN
        )
    taken, elsewhere = await away(turning).take(int(str((await told(turning))[0].data["shift"])), by=BEN)
    assert elsewhere == [("secondary", Shift("9", starts, ends))]
    said = took_said(screens.JA, taken, elsewhere)
    assert "primary と secondary を兼ねます" in said


def test_a_far_look_ahead_is_refused() -> None:
    """The line names the key and what is allowed; without the table the capability is off."""
    with pytest.raises(ConfigError, match=r"absence.ahead: .*30d"):
        parse_policy(f'{default_policy_text()}\n[absence]\nahead = "40d"\n', name="policy.toml")
    assert "absence" in parse_policy(default_policy_text(), name="policy.toml").off
