"""The link in an email: one person, one acknowledge, for a day."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import DiscordAway
from bot.domain.incident.incident import ByPerson, Status
from bot.domain.oncall.people import OnCallPerson
from bot.domain.timeline.entries import TimelineKind
from bot.services.acknowledging.email_links import PATH, VALID_FOR, LinkState, stand_in
from bot.storage.tables.incidents import IncidentRows, IncidentWrites, MemberRows
from bot.storage.tables.timeline import TimelineRows
from tests.by_person import id_of
from tests.services.database import Database
from tests.services.desk import PRIMARY, PUBLIC, RESPONDER, Desk

WHO = OnCallPerson("primary", "primary", "primary@example.com")


async def mailed(desk: Desk) -> tuple[str, Delivery]:
    """The token in primary's mail about a P0 that Discord did not take."""
    desk.discord.failures = [DiscordAway("HTTP 503", http_status=503, retry_after_s=30.0)] * 500
    await desk.open("SEV1")
    await desk.pass_time(seconds=1)
    alert = next(d for d in await desk.database.deliveries() if d.kind is DeliveryKind.ALERT)
    [link] = (await desk.links.urls(alert, [1], WHO)).values()
    assert link in {mail.body for mail in desk.mailer.sent}
    return link.removeprefix(PUBLIC + PATH), alert


async def test_looking_changes_nothing(desk: Desk) -> None:
    """Looking at a link acknowledges nothing: mail scanners open every link, often more than once."""
    token, _ = await mailed(desk)
    for _ in range(3):
        seen = await desk.links.preview(token)
        assert (seen.state, seen.name) == (LinkState.READY, "primary")
    assert (await IncidentRows(desk.store.sql).incident(1)).status is Status.TRIGGERED


async def test_it_acknowledges_once_as_the_person_it_was_for(desk: Desk) -> None:
    """The link acknowledges for its person, and stops the escalation; a second press reports that."""
    token, _ = await mailed(desk)
    done = await desk.links.acknowledge(token)
    assert (done.state, done.is_first) == (LinkState.DONE, True)
    incident = await IncidentRows(desk.store.sql).incident(1)
    assert (incident.status, id_of(incident.acknowledged)) == (Status.ACKNOWLEDGED, 1)
    entry = next(
        e for e in await TimelineRows(desk.store.sql).timeline(1) if e.kind is TimelineKind.ACKNOWLEDGED
    )
    assert (entry.data or {})["via"] == "email"
    assert (await desk.links.acknowledge(token)).state is LinkState.USED
    assert (await desk.links.preview(token)).state is LinkState.USED


async def test_somebody_was_first(desk: Desk) -> None:
    """Using the link is not the first acknowledge if somebody else has acknowledged the incident already."""
    token, _ = await mailed(desk)
    by = replace(PRIMARY, id=99, name="somebody")
    async with desk.store.transaction() as tx:
        await IncidentWrites(tx.sql).save(
            replace(
                await IncidentWrites(tx.sql).incident(1, lock=True),
                status=Status.ACKNOWLEDGED,
                acknowledged=ByPerson(by.id, by.name, await tx.now()),
                version=2,
            )
        )
    assert not (await desk.links.acknowledge(token)).is_first


async def test_a_day_later_it_is_nothing_any_more(desk: Desk) -> None:
    """A link that is more than a day old is expired and acknowledges nothing."""
    token, _ = await mailed(desk)
    await desk.database.advance(VALID_FOR + timedelta(minutes=1))
    assert (await desk.links.acknowledge(token)).state is LinkState.EXPIRED
    assert (await IncidentRows(desk.store.sql).incident(1)).status is Status.TRIGGERED


async def test_who_was_removed_from_an_incident_has_no_link_to_it(desk: Desk) -> None:
    """A link from before its person was removed from the incident shows nothing and acknowledges nothing."""
    token, _ = await mailed(desk)
    async with desk.store.transaction() as tx:
        await MemberRows(tx.sql).remove_member(1, replace(PRIMARY, username="primary"), by=RESPONDER)
    assert (await desk.links.preview(token)).incident is None
    assert (await desk.links.acknowledge(token)).state is LinkState.FOREIGN
    assert (await IncidentRows(desk.store.sql).incident(1)).status is Status.TRIGGERED
    [refusal] = [row for row in await desk.database.audit_rows() if not row.allowed]
    assert (refusal.actor_id, refusal.action) == (PRIMARY.id, "acknowledge")


async def test_over_is_over(desk: Desk) -> None:
    """A resolved incident is shown, not touched."""
    token, _ = await mailed(desk)
    await desk.lifecycle.resolve(1, by=PRIMARY)
    assert (await desk.links.acknowledge(token)).state is LinkState.OVER


@pytest.mark.parametrize("end", ["", "x", ".", "\x00", "あ"])
async def test_what_was_tampered_with_is_nothing(desk: Desk, end: str) -> None:
    """A link with something added at its end or cut off there is invalid and acknowledges nothing."""
    token, _ = await mailed(desk)
    broken = token + end if end else token[:-1]
    assert (await desk.links.acknowledge(broken)).state is LinkState.INVALID
    assert (await IncidentRows(desk.store.sql).incident(1)).status is Status.TRIGGERED


async def test_of_another_installation(desk: Desk, another_database: Database) -> None:
    """The answer says so, instead of calling the link broken; the same for an unknown incident."""
    token, _ = await mailed(desk)
    other = Desk(another_database)
    assert (await other.links.acknowledge(token)).state is LinkState.FOREIGN
    assert (await desk.links.acknowledge("00000000." + token.partition(".")[2])).state is LinkState.FOREIGN


async def test_discord_is_away_and_it_counts_all_the_same(desk: Desk) -> None:
    """The link acknowledges while Discord is away, though the bot cannot look the person up."""
    token, _ = await mailed(desk)
    desk.discord.is_away = True
    assert (await desk.links.acknowledge(token)).state is LinkState.DONE
    assert id_of((await IncidentRows(desk.store.sql).incident(1)).acknowledged) == stand_in("primary")
    assert stand_in("primary") < 0


async def test_each_attempt_has_the_same_link(desk: Desk) -> None:
    """An hour later the links of an email are the same ones, so that each attempt sends the same mail."""
    _, alert = await mailed(desk)
    first = await desk.links.urls(alert, [1], WHO)
    await desk.database.advance(timedelta(hours=1))
    assert await desk.links.urls(alert, [1], WHO) == first
