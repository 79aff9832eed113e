"""Show that from a certain step of the ladder on, an escalation is also emailed, though Discord works."""

from dataclasses import replace
from types import MappingProxyType

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.transitions import AckVia
from tests.services.desk import PRIMARY, Desk


async def test_the_second_step_of_a_p0_is_mailed_too(desk: Desk) -> None:
    """Each step of a P0 from the second on is mailed to both people on call, without a row in the DLQ."""
    await desk.open("SEV1")
    await desk.pass_time(minutes=14)
    assert desk.mailer.sent == []
    await desk.pass_time(minutes=2)
    assert [mail.to for mail in desk.mailer.sent] == [("primary@example.com",), ("secondary@example.com",)]
    assert await desk.database.dlq_entries() == []
    await desk.pass_time(minutes=15)
    assert len(desk.mailer.sent) == 4, "and each later step"


async def test_others_are_not_mailed_unless_the_policy_says_so(desk: Desk) -> None:
    """A P1 waits for four hours and more."""
    await desk.open("SEV2")
    await desk.pass_time(hours=9)
    assert desk.mailer.sent == []
    severities = {**desk.policy.severities, "SEV2": replace(desk.policy.rules("SEV2"), email_after=3)}
    desk.policy = replace(desk.policy, severities=MappingProxyType(severities))
    desk.use(desk.discord)
    await desk.open("SEV2", key="mailed")
    await desk.pass_time(hours=5)
    assert desk.mailer.sent == []
    await desk.pass_time(hours=4)
    assert len(desk.mailer.sent) == 2


async def test_an_answer_before_the_email_goes_out_stops_it(desk: Desk) -> None:
    """An acknowledge cancels an email that waits for the mail server."""
    incident = await desk.open("SEV1")
    desk.mailer.is_away = True
    await desk.pass_time(minutes=16)
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    desk.mailer.is_away = False
    await desk.pass_time(minutes=2)
    assert desk.mailer.sent == []


async def test_many_at_once_are_one_email_each(desk: Desk) -> None:
    """Six P0s whose escalations are bundled cause one email to each person on call."""
    for number in range(6):
        await desk.open("SEV1", key=str(number))
    await desk.pass_time(minutes=16)
    assert [one.to for one in await desk.database.deliveries() if one.kind is DeliveryKind.BUNDLE]
    assert [mail.to for mail in desk.mailer.sent] == [("primary@example.com",), ("secondary@example.com",)]
