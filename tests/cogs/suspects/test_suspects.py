"""The card with what changed before an incident: when it is made, what it says, and whom it never delays."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.errors import OutboundFailed, OutboundProblem, UpstreamUnavailable
from bot.domain.incident.incident import Incident
from bot.domain.systems import ChangeKind, RecentChange
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows
from cogs.suspects.rules import (
    ChangesCut,
    ChangeSource,
    SourceProblem,
    SuspectCard,
    SuspectKind,
    SuspectRules,
)
from cogs.suspects.use_cases import Suspects
from tests.cogs.suspects.acts import read_from, stored_card, suspects
from tests.services.desk import PRIMARY, Desk
from tests.services.incidents.test_title_and_start import clock, correct
from tests.services.privacy.test_privacy import open_private

CARD = SuspectKind.SUSPECTS


class Source:
    """A source that returns the changes a test gives it.

    Attributes:
        changes: What it knows.
        asked: The times that it was asked for.
        error: Raised instead.
    """

    def __init__(self, name: str = "github_merges") -> None:
        self.name = name
        self.changes: list[RecentChange] = []
        self.asked: list[tuple[datetime, datetime]] = []
        self.error: Exception | None = None

    async def read(self, since: datetime, until: datetime) -> list[RecentChange]:
        self.asked.append((since, until))
        if self.error is not None:
            raise self.error
        return self.changes


@pytest.fixture
def source(desk: Desk) -> Source:
    """The only source of the desk."""
    found = Source()
    read_from(desk, ChangeSource(found.name, found.read))
    return found


def merged(desk: Desk, *, minutes: float, what: str = "#12 決済の再試行") -> RecentChange:
    """A merge so many minutes ago."""
    at = desk.clock.time - timedelta(minutes=minutes)
    return RecentChange(kind=ChangeKind.MERGE, what=what, at=at, who="sato")


async def card_of(desk: Desk, incident: Incident) -> SuspectCard:
    """What is on the card."""
    found = await stored_card(desk, incident.id)
    assert found is not None
    return found


async def test_a_severe_incident_gets_one_card_with_what_changed(desk: Desk, source: Source) -> None:
    """The thread of a severe incident gets one card of recent changes, also if the job runs twice."""
    source.changes = [merged(desk, minutes=12), merged(desk, minutes=150, what="too early")]
    incident = await desk.open("SEV1")
    await desk.work()
    await suspects(desk).cards.read(incident.id)
    await desk.work()
    assert desk.sent(CARD) == ["incident"]
    card = await card_of(desk, incident)
    assert [one.what for one in card.changes] == ["#12 決済の再試行"]
    assert source.asked == [(incident.started_at - timedelta(hours=2), incident.started_at)]


async def test_nothing_is_asked_and_posted_where_nobody_wants_it(desk: Desk, source: Source) -> None:
    """A severity that the policy does not name; and no source at all."""
    await desk.open("SEV3")
    await desk.work()
    assert source.asked == []
    read_from(desk)
    await desk.open("SEV1", key="other")
    await desk.work()
    assert desk.sent(CARD) == []


@pytest.mark.usefixtures("source")
async def test_a_severity_that_rises_brings_the_card(desk: Desk) -> None:
    """The incident is one that needs it now."""
    incident = await desk.open("SEV3")
    await desk.work()
    await desk.lifecycle.change_severity(incident.id, to="SEV1", by=PRIMARY, reason="広がった")
    await desk.work()
    assert desk.sent(CARD) == ["incident"]


async def test_the_card_follows_a_corrected_start(desk: Desk, source: Source) -> None:
    """After a corrected start, the card of suspects lists the changes before the new start.

    The message is edited and not posted again.
    """
    early = merged(desk, minutes=30, what="early")
    source.changes = [early, merged(desk, minutes=0, what="late")]
    incident = await desk.open("SEV1")
    await desk.work()
    assert [one.what for one in (await card_of(desk, incident)).changes] == ["late", "early"]
    started = incident.started_at - timedelta(minutes=20)
    await correct(desk, incident, started=clock(desk, started))
    await desk.work()
    assert [one.what for one in (await card_of(desk, incident)).changes] == ["early"]
    assert desk.sent(CARD) == ["incident"]
    version = (await IncidentRows(desk.store.sql).incident(incident.id)).version
    assert [kinds for at, kinds in desk.discord.refreshed if at == version and CARD in kinds]


async def test_a_start_corrected_while_it_is_read_is_the_one_that_counts(desk: Desk, source: Source) -> None:
    """No card of another start is left behind."""
    incident = await desk.open("SEV1")
    started = incident.started_at - timedelta(minutes=20)
    original = source.read

    async def read(since: datetime, until: datetime) -> list[RecentChange]:
        if not source.asked:
            await correct(desk, incident, started=clock(desk, started))
        return await original(since, until)

    read_from(desk, ChangeSource(source.name, read))
    await desk.work()
    await desk.pass_time(seconds=5)
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert (await card_of(desk, incident)).started_at == now.started_at
    assert source.asked[-1][1] == now.started_at


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (OutboundFailed(OutboundProblem.FORBIDDEN, "HTTP 403"), SourceProblem.REFUSED),
        (OutboundFailed(OutboundProblem.NOT_FOUND, "HTTP 404"), SourceProblem.NOT_FOUND),
    ],
)
async def test_a_source_that_refuses_is_named_and_not_asked_again(
    desk: Desk, source: Source, error: Exception, problem: SourceProblem
) -> None:
    """A person has to change something."""
    source.error = error
    incident = await desk.open("SEV1")
    await desk.pass_time(minutes=10)
    assert [one.problem for one in (await card_of(desk, incident)).unread] == [problem]
    assert len(source.asked) == 1
    assert desk.sent(CARD) == ["incident"]


async def test_a_list_that_was_cut_is_named_with_what_was_read(desk: Desk, source: Source) -> None:
    """The card has the changes that were read, says how far back they go, and is not read again."""
    read_from = desk.clock.time - timedelta(minutes=20)
    source.error = ChangesCut([merged(desk, minutes=12)], read_from)
    incident = await desk.open("SEV1")
    await desk.pass_time(minutes=5)
    card = await card_of(desk, incident)
    assert [one.what for one in card.changes] == ["#12 決済の再試行"]
    assert [one.read_from for one in card.unread] == [read_from]
    assert len(source.asked) == 1


async def test_a_source_that_was_away_is_read_again_for_the_same_card(desk: Desk, source: Source) -> None:
    """A source that was away is read again soon, and its changes are added by an edit of the card."""
    source.error = UpstreamUnavailable("away")
    incident = await desk.open("SEV1")
    await desk.work()
    assert [one.problem for one in (await card_of(desk, incident)).unread] == [SourceProblem.AWAY]
    source.error, source.changes = None, [merged(desk, minutes=5)]
    await desk.pass_time(minutes=2)
    card = await card_of(desk, incident)
    assert (len(card.changes), card.unread, card.tries) == (1, (), 2)
    assert desk.sent(CARD) == ["incident"]


async def test_a_source_that_stays_away_is_given_up(desk: Desk, source: Source) -> None:
    """A source of changes that stays away is given up after it was asked three times."""
    source.error = UpstreamUnavailable("away")
    await desk.open("SEV1")
    await desk.pass_time(minutes=10)
    assert len(source.asked) == 3


async def test_a_source_that_hangs_holds_up_neither_the_others_nor_the_card(
    desk: Desk, source: Source
) -> None:
    """The card says so, and has what the others know."""

    async def hang(_since: datetime, _until: datetime) -> list[RecentChange]:
        await asyncio.Event().wait()
        return []

    source.changes = [merged(desk, minutes=5)]
    incident = await desk.open("SEV1")
    sources = (ChangeSource("github_deployments", hang), ChangeSource(source.name, source.read))
    reading = Suspects(desk.own_store, desk.policy, sources, suspects(desk).seen_before, deadline_s=0.05)
    assert await reading.read(incident.id) == timedelta(minutes=1)
    card = await card_of(desk, incident)
    assert [(one.source, one.problem) for one in card.unread] == [("github_deployments", SourceProblem.SLOW)]
    assert len(card.changes) == 1


async def test_an_incident_that_has_ended_meanwhile_gets_none(desk: Desk, source: Source) -> None:
    """An incident that has ended gets no card of suspects."""
    incident = await desk.open("SEV1")
    await desk.lifecycle.cancel(incident.id, by=PRIMARY, reason="誤報")
    await desk.work()
    assert source.asked == []
    assert desk.sent(CARD) == []


@pytest.mark.usefixtures("source")
async def test_a_private_incident_has_its_card_in_its_own_thread(desk: Desk) -> None:
    """A private incident has its card of suspects in its own thread.

    An incident that becomes private later gets a second card, in its private thread.
    """
    secret = await open_private(desk)
    (post,) = [one for one in await DeliveryRows(desk.store.sql).posts(secret.id) if one.kind is CARD]
    assert post.channel_id == secret.thread.id
    public = await desk.open("SEV1")
    await desk.work()
    await desk.privacy.make_private(public.id, by=PRIMARY)
    await desk.work()
    now = await IncidentRows(desk.store.sql).incident(public.id)
    cards = [one for one in await DeliveryRows(desk.store.sql).posts(public.id) if one.kind is CARD]
    assert [one.channel_id == now.thread.id for one in cards] == [False, True]


@pytest.mark.usefixtures("source")
async def test_a_past_incident_that_becomes_private_is_on_no_card_any_more(desk: Desk) -> None:
    """A past incident that becomes private is removed from another incident's card, which is edited."""
    past = await desk.open("SEV1", key="past")
    await desk.work()
    await desk.lifecycle.resolve(past.id, by=PRIMARY)
    await desk.work()
    incident = await desk.open("SEV1", key="now")
    await desk.work()
    assert [one.number for one in (await card_of(desk, incident)).past] == [past.id]
    await desk.privacy.make_private(past.id, by=PRIMARY)
    await desk.work()
    assert (await card_of(desk, incident)).past == ()
    version = (await IncidentRows(desk.store.sql).incident(incident.id)).version
    assert [kinds for at, kinds in desk.discord.refreshed if at == version and CARD in kinds]


async def test_only_changes_of_the_policys_time_count(desk: Desk, source: Source) -> None:
    """Two hours unless it says otherwise."""
    rules = desk.policy.of(SuspectRules)
    desk.policy = desk.policy.with_rules(replace(rules, within=timedelta(minutes=10)))
    desk.use(desk.discord)
    source.changes = [merged(desk, minutes=12)]
    incident = await desk.open("SEV1")
    await desk.work()
    assert (await card_of(desk, incident)).changes == ()


async def test_a_past_incident_that_becomes_private_while_the_card_is_made_is_not_on_it(
    desk: Desk, source: Source
) -> None:
    """The job that takes it out of cards has run before there was one."""
    past = await desk.open("SEV1", key="past")
    await desk.work()
    await desk.lifecycle.resolve(past.id, by=PRIMARY)
    await desk.work()
    seen = asyncio.Event()

    async def read(_since: datetime, _until: datetime) -> list[RecentChange]:
        await seen.wait()
        return []

    incident = await desk.open("SEV1", key="now")
    reading = Suspects(
        desk.own_store, desk.policy, (ChangeSource(source.name, read),), suspects(desk).seen_before
    )
    making = asyncio.create_task(reading.read(incident.id))
    await desk.privacy.make_private(past.id, by=PRIMARY)
    await reading.forget(await IncidentRows(desk.store.sql).incident(past.id))
    seen.set()
    await making
    assert (await card_of(desk, incident)).past == ()
