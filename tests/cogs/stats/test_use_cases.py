"""`/stats`: what an incident's life adds to the figures, and who may see whose load."""

from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import NotPermitted, UserError
from bot.domain.incident.ownership import OwnerWhy
from bot.domain.incident.transitions import AckVia
from bot.domain.oncall.book import NewOverride
from bot.domain.oncall.people import Who
from bot.domain.oncall.rotation import Rotation, Unit
from bot.domain.people import Person
from bot.domain.statistics.figures import AlertCounts, Deadlines, Durations, SetAside, TargetCount
from bot.domain.statistics.period import IsoWeek, Period, PeriodKind
from bot.runbook import default_policy_text, parse_policy
from bot.services.incidents.updates import NewUpdate
from bot.storage.tables.incidents import IncidentRows
from cogs.stats.use_cases import StatisticsQuestion, StatsView, StatsViews
from tests.cogs.oncall.acts import oncall_of, put_rotation
from tests.services.alerts.test_alerts import FIRST, alert, receive
from tests.services.database import AuditRow
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, Desk

TOKYO = ZoneInfo("Asia/Tokyo")
MINUTE = timedelta(minutes=1)


async def week(desk: Desk, *, by: Person = RESPONDER, **scope: object) -> StatsView:
    """The current week, as *by* sees it a second later: what happens now is not over."""
    await desk.database.advance(timedelta(seconds=1))
    period = Period.containing((await desk.services.of(StatsViews).now()).date(), PeriodKind.WEEK)
    return await desk.services.of(StatsViews).show(replace(StatisticsQuestion(period), **scope), by=by)  # type: ignore[arg-type]


async def acknowledged(desk: Desk, *, after: timedelta, by: Person = PRIMARY, key: str = "k") -> int:
    """Open a SEV1, acknowledge it after *after*, and return its number."""
    incident = await desk.open("SEV1", key=key)
    await desk.pass_time(seconds=after.total_seconds())
    await desk.acknowledger.acknowledge(incident.id, by=by, via=AckVia.BUTTON)
    return incident.id


def update(*, key: str) -> NewUpdate:
    """A status update that promises the next one within half an hour."""
    return NewUpdate(
        known="原因を調査中",
        impact=None,
        next_in=30 * MINUTE,
        targets=("api.parky.co.jp",),
        symptoms=("errors",),
        key=key,
    )


async def test_an_incident_that_ended_in_time_is_not_late_once_reopened(desk: Desk) -> None:
    """Ended in time, reopened, handed back and acknowledged hours later, an incident has met its deadline."""
    incident = await desk.open("SEV1")
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.pass_time(seconds=3_600)
    await desk.lifecycle.reopen(incident.id, by=RESPONDER)
    await desk.releasing.release(incident.id, by=RESPONDER)
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    found = await week(desk)
    assert (found.figures.ack_deadlines, found.late) == (Deadlines(met=1, missed=0), ())


async def test_an_ack_and_four_days_without_an_owner_meet_no_deadline(desk: Desk) -> None:
    """Acknowledged in a second, and then nothing: the acknowledgement lapses, and nobody has it for days."""
    number = await acknowledged(desk, after=timedelta(seconds=1))
    await desk.pass_time(hours=3)
    assert (await IncidentRows(desk.store.sql).incident(number)).owner.why is OwnerWhy.LAPSED
    await desk.database.advance(timedelta(days=4))
    found = await week(desk)
    assert found.figures.ack_deadlines == Deadlines(missed=1)
    assert [one.id for one in found.late] == [number]
    (longest,) = found.figures.unowned.longest
    assert longest.incident.id == number
    assert found.figures.unowned.by_severity == {"SEV1": longest.seconds}
    assert timedelta(days=4) < timedelta(seconds=longest.seconds) < timedelta(days=4, hours=3)


async def test_an_incidents_life_in_figures(desk: Desk) -> None:
    """Two minutes to the ack, an update in time and one that was asked for, 40 minutes to the end."""
    number = await acknowledged(desk, after=2 * MINUTE)
    await desk.updates.tell(number, update(key="1"), by=PRIMARY)
    await desk.pass_time(minutes=31)
    await desk.updates.tell(number, update(key="2"), by=PRIMARY)
    await desk.pass_time(minutes=7)
    await desk.lifecycle.resolve(number, by=PRIMARY)
    sev1 = (await week(desk)).figures.severities[0]
    assert (sev1.severity, sev1.incidents, sev1.ack_deadlines) == ("SEV1", 1, Deadlines(met=1))
    assert sev1.acknowledge == Durations(1, 120.0, 120.0)
    assert sev1.resolve == Durations(1, 2_400.0, 2_400.0)
    figures = (await week(desk)).figures
    assert figures.updates == Deadlines(met=1, missed=1)
    assert figures.targets == (TargetCount("api.parky.co.jp", 1),)


async def test_what_is_set_aside_is_no_incident(desk: Desk) -> None:
    """A false alarm, a duplicate and a drill; the drill has a figure of its own."""
    kept = await desk.open(key="kept")
    await desk.lifecycle.cancel((await desk.open(key="false")).id, by=PRIMARY)
    await desk.merging.merge((await desk.open(key="double")).id, into=kept.id, by=PRIMARY)
    await desk.open_drill()
    figures = (await week(desk)).figures
    assert (figures.incidents, figures.set_aside) == (1, SetAside(false_alarms=1, duplicates=1))
    assert figures.drills.held == 1


async def test_the_scope_narrows_the_incidents(desk: Desk) -> None:
    """Figures are narrowed by severity, target and person.

    A question about a severity leaves out the load, and a question about a target the alerts.
    """
    await acknowledged(desk, after=MINUTE, key="1")
    await acknowledged(desk, after=MINUTE, by=RESPONDER, key="2")
    await desk.open("SEV2", key="3")
    for scope, count in (
        ({}, 3),
        ({"severity": "SEV1"}, 2),
        ({"target": "api.parky.co.jp"}, 3),
        ({"target": "dev-*"}, 0),
        ({"person": RESPONDER}, 1),
    ):
        assert (await week(desk, **scope)).figures.incidents == count
    assert (await week(desk, severity="SEV1")).load is None
    assert (await week(desk, target="dev-*")).alerts is None


async def test_a_page_is_counted_for_the_person_who_got_it(desk: Desk) -> None:
    """A page counts for the person who got it, by day or by night, under the name that the team uses.

    A page at night within the sleep hours counts as such too.
    """
    await desk.open(key="1")
    await desk.work()
    loads = (await week(desk, by=PRIMARY)).load or ()
    assert [(one.person.name, one.pages.day, one.pages.total) for one in loads] == [
        ("primary", 1, 1),
        ("secondary", 0, 0),
    ]
    await desk.pass_time(hours=9)  # 23:05, and the ladder has gone on
    pages = {one.person.name: one.pages for one in (await week(desk, by=PRIMARY)).load or ()}
    assert pages["primary"].night == pages["primary"].asleep > 0
    assert pages["secondary"].day > 0


async def test_a_drills_pages_are_no_load(desk: Desk) -> None:
    """A drill pages both people on call, and its pages count for nobody's load, since it is agreed upon."""
    await desk.open_drill()
    await desk.pass_time(minutes=20)
    assert set(desk.sent(DeliveryKind.PAGE)) == {"person:primary", "person:secondary"}
    loads = (await week(desk, by=PRIMARY)).load or ()
    assert {one.person.name: one.pages.total for one in loads} == {"primary": 0, "secondary": 0}


async def test_hours_on_call_follow_the_overrides(desk: Desk) -> None:
    """Hours on call follow the overrides of that time, and a person at two places counts each hour once."""
    ann = Who(12345678901234567, "ann", "Ann")
    now = desk.clock.time
    await oncall_of(desk).schedules.override(
        GUILD, NewOverride("primary", ann, now, now + timedelta(hours=5)), by=PRIMARY
    )
    await oncall_of(desk).schedules.override(
        GUILD, NewOverride("secondary", ann, now, now + timedelta(hours=2)), by=PRIMARY
    )
    await desk.pass_time(hours=6)
    hours = {one.person.name: one.oncall_s / 3_600 for one in (await week(desk, by=PRIMARY)).load or ()}
    since = (desk.clock.time - datetime(2026, 11, 23, tzinfo=TOKYO)).total_seconds() / 3_600
    assert hours == {"Ann": 5.0, "primary": since - 5, "secondary": since - 2}


async def test_the_load_of_others_is_the_policys_to_show(desk: Desk) -> None:
    """A responder sees their own; asking about another person is refused, on record."""
    desk.policy = replace(desk.policy, permissions=replace(desk.policy.permissions, load=("on-call",)))
    desk.use(desk.discord)
    await desk.open()
    await desk.work()
    view = await week(desk, by=RESPONDER)
    assert (view.load, view.hides_load) == ((), True)
    primary = replace(PRIMARY, username="primary")
    assert [one.person.name for one in (await week(desk, by=primary)).load or ()] == ["primary", "secondary"]
    with pytest.raises(NotPermitted):
        await week(desk, by=RESPONDER, person=PRIMARY)
    (refused,) = await refusals(desk)
    assert (refused.actor_name, refused.action, refused.data["about"]) == ("responder", "load", PRIMARY.id)
    assert (await week(desk, by=RESPONDER, person=RESPONDER)).figures.incidents == 0
    found = await desk.services.of(StatsViews).fairness(by=RESPONDER)
    assert (found.loads, found.overloads) == ((), ())


async def test_who_may_not_respond_sees_no_figures(desk: Desk) -> None:
    """A person who may not respond is refused statistics and fairness, and both refusals are in the audit."""
    with pytest.raises(NotPermitted):
        await week(desk, by=OBSERVER)
    with pytest.raises(NotPermitted):
        await desk.services.of(StatsViews).fairness(by=OBSERVER)
    assert [row.data["act"] for row in await refusals(desk)] == ["stats", "fairness"]


async def test_a_period_to_come_is_refused(desk: Desk) -> None:
    """A week that is still to come is refused as a slip of the year, not shown as a quiet week."""
    with pytest.raises(UserError, match="period_ahead"):
        await desk.services.of(StatsViews).show(
            StatisticsQuestion(Period.of_week(IsoWeek(2027, 2))),
            by=RESPONDER,
        )


async def test_a_swap_is_suggested_to_who_carries_too_much(desk: Desk) -> None:
    """Three of four weeks are one person's, whose longer turn goes to the one with the least."""
    ann, ben = (
        Who(number, name.lower(), name) for number, name in ((10**17 + 1, "Ann"), (10**17 + 2, "Ben"))
    )
    handles = (ann.handle, ann.handle, ann.handle, ben.handle)
    turns = Rotation(
        handles, 1, Unit.WEEKS, desk.clock.time.date() - timedelta(weeks=20), datetime.min.time(), TOKYO
    )
    await put_rotation(desk, "primary", [ann, ben], turns)
    await oncall_of(desk).schedules.set_person(GUILD, "secondary", ben, by=PRIMARY)
    await desk.database.advance(timedelta(weeks=13))
    found = await desk.services.of(StatsViews).fairness(by=RESPONDER)
    loads = {one.person.name: one.oncall_s for one in found.loads}
    assert loads["Ben"] > loads["Ann"] > 0
    assert found.overloads == ()
    await oncall_of(desk).schedules.set_person(GUILD, "secondary", ann, by=PRIMARY)
    await desk.database.advance(timedelta(weeks=13))
    (over,) = (await desk.services.of(StatsViews).fairness(by=RESPONDER)).overloads
    assert (over.load.person.name, over.in_hours) == ("Ann", True)
    assert over.relief is not None
    assert (over.relief.gives.place, over.relief.gives.person.name) == ("primary", "Ann")
    assert over.relief.to.name == "Ben"


async def test_a_renamed_person_keeps_their_pages(desk: Desk) -> None:
    """The policy named only their username, and now has what the team calls them."""
    await desk.open()
    await desk.work()
    places = {**desk.policy.oncall, "primary": replace(desk.policy.oncall["primary"], called="Priya")}
    desk.policy = replace(desk.policy, oncall=MappingProxyType(places))
    desk.use(desk.discord)
    names = {one.person.name for one in (await week(desk)).load or () if one.pages.total}
    assert names == {"Priya"}


async def test_a_page_without_a_reader_is_its_places(desk: Desk) -> None:
    """A page that an older version stored without a person counts for its place on call, or for "?"."""
    for place in ("primary", "gone"):
        await desk.database.fetch(_OLD_PAGE, place, GUILD, desk.clock.time)
    pages = {one.person.name: one.pages.total for one in (await week(desk)).load or ()}
    assert pages == {"primary": 1, "?": 1, "secondary": 0}


_OLD_PAGE = """
INSERT INTO deliveries (guild_id, kind, target, key, status, nonce, finished_at)
VALUES ($2, 'page', 'person:' || $1, $1, 'sent', $1, $3)
"""


async def test_a_person_of_the_policy_is_found_by_their_username(desk: Desk) -> None:
    """The command names a member of the server; the policy names the same by username."""
    await desk.open()
    await desk.work()
    asked = Person(id=10**17, name="Priya", username="primary")
    (load,) = (await week(desk, person=asked)).load or ()
    assert (load.person.handle, load.pages.total) == ("primary", 1)


async def test_what_became_of_an_alert(desk: Desk) -> None:
    """Posted three times, declared and taken; another one was false and fired again at night."""
    for number in range(3):
        declared = await receive(desk, alert(desk, FIRST + number, "checkout fails"))
    await desk.lifecycle.declare(declared.id, by=PRIMARY)
    await desk.acknowledger.acknowledge(declared.id, by=PRIMARY, via=AckVia.BUTTON)
    false = await receive(desk, alert(desk, FIRST + 10, "disk is full"))
    await desk.lifecycle.dismiss(false.id, by=PRIMARY)
    await desk.database.advance(timedelta(hours=9))
    await receive(desk, alert(desk, FIRST + 11, "disk is full"))
    quality = (await week(desk)).alerts
    assert quality is not None
    assert [(one.name, one.counts) for one in quality.sources] == [
        ("Parky API", AlertCounts(alerts=3, messages=5, acknowledged=1, acted_on=1, false=1, again=1))
    ]
    assert [(one.latest.id, one.counts.messages) for one in quality.noisiest] == [
        (declared.id, 3),
        (false.id + 1, 2),
    ]


async def refusals(desk: Desk) -> list[AuditRow]:
    """What was refused, oldest first."""
    return [row for row in await desk.database.audit_rows() if not row.allowed]


async def test_the_figures_are_of_one_team(desk: Desk) -> None:
    """A team's figures have its incidents alone; one whose team is gone is the default team's."""
    policy = parse_policy(default_policy_text() + "[teams.payments]\n", name="x.toml")
    desk.policy = policy
    desk.use(desk.discord)
    new = replace(desk._new("SEV1", key="a", by=RESPONDER), team="payments")
    await desk.incidents.open(new)
    for key in ("b", "c"):
        await desk.incidents.open(replace(new, key=key, team=None))
    await desk.database.pool.execute("UPDATE incidents SET team = 'gone' WHERE id = 3")
    found = [(await week(desk, team=team)).figures.incidents for team in (None, "payments", "default")]
    assert found == [3, 1, 2]
    assert (await week(desk, team="payments")).load is None
