"""Show the handovers of on-call: announced once, checked a day ahead, and silent for a team of one."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.errors import UserError
from bot.domain.incident.transitions import AckVia
from bot.domain.oncall.book import NewOverride
from bot.domain.oncall.people import Who
from bot.domain.oncall.rotation import Layer, Rotation, Unit
from bot.runbook import load_policy
from bot.runbook.model import Policy
from bot.runbook.oncall import Handover, OnCallPlace
from bot.services.ports.discord import Gap, ReadinessFinding
from bot.storage.tables.incidents import IncidentRows
from cogs.oncall.handovers import is_checked
from cogs.oncall.rules import OnCallDelivery
from tests.cogs.oncall.acts import oncall_of
from tests.services.database import Database
from tests.services.desk import GUILD, OBSERVER, PRIMARY, Desk

TOKYO = ZoneInfo("Asia/Tokyo")
RESPONDER = Who(3, "responder", "responder")


def weekly(desk_now: datetime, *, channel: str | None = "p1-ops") -> Policy:
    """Primary and secondary take turns; secondary's begins in two days, at 10:00 in Japan."""
    policy = load_policy(None)
    following = (desk_now + timedelta(days=2)).astimezone(TOKYO).date()
    turns = Rotation(("primary", "secondary"), 1, Unit.WEEKS, following - timedelta(days=7), time(10), TOKYO)
    primary = replace(policy.oncall["primary"], layers=(Layer(turns),))
    backup = OnCallPlace("secondary", "responder", "responder@example.com")
    return replace(
        policy,
        oncall={"primary": primary, "secondary": backup},
        handover=Handover(channel, timedelta(days=1)),
    )


@pytest.fixture
def turning(database: Database) -> Desk:
    """A desk whose primary changes in two days."""
    return Desk(database, weekly(database.clock.time))


async def told(desk: Desk, kind: AnyDeliveryKind) -> list[Delivery]:
    """Return the deliveries of *kind*."""
    return [one for one in await desk.database.deliveries() if one.kind is kind]


async def test_a_handover_is_told_once_and_to_whom_it_concerns(turning: Desk) -> None:
    """One line in the channel with what is open, one DM; looking again tells nothing."""
    await oncall_of(turning).handovers.begin(GUILD)
    await turning.work()
    incident = await turning.open()
    await turning.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await turning.pass_time(days=3)
    [line] = await told(turning, OnCallDelivery.HANDOVER)
    assert line.to == "channel:p1-ops"
    [change] = list(line.data["changes"])  # type: ignore[call-overload]
    assert (change["place"], change["former"], change["handle"]) == ("primary", "primary", "secondary")
    [open_one] = list(line.data["incidents"])  # type: ignore[call-overload]
    assert (open_one["label"], open_one["title"]) == (incident.label, incident.title)
    assert [one.to for one in await told(turning, OnCallDelivery.ON_DUTY)] == ["named:secondary"]
    for _ in range(3):
        await oncall_of(turning).handovers.run_job(GUILD)
        await oncall_of(turning).handovers.begin(GUILD)
    await turning.work()
    assert len(await told(turning, OnCallDelivery.HANDOVER)) == 1


async def test_what_nobody_has_acknowledged_is_handed_over_first(turning: Desk) -> None:
    """A handover lists unacknowledged incidents first, each part by severity and not by number."""
    await oncall_of(turning).handovers.begin(GUILD)
    await turning.work()
    opened = {severity: await turning.open(severity, key=severity) for severity in ("SEV3", "SEV2", "SEV1")}
    await turning.acknowledger.acknowledge(opened["SEV2"].id, by=PRIMARY, via=AckVia.BUTTON)
    await turning.pass_time(days=3)
    [dm] = await told(turning, OnCallDelivery.ON_DUTY)
    told_ones = list(dm.data["incidents"])  # type: ignore[call-overload]
    assert [one["severity"] for one in told_ones] == ["SEV1", "SEV3", "SEV2"]


async def test_two_handovers_that_nobody_saw_are_one(turning: Desk) -> None:
    """Handovers missed during an absence give one line, or none if the same person is on call again."""
    await oncall_of(turning).handovers.begin(GUILD)
    await turning.work()
    await turning.database.advance(timedelta(days=10))
    await turning.work()
    assert await told(turning, OnCallDelivery.HANDOVER) == []  # there and back again: nobody else is on call
    await turning.database.advance(timedelta(days=7))
    await turning.work()
    assert len(await told(turning, OnCallDelivery.HANDOVER)) == 1


async def test_a_private_incident_is_handed_over_by_its_number(turning: Desk) -> None:
    """The channel is read by more people than may know of it."""
    await oncall_of(turning).handovers.begin(GUILD)
    incident = await turning.open()
    await turning.privacy.make_private(incident.id, by=PRIMARY)
    await turning.pass_time(days=3)
    [line] = await told(turning, OnCallDelivery.HANDOVER)
    assert incident.title not in str(line.data)
    assert incident.label in str(line.data)


async def test_whoever_comes_on_is_looked_at_a_day_ahead(turning: Desk) -> None:
    """The next person on call is checked once, a day ahead of the handover and not earlier.

    If the person lacks something, the person, the channel and whoever is relieved each get a message.
    """
    turning.reach.lacks["secondary"] = [ReadinessFinding(Gap.NO_ROLE, ("on-call",))]
    await oncall_of(turning).handovers.begin(GUILD)
    await turning.pass_time(hours=12)
    assert turning.reach.asked == []
    await turning.pass_time(days=1)
    assert turning.reach.asked == ["secondary", "responder"]  # who stands there for good, each day
    assert [one.to for one in await told(turning, OnCallDelivery.ON_DUTY_SOON)] == ["named:secondary"]
    assert [one.to for one in await told(turning, OnCallDelivery.ON_DUTY_GAPS)] == [
        "channel:p1-ops",
        "named:primary",
    ]
    await oncall_of(turning).handovers.begin(GUILD)
    await turning.work()
    assert turning.reach.asked == ["secondary", "responder"]


async def test_nothing_missing_is_no_warning(turning: Desk) -> None:
    """Who lacks nothing gets only the DM that says when their on-call begins, and no warning."""
    await oncall_of(turning).handovers.begin(GUILD)
    await turning.pass_time(days=1, hours=20)
    assert len(await told(turning, OnCallDelivery.ON_DUTY_SOON)) == 1
    assert await told(turning, OnCallDelivery.ON_DUTY_GAPS) == []


async def test_a_refused_dm_is_a_finding(turning: Desk) -> None:
    """A refused DM is reported as a gap when it is sent, since opening a DM does not show the refusal."""
    turning.discord.refused = {"named:secondary"}
    await oncall_of(turning).handovers.begin(GUILD)
    await turning.pass_time(days=1, hours=20)
    warned = await told(turning, OnCallDelivery.ON_DUTY_GAPS)
    assert [one.to for one in warned] == ["channel:p1-ops", "named:primary"]
    assert all("no_dm" in str(one.data["gaps"]) for one in warned)


async def test_a_stand_in_who_takes_no_dm_is_a_finding_at_once(turning: Desk) -> None:
    """If an override's person refuses the DM, the channel and the person before are warned at once."""
    await oncall_of(turning).handovers.begin(GUILD)
    await turning.work()
    turning.discord.refused = {"named:9"}
    now = turning.clock.time
    stand_in = NewOverride("primary", Who(9, "ai", "Ai"), now, now + timedelta(hours=3))
    await oncall_of(turning).schedules.override(GUILD, stand_in, by=PRIMARY)
    await turning.work()
    warned = await told(turning, OnCallDelivery.ON_DUTY_GAPS)
    assert [one.to for one in warned] == ["channel:p1-ops", "named:primary"]
    assert [(one.data["places"], one.data["standing"]) for one in warned] == [(["primary"], True)] * 2
    assert "no_dm" in str(warned[0].data["gaps"])


def test_a_later_shift_that_was_checked_says_nothing_of_the_one_that_has_begun() -> None:
    """A check of tomorrow's shift does not count for an override that has begun."""
    begun = datetime.fromisoformat("2026-11-16T10:00:00+09:00")
    later = ("2026-11-17T10:00:00+09:00|primary|a",)
    assert not is_checked(later, "primary", "a", begun=begun)
    assert is_checked((f"{begun.isoformat()}|primary|a",), "primary", "a", begun=begun)


async def test_a_refused_dm_is_told_once_a_shift(turning: Desk) -> None:
    """A refused DM is reported once per shift: the day before, not again at its beginning."""
    turning.discord.refused = {"named:secondary"}
    await oncall_of(turning).handovers.begin(GUILD)
    await turning.pass_time(days=3)
    assert "named:secondary" in [one.to for one in await told(turning, OnCallDelivery.ON_DUTY)]
    assert len(await told(turning, OnCallDelivery.ON_DUTY_GAPS)) == 2


async def test_discord_away_postpones_the_look_and_not_the_handover(turning: Desk) -> None:
    """While Discord is away, the readiness check is retried, and the handover happens in time."""
    turning.reach.is_away = True
    await oncall_of(turning).handovers.begin(GUILD)
    await turning.database.advance(timedelta(hours=47))
    await turning.pass_time(hours=1)
    assert await told(turning, OnCallDelivery.ON_DUTY_SOON) == []
    await turning.pass_time(minutes=5)
    assert len(await told(turning, OnCallDelivery.HANDOVER)) == 1
    await turning.database.advance(timedelta(hours=20))
    await turning.pass_time(minutes=5)
    turning.reach.is_away = False
    await turning.pass_time(minutes=2)
    assert turning.reach.asked == ["responder"]  # it has begun: only who stands there for good is looked at


async def test_a_team_of_one_that_is_well_hears_nothing(desk: Desk) -> None:
    """Forty days of Parky: no handover; each person is looked at once a day, and all is well."""
    await oncall_of(desk).handovers.begin(GUILD)
    await desk.pass_time(days=40)
    assert await desk.database.deliveries() == []
    assert desk.reach.asked == ["primary", "secondary"] * 40


async def test_without_a_channel_only_the_people_are_told(database: Database) -> None:
    """Without a channel for handovers no line is posted, and the next person on call still gets a DM."""
    desk = Desk(database, weekly(database.clock.time, channel=None))
    await oncall_of(desk).handovers.begin(GUILD)
    await desk.pass_time(days=3)
    assert await told(desk, OnCallDelivery.HANDOVER) == []
    assert len(await told(desk, OnCallDelivery.ON_DUTY)) == 1


async def test_standing_in_is_a_handover_there_and_back(desk: Desk) -> None:
    """An override that begins now tells the stand-in at once, and the regular person when it ends."""
    await oncall_of(desk).handovers.begin(GUILD)
    await desk.work()
    now = desk.clock.time
    await oncall_of(desk).schedules.override(
        GUILD, NewOverride("primary", RESPONDER, now, now + timedelta(hours=3)), by=PRIMARY
    )
    await desk.work()
    assert [one.to for one in await told(desk, OnCallDelivery.ON_DUTY)] == ["named:3"]
    await desk.pass_time(hours=4)
    assert [one.to for one in await told(desk, OnCallDelivery.ON_DUTY)] == ["named:3", "named:primary"]


async def test_one_person_at_two_places_is_told_once(desk: Desk) -> None:
    """A person who covers both primary and secondary gets one DM for a step that names both."""
    await oncall_of(desk).schedules.set_person(GUILD, "primary", Who(2, "secondary", "secondary"), by=PRIMARY)
    await desk.open()
    await desk.work()
    before = len(desk.sent(DeliveryKind.PAGE))
    await desk.pass_time(minutes=15)
    assert desk.sent(DeliveryKind.PAGE)[before:] == ["person:primary"]
    [escalation] = await told(desk, DeliveryKind.ESCALATION)
    assert escalation.data["dm"] == ["@secondary"]


async def test_email_goes_to_whoever_stands_there(desk: Desk) -> None:
    """Email goes to the person on call now, or to the person they replace if their address is unknown."""
    desk.discord.refused = {"channel:p0-alerts", "person:primary", "person:secondary"}
    await oncall_of(desk).schedules.set_person(GUILD, "primary", Who(2, "secondary", "secondary"), by=PRIMARY)
    await desk.open()
    await desk.work()
    assert {address for mail in desk.mailer.sent for address in mail.to} == {"secondary@example.com"}
    desk.mailer.sent.clear()
    await oncall_of(desk).schedules.set_person(GUILD, "primary", RESPONDER, by=PRIMARY)
    await desk.open(key="second")
    await desk.work()
    assert {address for mail in desk.mailer.sent for address in mail.to} == {
        "primary@example.com",
        "secondary@example.com",
    }


async def test_who_stands_in_sees_private_incidents(desk: Desk) -> None:
    """A person sees private incidents while an override puts them on call, and no longer."""
    incident = await desk.open()
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    private = await IncidentRows(desk.store.sql).incident(incident.id)
    access = desk.services.access
    assert not await access.sees(OBSERVER, private)
    now = desk.clock.time
    stands_in = Who(OBSERVER.id, "observer", "observer")
    await oncall_of(desk).schedules.override(
        GUILD, NewOverride("secondary", stands_in, now, now + timedelta(hours=1)), by=PRIMARY
    )
    assert await access.sees(OBSERVER, private)
    await desk.database.advance(timedelta(hours=1))
    assert not await access.sees(OBSERVER, private)


async def test_swaps_need_two_people_and_two_ends(turning: Desk) -> None:
    """A swap exchanges the shifts of two people and is in the audit.

    A swap of one person's own two shifts, or with a shift that has no end, is refused.
    """
    now = turning.clock.time
    turns = [turn for turn in await oncall_of(turning).schedules.turns(GUILD) if turn.place == "primary"]
    first, second, third = turns[:3]
    at = {turn.shift.starts: (turn.place, turn.shift.starts) for turn in turns}
    with pytest.raises(UserError) as refused:
        await oncall_of(turning).schedules.swap(
            GUILD, at[first.shift.starts], at[third.shift.starts], by=PRIMARY
        )
    assert refused.value.key == "oncall_same_person"
    with pytest.raises(UserError) as refused:
        await oncall_of(turning).schedules.swap(
            GUILD, at[second.shift.starts], ("secondary", now), by=PRIMARY
        )
    assert refused.value.key == "oncall_shift_endless"
    await oncall_of(turning).schedules.swap(
        GUILD, at[first.shift.starts], at[second.shift.starts], by=PRIMARY
    )
    after = [turn for turn in await oncall_of(turning).schedules.turns(GUILD) if turn.place == "primary"]
    assert [turn.person.handle for turn in after[:3]] == ["secondary", "primary", "secondary"][:3]
    assert after[0].shift.ends == second.shift.starts
    assert (await turning.database.audit_rows())[-1].action == "swap"


async def test_ending_half_a_swap_ends_it_whole(turning: Desk) -> None:
    """Otherwise one of the two has three weeks in a row."""
    before = [turn for turn in await oncall_of(turning).schedules.turns(GUILD) if turn.place == "primary"]
    first, second = (("primary", turn.shift.starts) for turn in before[:2])
    await oncall_of(turning).schedules.swap(GUILD, first, second, by=PRIMARY)
    view = await oncall_of(turning).schedules.view(GUILD)
    numbers = [one.id for one, _ in view.overrides]
    asked = [one.id for one, _ in view.ended_by(numbers[1])]
    done = await oncall_of(turning).schedules.end_override(GUILD, numbers[1], by=PRIMARY)
    ended = [one.id for one in done.value]
    assert asked == ended == numbers[::-1]
    assert [
        turn for turn in await oncall_of(turning).schedules.turns(GUILD) if turn.place == "primary"
    ] == before
    assert (await turning.database.audit_rows())[-1].data == {
        "place": "primary",
        "override": numbers[1],
        "other_half": {"place": "primary", "override": numbers[0]},
    }
    assert view.ended_by(999) == []


@pytest.mark.parametrize(
    ("starts", "ends", "key"),
    [(2, 1, "oncall_ends_early"), (-3, -1, "oncall_ends_early"), (0, 24 * 91, "oncall_too_long")],
)
async def test_what_cannot_be_stood_in_for(desk: Desk, starts: int, ends: int, key: str) -> None:
    """An override is refused if it ends before its start or before now, or lasts more than 90 days."""
    now, hour = desk.clock.time, timedelta(hours=1)
    with pytest.raises(UserError) as refused:
        await oncall_of(desk).schedules.override(
            GUILD, NewOverride("primary", RESPONDER, now + starts * hour, now + ends * hour), by=PRIMARY
        )
    assert refused.value.key == key


async def test_a_place_that_is_not_there_is_refused_by_name(desk: Desk) -> None:
    """The refusal of an unknown place in the on-call schedule names the places that exist."""
    with pytest.raises(UserError) as refused:
        await oncall_of(desk).schedules.set_person(GUILD, "tertiary", RESPONDER, by=PRIMARY)
    assert refused.value.fields["places"] == ["primary", "secondary"]
