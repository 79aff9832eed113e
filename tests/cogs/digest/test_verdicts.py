"""Is an alert still needed? What the team answers, and what becomes of the alert."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import IncidentNotFound, NotPermitted, UserError
from bot.domain.incident.incident import Incident, Status
from bot.domain.incident.transitions import AckVia
from cogs.digest.rules import AlertVerdictData, AskedAlerts, DigestDelivery, Verdict
from cogs.digest.use_cases import Digests
from cogs.digest.verdicts import asked_alerts
from tests.services.alerts.test_alerts import FIRST, alert, receive
from tests.services.alerts.test_monitors import sharing as sharing  # noqa: PLC0414  # a fixture
from tests.services.desk import GUILD, PRIMARY, RESPONDER, Desk

WEEK = timedelta(days=7)


async def ended(desk: Desk, message_id: int = FIRST) -> Incident:
    """An alert that came and was closed as a false alarm."""
    incident = await receive(desk, alert(desk, message_id))
    await desk.lifecycle.dismiss(incident.id, by=PRIMARY)
    return incident


def shown(desk: Desk) -> list[tuple[str, dict[int, Verdict]]]:
    """Return the edits of digests: the key of each one's post, and the verdicts that its buttons show."""
    edits = [(key, what) for key, what in desk.discord.redrawn if isinstance(what, AskedAlerts)]
    return [(key, {number: one.verdict for number, one in what.verdicts.items()}) for key, what in edits]


async def lines(desk: Desk) -> list[AlertVerdictData]:
    """Return the lines that tell the team about verdicts."""
    await desk.work()
    rows = await desk.database.deliveries()
    return [AlertVerdictData.from_json(row.data) for row in rows if row.kind is DigestDelivery.VERDICT]


async def test_a_muted_alert_opens_nothing_for_a_week(desk: Desk) -> None:
    """Each message of a muted alert is counted once and opens nothing; after a week the alert opens again."""
    noisy = await ended(desk)
    given = await desk.services.of(Digests).verdicts.give(noisy.id, Verdict.MUTE, by=PRIMARY)
    assert given.holds_until - given.at == WEEK
    for number in (FIRST + 1, FIRST + 2, FIRST + 1):
        assert await desk.services.alerts.receive(alert(desk, number)) is None
    asked = await asked_alerts(desk.own_store, GUILD, [noisy.id])
    assert asked.verdicts[noisy.id].passed_over == 2
    await desk.database.advance(WEEK)
    assert (await receive(desk, alert(desk, FIRST + 3))).status is Status.TRIGGERED
    assert (await asked_alerts(desk.own_store, GUILD, [noisy.id])).verdicts == {}


async def test_a_more_severe_alert_comes_through(sharing: Desk) -> None:
    """An alert that was muted as a SEV2 opens an incident when it comes as a SEV1."""
    noisy = await ended(sharing)
    await sharing.services.of(Digests).verdicts.give(noisy.id, Verdict.MUTE, by=PRIMARY)
    worse = alert(sharing, FIRST + 1, channel="p0-alerts")
    assert noisy.tracked.fingerprint is not None
    understood = sharing.services.alerts.understand(worse)
    assert understood is not None
    assert understood.fingerprint == noisy.tracked.fingerprint
    assert (await receive(sharing, worse)).severity == "SEV1"


async def test_a_mute_holds_for_its_channel_alone(desk: Desk) -> None:
    """The same words in another channel are another alert, which a mute leaves alone."""
    noisy = await ended(desk)
    await desk.services.of(Digests).verdicts.give(noisy.id, Verdict.MUTE, by=PRIMARY)
    assert (await receive(desk, alert(desk, FIRST + 1, channel="p0-alerts"))).severity == "SEV1"
    assert await desk.services.alerts.receive(alert(desk, FIRST + 2)) is None


async def test_what_is_open_when_it_is_muted_goes_on_counting(desk: Desk) -> None:
    """An open incident of a muted alert still counts its repeats."""
    open_one = await receive(desk, alert(desk))
    await desk.acknowledger.acknowledge(open_one.id, by=RESPONDER, via=AckVia.BUTTON)
    await desk.services.of(Digests).verdicts.give(open_one.id, Verdict.MUTE, by=PRIMARY)
    again = await receive(desk, alert(desk, FIRST + 1))
    assert (again.id, again.tracked.occurrences) == (open_one.id, 2)


async def test_the_team_is_told_of_a_mute_and_how_long_it_lasts(desk: Desk) -> None:
    """Lines that answer the digest say who muted an alert and until when, and who undid the mute.

    The digest is edited both times, and after the undoing the alert opens again.
    """
    for number in range(3):
        noisy = await receive(desk, alert(desk, FIRST + number))
    await desk.lifecycle.dismiss(noisy.id, by=PRIMARY)
    await desk.work()
    await desk.database.advance(WEEK)
    last = await desk.services.of(Digests).last_week()
    await desk.services.of(Digests).post(last)
    await desk.work()
    given = await desk.services.of(Digests).verdicts.give(noisy.id, Verdict.MUTE, by=PRIMARY)
    (line,) = await lines(desk)
    digest = desk.message(DigestDelivery.POST)
    assert line == AlertVerdictData(
        answers=digest, verdict=Verdict.MUTE, by="primary", until=given.holds_until
    )
    assert await desk.services.of(Digests).verdicts.withdraw(noisy.id, by=PRIMARY) is not None
    assert (await lines(desk))[1] == AlertVerdictData(answers=digest, by="primary")
    key = f"digest:{GUILD}:{last}"
    assert shown(desk) == [(key, {noisy.id: Verdict.MUTE}), (key, {})]
    assert await desk.services.of(Digests).verdicts.withdraw(noisy.id, by=PRIMARY) is None
    assert (await receive(desk, alert(desk, FIRST + 9))).status is Status.TRIGGERED


async def test_the_digests_before_the_latest_show_the_answer_too(desk: Desk) -> None:
    """On a Monday before its digest is due, an answer edits the digest of the week before, and is told below.

    Once there are two digests, an answer edits both.
    """
    for number in range(3):
        noisy = await receive(desk, alert(desk, FIRST + number))
    await desk.lifecycle.dismiss(noisy.id, by=PRIMARY)
    await desk.work()
    await desk.database.advance(WEEK)
    older = await desk.services.of(Digests).last_week()
    await desk.services.of(Digests).post(older)
    await desk.work()
    await desk.database.advance(WEEK)  # the next week has ended, its digest is not posted yet
    digest = desk.message(DigestDelivery.POST)
    await desk.services.of(Digests).verdicts.give(noisy.id, Verdict.MUTE, by=PRIMARY)
    assert [line.answers for line in await lines(desk)] == [digest]
    key = f"digest:{GUILD}:{older}"
    assert shown(desk) == [(key, {noisy.id: Verdict.MUTE})]
    await desk.services.of(Digests).post(await desk.services.of(Digests).last_week())
    await desk.work()
    await desk.services.of(Digests).verdicts.withdraw(noisy.id, by=PRIMARY)
    await desk.work()
    assert (key, {}) in shown(desk)


async def test_an_alert_that_is_kept_or_dropped_is_still_tracked(desk: Desk) -> None:
    """A verdict to drop an alert posts a line, one to keep it none; the alert is still tracked."""
    noisy = await ended(desk)
    await desk.services.of(Digests).verdicts.give(noisy.id, Verdict.KEEP, by=PRIMARY)
    assert await lines(desk) == []
    await desk.services.of(Digests).verdicts.give(noisy.id, Verdict.DROP, by=PRIMARY)
    assert [line.verdict for line in await lines(desk)] == [Verdict.DROP]
    assert (await receive(desk, alert(desk, FIRST + 1))).status is Status.TRIGGERED
    acts = [(row.action, row.data["incident_id"]) for row in await desk.database.audit_rows()]
    assert acts[-2:] == [("alert_keep", noisy.id), ("alert_drop", noisy.id)]


async def test_only_who_posts_the_digest_may_answer_it(desk: Desk) -> None:
    """A refusal is on record, and changes nothing."""
    noisy = await ended(desk)
    with pytest.raises(NotPermitted):
        await desk.services.of(Digests).verdicts.give(noisy.id, Verdict.MUTE, by=RESPONDER)
    with pytest.raises(NotPermitted):
        await desk.services.of(Digests).verdicts.withdraw(noisy.id, by=RESPONDER)
    refused = [row.data["act"] for row in await desk.database.audit_rows() if not row.allowed]
    assert refused == ["alert_mute", "alert_verdict_withdrawn"]
    assert (await receive(desk, alert(desk, FIRST + 1))).id != noisy.id


async def test_another_guild_neither_sees_nor_answers_it(desk: Desk) -> None:
    """An administrator of another guild is told that there is no such incident; the mute holds."""
    noisy = await ended(desk)
    await desk.services.of(Digests).verdicts.give(noisy.id, Verdict.MUTE, by=PRIMARY)
    neighbours = Desk(desk.database, guild_id=8).services.of(Digests).verdicts
    admin = replace(PRIMARY, roles=frozenset({"admin"}), is_admin=True)
    for answer in (
        neighbours.look(noisy.id, by=admin),
        neighbours.give(noisy.id, Verdict.KEEP, by=admin),
        neighbours.withdraw(noisy.id, by=admin),
    ):
        with pytest.raises(IncidentNotFound):
            await answer
    assert await desk.services.alerts.receive(alert(desk, FIRST + 1)) is None


async def test_an_incident_of_people_is_no_alert(desk: Desk) -> None:
    """An old or forged button says so."""
    incident = await desk.open()
    with pytest.raises(UserError, match="alert_not_tracked"):
        await desk.services.of(Digests).verdicts.give(incident.id, Verdict.MUTE, by=PRIMARY)


async def test_a_private_alert_is_hidden_from_who_may_not_see_it(desk: Desk) -> None:
    """A person who may not see a private alert is told that it does not exist when they give a verdict."""
    noisy = await receive(desk, alert(desk))
    await desk.database.fetch("UPDATE incidents SET is_private = true")
    stranger = replace(RESPONDER, roles=frozenset({"responder"}))
    with pytest.raises(UserError, match="incident_not_found"):
        await desk.services.of(Digests).verdicts.give(noisy.id, Verdict.MUTE, by=stranger)
