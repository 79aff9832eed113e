"""[なぜ私に?]: about the time of the call, for each person, and only for who may see the incident."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import IncidentNotFound
from bot.domain.escalation.ladder import WhyKind
from bot.domain.escalation.payloads import PagingData
from bot.domain.escalation.why_me import CallAnswer, WhyMe
from bot.domain.incident.incident import Incident
from bot.domain.incident.transitions import AckVia
from bot.domain.oncall.book import NewOverride
from bot.domain.oncall.people import Duty, DutyKind, Who
from tests.cogs.oncall.acts import oncall_of
from tests.services.alerts.test_alerts import alert, receive
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk
from tests.services.escalation.test_passing_on import CLOSED
from tests.services.escalation.test_storms import open_many
from tests.services.outage.test_emergency_recorded import comes_back, goes_away, knows_the_time
from tests.services.privacy.test_privacy import open_private

FIRST = replace(PRIMARY, username="primary")
SECOND = replace(SECONDARY, username="secondary")
DAN = Who(None, "responder", "responder")
STANDS_IN = replace(RESPONDER, username="responder")
HOURS = timedelta(hours=8)


async def stand_in(desk: Desk, *, length: timedelta = HOURS) -> int:
    """The responder covers primary for some hours, from now on; the number of that."""
    now = desk.clock.time
    await oncall_of(desk).schedules.override(
        GUILD, NewOverride("primary", DAN, now, now + length), by=PRIMARY
    )
    return 1


async def pages(desk: Desk) -> list[Delivery]:
    """Every DM that was queued."""
    return [one for one in await desk.database.deliveries() if one.kind is DeliveryKind.PAGE]


def duties(found: list[Delivery]) -> list[tuple[str, str | None]]:
    """What is stored with each of them: the person and the kind."""
    known = [PagingData.from_json(page.data).duty for page in found]
    return [("", None) if duty is None else (duty.who, duty.kind.value) for duty in known]


async def why(desk: Desk, incident: Incident, **asked: object) -> WhyMe:
    """The answer, below no message unless one is named."""
    return await desk.services.explaining.why(incident.id, **{"message_id": None, **asked})  # type: ignore[arg-type]


async def test_minutes_later_the_answer_is_still_about_then(desk: Desk) -> None:
    """The answer names the override that applied when the page was sent, though it has ended since."""
    number, began = await stand_in(desk), desk.clock.time
    incident = await desk.open()
    assert duties(await pages(desk)) == [("responder", "override")]  # in the commit that opens it
    await desk.work()
    await desk.pass_time(minutes=5)
    await oncall_of(desk).schedules.end_override(GUILD, number, by=PRIMARY)
    answer = await why(desk, incident, by=STANDS_IN, message_id=desk.message(DeliveryKind.PAGE))
    assert answer.own is not None
    assert answer.own.is_recorded
    assert answer.own.duty == Duty(
        kind=DutyKind.OVERRIDE,
        who="responder",
        since=began,
        until=began + HOURS,
        by="primary",
        instead_of="primary",
    )
    assert [page.sent_at for page in answer.own.pages] == [began]
    assert answer.rule is not None
    assert (answer.rule.number, answer.rule.severity) == (1, "SEV1")


async def test_a_page_of_an_older_version_is_explained_from_the_schedules_history(desk: Desk) -> None:
    """Overrides are kept: the answer says which one counted then, and that it was worked out afterwards."""
    number = await stand_in(desk)
    incident = await desk.open()
    await desk.work()
    await desk.database.fetch("UPDATE deliveries SET data = data - 'duty' WHERE kind = 'page'")
    await desk.pass_time(minutes=5)
    await oncall_of(desk).schedules.end_override(GUILD, number, by=PRIMARY)
    own = (await why(desk, incident, by=STANDS_IN)).own
    assert own is not None
    assert own.duty is not None
    assert (own.duty.kind, own.duty.who, own.is_recorded) == (DutyKind.OVERRIDE, "responder", False)


async def test_each_step_keeps_what_put_its_people_there(desk: Desk) -> None:
    """Each page stores why its person was on call; the second step's answer shows who was tried before.

    A person who was not paged gets the same rule, and reads whom that step called.
    """
    incident = await desk.open()
    await desk.pass_time(minutes=15, seconds=3)
    assert duties(await pages(desk)) == [
        ("primary", "always"),
        ("primary", "always"),
        ("secondary", "always"),
    ]
    answer = await why(desk, incident, by=SECOND)
    assert answer.rule is not None
    assert (answer.rule.number, answer.rule.after) == (2, timedelta(minutes=15))
    assert [(one.who, len(one.pages)) for one in answer.tried] == [("@primary", 1)]
    assert [(one.who, len(one.pages)) for one in answer.beside] == [("@primary", 1)]
    below = await why(desk, incident, by=OBSERVER, message_id=desk.message(DeliveryKind.ESCALATION))
    assert below.own is None
    assert below.rule == answer.rule
    assert [one.who for one in below.beside] == ["@primary", "@secondary"]


async def test_a_declined_page_and_a_refused_one_keep_the_next_persons_own_reason(desk: Desk) -> None:
    """After a declined or a refused page the next person gets their own reason, not the one before theirs."""
    desk.discord.refused = set(CLOSED)
    incident = await desk.open("SEV2")
    await desk.work()
    assert duties(await pages(desk)) == [("primary", "always"), ("secondary", "always")]
    answer = await why(desk, incident, by=SECOND)
    assert answer.rule is not None
    assert answer.rule.why is not None
    assert answer.rule.why.kind is WhyKind.UNREACHED
    assert [(one.who, one.pages[0].is_refused) for one in answer.tried] == [("@primary", True)]

    desk.discord.refused = set()
    second = await desk.open("SEV2", key="second")
    await desk.work()
    dm = desk.message(DeliveryKind.PAGE)
    await desk.passing_on.decline(second.id, by=FIRST, message_id=dm)
    await desk.work()
    passed = await why(desk, second, by=SECOND)
    assert passed.own is not None
    assert passed.rule is not None
    assert (passed.rule.declined_by, passed.own.is_recorded) == ("primary", True)
    assert passed.tried[0].answer is CallAnswer.DECLINED


async def test_a_resolved_incident_still_answers(desk: Desk) -> None:
    """A resolved incident still tells a person why they were paged, and that they acknowledged it."""
    incident = await desk.open()
    await desk.work()
    await desk.acknowledger.acknowledge(incident.id, by=FIRST, via=AckVia.BUTTON)
    await desk.lifecycle.resolve(incident.id, by=FIRST)
    await desk.work()
    own = (await why(desk, incident, by=FIRST)).own
    assert own is not None
    assert own.answer is CallAnswer.ACKNOWLEDGED


@pytest.mark.parametrize("is_away", [False, True])
async def test_who_acknowledged_is_known_by_their_account(desk: Desk, is_away: bool) -> None:
    """A person's acknowledge is recognised though their name in the server is not the policy's username.

    While Discord is away and cannot name the account, no answer of that person is known.
    """
    sato = replace(FIRST, name="佐藤")
    desk.discord.members = [sato]
    incident = await desk.open()
    await desk.work()
    await desk.pass_time(minutes=16)
    await desk.acknowledger.acknowledge(incident.id, by=sato, via=AckVia.BUTTON)
    desk.discord.is_away = is_away
    answer = await why(desk, incident, by=SECOND)
    said = [one.answer for one in (*answer.tried, *answer.beside) if one.who == "@primary"]
    assert set(said) == {None if is_away else CallAnswer.ACKNOWLEDGED}


async def test_below_a_reminder_the_answer_is_about_the_reminder(desk: Desk) -> None:
    """The answer below a reminder is about the reminder, not about the page that came first."""
    incident = await desk.open()
    await desk.work()
    await desk.acknowledger.acknowledge(incident.id, by=FIRST, via=AckVia.BUTTON)
    await desk.pass_time(minutes=31)
    told = [one for one in await desk.database.deliveries() if one.data.get("notice") == "update_due"]
    answer = await why(desk, incident, by=FIRST, message_id=told[0].message_id)
    assert answer.reminded is not None
    assert (answer.reminded.is_to_reader, answer.reminded.lead) == (True, "primary")
    assert answer.reminded.has_it is not None
    assert answer.reminded.has_it.start == incident.triggered_at


async def test_a_private_incident_answers_only_who_may_see_it(desk: Desk) -> None:
    """A private incident is explained to those who may see it; for others it is unknown, and audited."""
    incident = await open_private(desk)
    await desk.work()
    assert (await why(desk, incident, by=FIRST)).own is not None
    with pytest.raises(IncidentNotFound):
        await why(desk, incident, by=OBSERVER)
    refused = [row.data for row in await desk.database.audit_rows() if not row.allowed]
    assert refused == [{"act": "why", "incident_id": incident.id, "private": True}]


async def test_every_incident_of_a_bundle_answers_for_itself(desk: Desk) -> None:
    """The answer for one incident of a bundle has the step's rule and that incident's own two sent pages."""
    [incident, *_] = await open_many(desk)
    await desk.pass_time(minutes=15, seconds=3)
    bundled = [page for page in await pages(desk) if page.bundle_id is not None]
    assert incident.id in {page.incident_id for page in bundled}
    answer = await why(desk, incident, by=FIRST)
    assert answer.rule is not None
    assert answer.own is not None
    assert (answer.rule.number, answer.own.is_recorded, len(answer.own.pages)) == (2, True, 2)
    assert all(page.sent_at is not None for page in answer.own.pages)


async def test_a_severity_that_pages_nobody_says_so(desk: Desk) -> None:
    """For a severity without pages, the answer has neither a rule nor a page."""
    incident = await desk.open("SEV3")
    await desk.work()
    answer = await why(desk, incident, by=FIRST)
    assert (answer.rule, answer.own, answer.beside) == (None, None, ())


async def test_a_drill_and_a_monitors_alert_answer_like_an_incident(desk: Desk) -> None:
    """The pages of a drill and of a monitor's alert are explained by the first step of their ladder."""
    drill = await desk.open_drill()
    await desk.work()
    tracked = await receive(desk, alert(desk, channel="p0-alerts"))
    await desk.work()
    for incident in (drill, tracked):
        answer = await why(desk, incident, by=FIRST)
        assert answer.rule is not None
        assert answer.own is not None
        assert (answer.rule.number, answer.own.is_recorded) == (1, True)


async def test_a_page_that_was_sent_without_the_database_is_about_its_own_time(desk: Desk) -> None:
    """A page sent without the database is explained by the override that applied when the page was sent.

    The page is recorded later, when that override is over, so that the reason is computed from the schedule.
    """
    await knows_the_time(desk)
    await stand_in(desk, length=timedelta(minutes=20))
    incident = await desk.open("SEV1")
    await desk.work()
    await goes_away(desk, after=timedelta(minutes=16))
    await desk.database.advance(timedelta(minutes=70))
    await comes_back(desk)
    told = next(page for page in await pages(desk) if page.key.endswith("step:1:dm:primary"))
    answer = await why(desk, incident, by=STANDS_IN, message_id=told.message_id)
    assert answer.own is not None
    assert answer.own.duty is not None
    assert (answer.own.duty.kind, answer.own.is_recorded) == (DutyKind.OVERRIDE, False)
    first, second = (page.sent_at for page in answer.own.pages)
    assert first == incident.triggered_at
    assert second is not None
    assert timedelta(minutes=15) <= second - incident.triggered_at < timedelta(minutes=20)
    assert answer.rule is not None
    assert answer.rule.number == 2
