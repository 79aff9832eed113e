"""Schedules of other systems: who is on call afterwards, hour by hour, and what is refused."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from bot.domain.errors import ConfigError
from cogs.oncall.exports import grafana_oncall, opsgenie, pagerduty
from cogs.oncall.importing import ImportPlan, ScheduleImports
from cogs.oncall.rules import LeftOut, SourceSchedule
from tests.cogs.oncall.acts import oncall_of
from tests.services.desk import GUILD, PRIMARY, Desk
from tests.standins.schedules.grafana_oncall import export as export_of_grafana
from tests.standins.schedules.opsgenie import export as export_of_opsgenie
from tests.standins.schedules.pagerduty import Schedule
from tests.standins.schedules.rules import Turns, hours

NEW_YORK = ZoneInfo("America/New_York")
WEEKS = timedelta(weeks=8)

#: The clocks of New York change within the eight weeks: on 1 November.
NOW = datetime(2026, 10, 12, 9, 30, tzinfo=UTC)
FIRST = datetime(2026, 9, 1, 20)  # noqa: DTZ001  # on the local clock

#: The policy knows the first by email; "1" * 17 and "2" * 17 are Discord ids.
PEOPLE = {"regina@example.com": "1" * 17, "alan shepard": "2" * 17, "alan@example.com": "2" * 17}
HANDLES = {"PUSER01": "primary", "PUSER02": "1" * 17, "PUSER03": "2" * 17}

WEEKLY = Turns(("PUSER01", "PUSER02", "PUSER03"), FIRST, 7, NEW_YORK)
NIGHTS = Turns(("PUSER03", "PUSER02"), FIRST, 1, NEW_YORK, hours=(21, 5))
COVER = ("PUSER03", datetime(2026, 10, 20, tzinfo=UTC), datetime(2026, 10, 21, tzinfo=UTC))


@pytest_asyncio.fixture(loop_scope="session")
async def at_now(desk: Desk) -> Desk:
    """A desk at `NOW`."""
    await desk.database.move_to(NOW)
    return desk


def schedule(*layers: Turns, overrides: tuple[Any, ...] = ()) -> Schedule:
    """A schedule that is exported for somewhat more than the weeks that are compared."""
    return Schedule(layers, NOW.replace(minute=0), NOW + WEEKS + timedelta(days=2), overrides=overrides)


def read(made: Schedule, **options: Any) -> SourceSchedule:
    """What the reader makes of the export."""
    return pagerduty.read(made.export(**options), now=NOW)


def imports(desk: Desk) -> ScheduleImports:
    """The use case on the desk's database."""
    return ScheduleImports(desk.own_store, desk.policy, desk.oncall)


async def imported(desk: Desk, source: SourceSchedule) -> ImportPlan:
    """Put *source* into force at the first place."""
    plan = await imports(desk).plan(GUILD, source, place="primary", named=PEOPLE)
    await imports(desk).put_into_force(GUILD, plan)
    return plan


async def contradictions(desk: Desk, by_rules: Callable[[datetime], str | None]) -> list[datetime]:
    """Return each hour of eight weeks at which the bot names another person than the source's rules."""
    found, now = await desk.oncall.rosters(GUILD)
    roster = found.places["primary"]
    return [
        at
        for at in (each + timedelta(minutes=30) for each in hours(now.replace(minute=0), now + WEEKS))
        if roster.person_at(at) != HANDLES[by_rules(at) or "PUSER01"]
    ]


#: Schedules, and what is kept of each.
EXAMPLES = [
    pytest.param(schedule(WEEKLY), "rotation", id="weekly"),
    pytest.param(schedule(WEEKLY, overrides=(COVER,)), "rotation", id="weekly-override"),
    pytest.param(schedule(WEEKLY, NIGHTS), "shifts", id="layers"),
    pytest.param(schedule(WEEKLY, NIGHTS, overrides=(COVER,)), "shifts", id="layers-override"),
    pytest.param(schedule(NIGHTS), "shifts", id="nights-only"),
]


@pytest.mark.parametrize(("made", "kept"), EXAMPLES)
async def test_the_bot_names_whom_pagerduty_named_at_each_hour(
    at_now: Desk, made: Schedule, kept: str
) -> None:
    """In each hour of eight weeks with a change of clocks, the bot names the person that PagerDuty named.

    In hours without a person in PagerDuty, the bot names the policy's person.
    """
    plan = await imported(at_now, read(made))
    assert ("rotation" if plan.carried.rotation else "shifts") == kept
    assert await contradictions(at_now, made.at) == []


@pytest.mark.parametrize(("made", "kept"), EXAMPLES)
async def test_the_bot_names_whom_opsgenie_named_at_each_hour(
    at_now: Desk, made: Schedule, kept: str
) -> None:
    """In each hour of eight weeks with a change of clocks, the bot names the person that Opsgenie named.

    In hours without a person in Opsgenie, the bot names the policy's person.
    """
    plan = await imported(at_now, opsgenie.read(export_of_opsgenie(made), now=NOW))
    assert ("rotation" if plan.carried.rotation else "shifts") == kept
    assert await contradictions(at_now, made.at) == []


async def test_overrides_that_opsgenie_did_not_list_are_kept_as_shifts(at_now: Desk) -> None:
    """Overrides hold as shifts if an Opsgenie export was made without `expand=override` and lists none."""
    made = schedule(WEEKLY, overrides=(COVER,))
    plan = await imported(at_now, opsgenie.read(export_of_opsgenie(made, expanded=False), now=NOW))
    assert plan.carried.rotation is None
    assert await contradictions(at_now, made.at) == []


async def test_the_turn_of_a_team_is_left_out_and_reported(at_now: Desk) -> None:
    """A team's turn is reported and not imported; the policy's person is on call in its time."""
    export = export_of_opsgenie(schedule(WEEKLY))
    [rotation] = export["schedule"]["data"]["rotations"]
    rotation["participants"][1] = {"type": "team", "id": "t1", "name": "Operations"}
    for period in export["timeline"]["data"]["finalTimeline"]["rotations"][0]["periods"]:
        if period["recipient"]["id"] == "PUSER02":
            period["recipient"] = {"type": "team", "id": "t1", "name": "Operations"}
    plan = await imported(at_now, opsgenie.read(export, now=NOW))
    assert [one.detail for one in plan.carried.findings if one.what is LeftOut.NO_PERSON] == [
        "Rot1",
        "Operations",
    ]

    def by_rules(at: datetime) -> str | None:
        person = WEEKLY.at(at)
        return None if person == "PUSER02" else person

    assert await contradictions(at_now, by_rules) == []


@pytest.mark.parametrize(("made", "kept"), EXAMPLES)
async def test_the_bot_names_whom_grafana_oncall_named_at_each_hour(
    at_now: Desk, made: Schedule, kept: str
) -> None:
    """The bot names the person of Grafana OnCall in each hour, and keeps shifts where there are overrides."""
    plan = await imported(at_now, grafana_oncall.read(export_of_grafana(made), now=NOW))
    assert ("rotation" if plan.carried.rotation else "shifts") == ("shifts" if made.overrides else kept)
    assert await contradictions(at_now, made.at) == []


async def test_several_people_in_one_turn_become_shifts_of_one_of_them(at_now: Desk) -> None:
    """The report says that several were on call at once."""
    export = export_of_grafana(schedule(WEEKLY))
    export["shifts"]["results"][0]["rolling_users"] = [["PUSER01", "PUSER02"], ["PUSER03"]]
    final = export["final_shifts"]["results"]
    first = next(each for each in final if each["user_pk"] == "PUSER01")
    final.append({**first, "user_pk": "PUSER03", "user_email": "alan@example.com"})
    plan = await imported(at_now, grafana_oncall.read(export, now=NOW))
    assert plan.carried.rotation is None
    assert {LeftOut.GROUPS, LeftOut.OVERLAPS} <= {finding.what for finding in plan.carried.findings}


def test_an_export_of_grafana_oncall_with_a_page_missing_is_refused() -> None:
    """Half of the shifts would leave the rest of the time to the wrong person."""
    export = export_of_grafana(schedule(WEEKLY))
    export["final_shifts"]["next"] = "https://oncall.example.com/api/v1/schedules/S/final_shifts?page=2"
    with pytest.raises(ConfigError, match="next page"):
        grafana_oncall.read(export, now=NOW)


async def test_a_rotation_that_the_export_contradicts_becomes_its_shifts(at_now: Desk) -> None:
    """The people on call are right all the same, and the report says when the rotation would be wrong."""
    made = schedule(Turns(WEEKLY.people, FIRST, 7, NEW_YORK))
    export = made.export()
    [layer] = export["schedule"]["schedule_layers"]
    layer["users"] = layer["users"][::-1]
    plan = await imported(at_now, pagerduty.read(export, now=NOW))
    assert plan.carried.rotation is None
    assert LeftOut.DIFFERS in {finding.what for finding in plan.carried.findings}
    assert await contradictions(at_now, made.at) == []


async def test_the_report_names_each_part_that_is_not_carried_over(at_now: Desk) -> None:
    """The report names layers, restrictions, the escalation policy, and hours without a person."""
    plan = await imports(at_now).plan(GUILD, read(schedule(NIGHTS, NIGHTS)), place="primary", named=PEOPLE)
    found = {finding.what: finding.detail for finding in plan.carried.findings}
    assert found[LeftOut.LAYERS] == "Layer 1, Layer 2"
    assert found[LeftOut.ESCALATION] == "Another Policy"
    assert {LeftOut.RESTRICTIONS, LeftOut.GAPS} <= found.keys()


async def test_a_time_zone_of_rails_becomes_shifts(at_now: Desk) -> None:
    """A schedule with a time zone of Rails names the right person at each hour, and the zone is reported."""
    made = schedule(WEEKLY)
    plan = await imported(at_now, read(made, time_zone="Eastern Time (US & Canada)"))
    assert LeftOut.TIME_ZONE in {finding.what for finding in plan.carried.findings}
    assert await contradictions(at_now, made.at) == []


async def test_nothing_is_imported_while_a_person_is_unknown(at_now: Desk) -> None:
    """A turn without a person would page the wrong one."""
    plan = await imports(at_now).plan(GUILD, read(schedule(WEEKLY)), place="primary", named={})
    assert [person.email for person in plan.unknown] == ["regina@example.com", "alan@example.com"]
    assert (plan.content, plan.is_new) == (None, False)


async def test_a_username_that_the_policy_does_not_name_is_refused(at_now: Desk) -> None:
    """A username that the policy does not name is refused, and the error asks for the person's Discord id."""
    named = {"puser02": "regina", "puser03": "2" * 17}
    with pytest.raises(ConfigError, match="give the Discord id of Regina Phalange"):
        await imports(at_now).plan(GUILD, read(schedule(WEEKLY)), place="primary", named=named)


async def test_the_differences_are_shown_and_the_second_import_changes_nothing(at_now: Desk) -> None:
    """An import shows what it changes; the same import a day later would change nothing."""
    source = read(schedule(WEEKLY, overrides=(COVER,)))
    plan = await imported(at_now, source)
    assert plan.is_new
    assert {one.before.handle for one in plan.differences} == {"primary"}
    assert {one.after.handle for one in plan.differences} == {"1" * 17, "2" * 17}
    await at_now.database.move_to(COVER[1] + timedelta(hours=3))
    again = await imports(at_now).plan(GUILD, source, place="primary", named=PEOPLE)
    assert (again.is_new, again.overrides, again.differences) == (False, (), ())


async def test_a_later_import_takes_the_place_of_the_earlier_one(at_now: Desk) -> None:
    """A gap of the new schedule does not show the old one."""
    await imported(at_now, read(schedule(WEEKLY)))
    made = schedule(NIGHTS)
    plan = await imported(at_now, read(made))
    assert len(plan.replaced) == 1
    assert await contradictions(at_now, made.at) == []


async def test_a_schedule_that_was_set_meanwhile_is_not_replaced(at_now: Desk) -> None:
    """The differences that were shown are no longer true; nothing is stored."""
    plan = await imports(at_now).plan(GUILD, read(schedule(WEEKLY)), place="primary", named=PEOPLE)
    found, _ = await at_now.oncall.rosters(GUILD)
    await oncall_of(at_now).schedules.set_person(GUILD, "primary", found.people["secondary"].who, by=PRIMARY)
    with pytest.raises(ConfigError, match="has changed meanwhile"):
        await imports(at_now).put_into_force(GUILD, plan)
    assert (await at_now.oncall.holders(GUILD))["primary"].handle == "secondary"


async def test_an_export_without_a_time_range_keeps_a_rotation_and_nothing_else(at_now: Desk) -> None:
    """An export without a time range keeps a rotation; with a restriction, it is refused.

    Restrictions need the system's own answer.
    """

    def bare(made: Schedule) -> SourceSchedule:
        export = made.export()
        export["schedule"]["final_schedule"]["rendered_schedule_entries"] = []
        return pagerduty.read(export, now=NOW)

    plan = await imported(at_now, bare(schedule(WEEKLY)))
    assert LeftOut.NOT_COMPARED in {finding.what for finding in plan.carried.findings}
    assert await contradictions(at_now, schedule(WEEKLY).at) == []
    with pytest.raises(ConfigError, match="export it with a time range"):
        await imports(at_now).plan(GUILD, bare(schedule(NIGHTS)), place="primary", named=PEOPLE)
