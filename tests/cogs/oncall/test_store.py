"""On call: what was written down from chat, and the watch."""

from dataclasses import replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.jobs import Job
from bot.domain.oncall.book import Content, NewOverride
from bot.domain.oncall.people import Who
from bot.domain.oncall.rotation import Rotation, Shift, Unit
from bot.storage.tables.oncall import OnCallRows
from cogs.oncall.handovers import HANDOVER
from cogs.oncall.rules import RosterWatch
from cogs.oncall.store import OnCallEntries, RosterWatches
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import GUILD, OLIVE, PERRY

HOUR = timedelta(hours=1)
AI = Who(1, "ai_01", "Ai")
BEN = Who(None, "ben", "Ben")


async def test_an_override_comes_back_until_it_is_over(rig: Rig) -> None:
    """Overrides of a guild are read as they were written, in that order, until they are over."""
    now = await rig.store.now()
    first = NewOverride("primary", AI, now - HOUR, now + HOUR, reason="dentist", is_swap=True)
    second = NewOverride("secondary", BEN, now + HOUR, now + 3 * HOUR)
    async with rig.store.transaction() as tx:
        numbers = [await OnCallEntries(tx.sql).add_override(GUILD, new, by=PERRY) for new in (first, second)]
        await OnCallEntries(tx.sql).add_override(GUILD + 1, first, by=PERRY)
    book = await OnCallRows(rig.store.sql).oncall_book(GUILD, since=now)
    assert [one.id for one in book.overrides] == numbers
    kept = book.overrides[0]
    assert (kept.place, kept.who, kept.starts, kept.ends) == ("primary", AI, first.starts, first.ends)
    assert (kept.reason, kept.is_swap, kept.by_id, kept.by_name) == ("dentist", True, PERRY.id, PERRY.name)
    assert kept.ended_at is None
    assert book.overrides[1].who == BEN
    later = await OnCallRows(rig.store.sql).oncall_book(GUILD, since=now + 2 * HOUR)
    assert [one.id for one in later.overrides] == numbers[1:]


async def test_an_override_is_taken_back_once(rig: Rig) -> None:
    """An override that is taken back counts until then, and cannot be taken back again.

    An override that is over, another guild's, and an unknown number are left alone.
    """
    now = await rig.store.now()
    async with rig.store.transaction() as tx:
        number = await OnCallEntries(tx.sql).add_override(
            GUILD, NewOverride("primary", AI, now, now + 3 * HOUR), by=PERRY
        )
        brief = await OnCallEntries(tx.sql).add_override(
            GUILD, NewOverride("primary", AI, now, now + HOUR), by=PERRY
        )
    await rig.advance(2 * HOUR)
    async with rig.store.transaction() as tx:
        assert await OnCallEntries(tx.sql).end_override(GUILD + 1, number, by=OLIVE) == []
        assert await OnCallEntries(tx.sql).end_override(GUILD, brief, by=OLIVE) == []
        [ended] = await OnCallEntries(tx.sql).end_override(GUILD, number, by=OLIVE)
        assert ended.until == await tx.now()
        assert await OnCallEntries(tx.sql).end_override(GUILD, number, by=OLIVE) == []
        assert await OnCallEntries(tx.sql).end_override(GUILD, 999_999, by=OLIVE) == []
    after = await OnCallRows(rig.store.sql).oncall_book(GUILD, since=await rig.store.now())
    assert after.overrides == ()
    before = await OnCallRows(rig.store.sql).oncall_book(GUILD, since=now)
    assert [one.ended_at is not None for one in before.overrides] == [True, False]


async def test_the_halves_of_a_swap_are_taken_back_together(rig: Rig) -> None:
    """Ending one half of a swap ends both, and no other override or past half."""
    now = await rig.store.now()

    async def swap(first: timedelta) -> list[int]:
        await rig.advance(timedelta(seconds=1))
        spans = ((first, AI), (5 * HOUR, BEN))
        new = [NewOverride("primary", who, now, now + span, is_swap=True) for span, who in spans]
        async with rig.store.transaction() as tx:
            await OnCallEntries(tx.sql).add_override(GUILD, replace(new[0], is_swap=False), by=PERRY)
            return [await OnCallEntries(tx.sql).add_override(GUILD, each, by=PERRY) for each in new]

    async def end(number: int) -> list[int]:
        async with rig.store.transaction() as tx:
            return [one.id for one in await OnCallEntries(tx.sql).end_override(GUILD, number, by=OLIVE)]

    one, other, late = await swap(3 * HOUR), await swap(3 * HOUR), await swap(HOUR)
    book = (await OnCallRows(rig.store.sql).oncall_book(GUILD, since=now)).overrides
    halves = [(a.id, b.id) for a in book for b in book if a.id < b.id and a.is_half_with(b)]
    assert halves == [tuple(each) for each in (one, other, late)]
    await rig.advance(2 * HOUR)
    assert await end(one[1]) == one[::-1]
    assert await end(one[0]) == []
    assert await end(late[1]) == [late[1]]
    counting = await OnCallRows(rig.store.sql).oncall_book(GUILD, since=await rig.store.now())
    assert [each.id for each in counting.overrides if each.is_swap] == other


def contents() -> list[Content]:
    """One of each kind."""
    start = date(2026, 11, 16)
    turns = Rotation(("1", "ben"), 12, Unit.HOURS, start, time(9, 30), ZoneInfo("Europe/Berlin"))
    people = {"1": AI, "ben": BEN}
    return [Content({"1": AI}, person="1"), Content(people, rotation=turns), Content(people)]


async def test_schedules_come_back_in_the_order_of_their_force(rig: Rig) -> None:
    """A person, a rotation, imported shifts: the one that was put into force last comes last."""
    now = await rig.store.now()
    person, rotation, empty = contents()
    shifts = replace(empty, shifts=(Shift("1", now, now + HOUR), Shift("ben", now + HOUR, now + 2 * HOUR)))
    async with rig.store.transaction() as tx:
        draft = await OnCallEntries(tx.sql).add_schedule(GUILD, "primary", shifts, by=PERRY, draft=True)
        await OnCallEntries(tx.sql).add_schedule(GUILD, "primary", person, by=PERRY)
        await OnCallEntries(tx.sql).add_schedule(GUILD, "secondary", rotation, by=OLIVE)
        inside = await OnCallRows(tx.sql).oncall_book(GUILD, since=now)
    assert [one.content for one in inside.schedules] == [person, rotation]
    await rig.advance(HOUR)
    async with rig.store.transaction() as tx:
        assert await OnCallEntries(tx.sql).confirm_schedule(GUILD + 1, draft, by=OLIVE) is None
        assert await OnCallEntries(tx.sql).confirm_schedule(GUILD, draft, by=OLIVE) == ("primary", shifts)
        assert await OnCallEntries(tx.sql).confirm_schedule(GUILD, draft, by=OLIVE) is None
    book = await OnCallRows(rig.store.sql).oncall_book(GUILD, since=now)
    assert [one.content for one in book.schedules] == [person, rotation, shifts]
    assert [one.place for one in book.schedules] == ["primary", "secondary", "primary"]
    assert (book.schedules[2].by_name, book.schedules[2].starts) == (OLIVE.name, book.schedules[2].starts)
    assert book.schedules[2].starts >= now + HOUR


async def test_a_draft_is_forgotten_after_a_day(rig: Rig) -> None:
    """A draft that was not confirmed within a day cannot be confirmed any more."""
    person, *_ = contents()
    async with rig.store.transaction() as tx:
        draft = await OnCallEntries(tx.sql).add_schedule(GUILD, "primary", person, by=PERRY, draft=True)
    await rig.advance(timedelta(days=1, minutes=1))
    async with rig.store.transaction() as tx:
        assert await OnCallEntries(tx.sql).confirm_schedule(GUILD, draft, by=PERRY) is None
        await OnCallEntries(tx.sql).add_schedule(GUILD, "primary", person, by=PERRY, draft=True)
        assert await OnCallEntries(tx.sql).confirm_schedule(GUILD, draft, by=PERRY) is None


async def test_a_place_is_cleared_and_no_other(rig: Rig) -> None:
    """Clearing a place ends its schedule, but no draft and no other place's schedule.

    The schedule counts until then.
    """
    person, *_ = contents()
    async with rig.store.transaction() as tx:
        for guild, place, draft in (
            (GUILD, "primary", False),
            (GUILD, "secondary", False),
            (GUILD, "primary", True),
        ):
            await OnCallEntries(tx.sql).add_schedule(guild, place, person, by=PERRY, draft=draft)
    began = await rig.store.now()
    await rig.advance(HOUR)
    async with rig.store.transaction() as tx:
        assert len(await OnCallEntries(tx.sql).end_schedules(GUILD, "primary", by=OLIVE)) == 1
        assert await OnCallEntries(tx.sql).end_schedules(GUILD, "primary", by=OLIVE) == set()
    now = await rig.store.now()
    assert [
        one.place for one in (await OnCallRows(rig.store.sql).oncall_book(GUILD, since=now)).schedules
    ] == ["secondary"]
    earlier = (await OnCallRows(rig.store.sql).oncall_book(GUILD, since=began)).schedules
    assert sorted(one.place for one in earlier) == ["primary", "secondary"]


async def test_a_guild_has_one_watch(rig: Rig) -> None:
    """The first one stays; what is saved comes back; waking brings its time forward and never back."""
    now = await rig.store.now()
    watch = RosterWatch(GUILD, {"primary": "ai_01"}, told=0, checked=(), next_at=now + HOUR)
    async with rig.store.transaction() as tx:
        assert await RosterWatches(tx.sql).lock(GUILD) is None
        await RosterWatches(tx.sql).wake(GUILD)  # nothing to wake
        assert await RosterWatches(tx.sql).begin(watch)
        assert not await RosterWatches(tx.sql).begin(replace(watch, standing={"primary": "ben"}))
        assert await RosterWatches(tx.sql).lock(GUILD) == watch
        lacking = {"ben": ("no_role:on-call", "no_email:")}
        checked = ("a|b|c",)
        told = RosterWatch(
            GUILD, {"primary": "ben", "secondary": "1"}, 3, checked, now + 2 * HOUR, now + HOUR, lacking
        )
        await RosterWatches(tx.sql).save(told)
        assert await RosterWatches(tx.sql).lock(GUILD) == told
        await RosterWatches(tx.sql).wake(GUILD)
        woken = await RosterWatches(tx.sql).lock(GUILD)
        assert woken is not None
        assert woken.next_at == await tx.now()
        await RosterWatches(tx.sql).save(replace(told, next_at=now - HOUR))
        await RosterWatches(tx.sql).wake(GUILD)
        assert await RosterWatches(tx.sql).lock(GUILD) == replace(told, next_at=now - HOUR)


async def test_an_overdue_watch_gets_its_job_again(rig: Rig) -> None:
    """One that has its job keeps it."""
    now = await rig.store.now()
    async with rig.store.transaction() as tx:
        await RosterWatches(tx.sql).begin(RosterWatch(GUILD, {}, told=0, checked=(), next_at=now + HOUR))
    assert await rig.store.requeue_stuck(overdue=timedelta(minutes=1)) == []
    await rig.advance(2 * HOUR)
    assert await rig.store.requeue_stuck(overdue=timedelta(minutes=1)) == [f"handover:{GUILD}"]
    assert await rig.store.requeue_stuck(overdue=timedelta(minutes=1)) == []
    (job,) = await rig.jobs()
    assert (job.name, job.payload) == (HANDOVER, str(GUILD))
    await rig.lose_jobs()
    async with rig.store.transaction() as tx:
        await tx.enqueue(Job(HANDOVER, str(GUILD), f"handover:{GUILD}"))
    assert await rig.store.requeue_stuck(overdue=timedelta(minutes=1)) == []
