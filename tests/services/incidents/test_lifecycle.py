"""How an incident ends, and how it goes on again; what the commands offer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import (
    IncidentNotFound,
    InvalidTransition,
    NotPermitted,
    UserError,
)
from bot.domain.incident.incident import Status
from bot.domain.jobs import JobName
from bot.domain.timeline.entries import TimelineKind
from bot.services.shared.access import Act
from bot.storage.store import Store
from bot.storage.tables.acknowledgements import AcknowledgementRows
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from bot.storage.transaction import Transaction
from tests.by_person import name_of, time_of
from tests.fakes.discord import SlowToArchive
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk
from tests.services.outcomes import kinds, notices, pending

ALERT, NOTICE, ESCALATION, PAGE = (
    DeliveryKind.ALERT,
    DeliveryKind.NOTICE,
    DeliveryKind.ESCALATION,
    DeliveryKind.PAGE,
)


class Interrupted(Store):
    """A store in which something happens once, between what a use case reads and its transaction."""

    def __init__(self, store: Store, meanwhile: Callable[[], Awaitable[object]]) -> None:
        vars(self).update(vars(store.of(GUILD)))
        self._meanwhile: list[Callable[[], Awaitable[object]]] = [meanwhile]

    @asynccontextmanager
    async def transaction(self, *, locking: int | None = None) -> AsyncIterator[Transaction]:
        while self._meanwhile:
            await self._meanwhile.pop()()
        async with super().transaction(locking=locking) as tx:
            yield tx


# -- the ends


async def test_a_false_alarm_ends_everything(desk: Desk) -> None:
    """A cancelled incident escalates no more; its timeline has the reason, and its thread one line."""
    incident = await desk.open("SEV1")
    await desk.work()
    ended = await desk.lifecycle.cancel(incident.id, by=PRIMARY, reason="  監視の\n設定ミス ")
    await desk.pass_time(hours=5)
    assert ended.status is Status.CANCELLED
    assert desk.sent(ESCALATION) == []
    entry = next(
        e
        for e in await TimelineRows(desk.store.sql).timeline(incident.id)
        if e.kind is TimelineKind.CANCELLED
    )
    assert (entry.data or {})["reason"] == "監視の 設定ミス"
    assert await notices(desk) == ["cancelled"]
    with pytest.raises(InvalidTransition, match="already_cancelled"):
        await desk.lifecycle.resolve(incident.id, by=PRIMARY)


async def test_an_ended_threads_day(desk: Desk) -> None:
    """Every thread that an incident has had is archived once, a day after the incident was resolved."""
    incident = await desk.open("SEV3")
    await desk.work()
    await desk.lifecycle.change_severity(incident.id, to="SEV1", by=PRIMARY, reason="r")
    await desk.work()
    threads = [one.message_id for one in await desk.database.deliveries() if one.kind is DeliveryKind.THREAD]
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.pass_time(hours=23)
    assert desk.discord.archived == []
    await desk.pass_time(hours=2)
    assert desk.discord.archived == threads
    await desk.lifecycle.archive(incident.id)
    assert desk.discord.archived == threads


async def test_a_reopened_incident_stays_awake(desk: Desk) -> None:
    """A reopened incident's thread is archived only a day after the incident has been resolved again.

    The person who reopened the incident is on it, the former acknowledge no longer counts, and nothing
    escalates.
    """
    incident = await desk.open("SEV1")
    await desk.work()
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.pass_time(hours=20)
    opened = await desk.lifecycle.reopen(incident.id, by=SECONDARY, reason="再発")
    await desk.pass_time(minutes=10)
    assert (opened.status, name_of(opened.reopened)) == (Status.ACKNOWLEDGED, "secondary")
    assert time_of(opened.acknowledged) is None, "20 hours would spoil the mean time to acknowledge"
    assert desk.sent(ESCALATION) == []
    await desk.lifecycle.resolve(incident.id, by=SECONDARY)
    await desk.pass_time(hours=20)
    assert desk.discord.archived == []
    await desk.pass_time(hours=5)
    assert len(desk.discord.archived) == 1
    assert await notices(desk) == ["resolved", "reopened", "resolved"]
    assert [who.name for who in await AcknowledgementRows(desk.store.sql).responders(incident.id)] == [
        "secondary"
    ]
    with pytest.raises(InvalidTransition, match="already_resolved"):
        await desk.lifecycle.resolve(incident.id, by=PRIMARY)


async def test_an_archive_that_loses_the_race_wakes_the_thread(desk: Desk) -> None:
    """If an incident is reopened while its thread is being archived, a refresh is queued."""
    incident = await desk.open("SEV1")
    await desk.work()
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.work()
    await desk.database.advance(desk.policy.archive_after)
    desk.use(SlowToArchive(lambda: desk.lifecycle.reopen(incident.id, by=PRIMARY)))
    await desk.lifecycle.archive(incident.id)
    assert any(job.name is JobName.REFRESH for job in await desk.database.jobs())
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).is_open


async def test_a_duplicate_is_merged_and_the_other_one_hears_of_it(desk: Desk) -> None:
    """A merge is on both timelines and told in both threads, and each incident refers to the other.

    The ladder of the duplicate is off; the ladder of the other incident goes on.
    """
    first = await desk.open("SEV1", key="a")
    second = await desk.open("SEV1", key="b")
    await desk.work()
    ended = (await desk.merging.merge(second.id, into=first.id, by=PRIMARY)).incident
    await desk.work()
    assert (ended.status, ended.merged_into_id) == (Status.MERGED, first.id)
    assert sorted(map(str, await notices(desk))) == ["merged", "merged_here"]
    assert TimelineKind.MERGED in await kinds(desk, second.id)
    assert TimelineKind.LINKED in await kinds(desk, first.id)
    assert await pending(desk, second.id) == 0
    assert await pending(desk, first.id) > 0
    view = await desk.looking.view(first.id, by=RESPONDER)
    assert [one.id for one in view.related] == [second.id]
    assert [one.id for one in (await desk.looking.view(second.id, by=RESPONDER)).related] == [first.id]
    assert view.incident.duplicates == (second.id,)


async def test_what_is_linked_and_merged_is_shown_once(desk: Desk) -> None:
    """Two incidents that are both linked and merged name each other once, whichever of them is shown."""
    first, second = await desk.open(key="a"), await desk.open(key="b")
    await desk.lifecycle.link(first.id, with_=second.id, by=PRIMARY)
    await desk.merging.merge(second.id, into=first.id, by=PRIMARY)
    for seen, other in ((first, second), (second, first)):
        view = await desk.looking.view(seen.id, by=RESPONDER)
        assert [one.id for one in view.related] == [other.id]


async def test_merging_crosswise_leaves_one_of_them(desk: Desk) -> None:
    """Two people at once: the second finds an end where it wanted to go."""
    first = await desk.open("SEV1", key="a")
    second = await desk.open("SEV1", key="b")
    results = await asyncio.gather(
        desk.merging.merge(first.id, into=second.id, by=PRIMARY),
        desk.merging.merge(second.id, into=first.id, by=SECONDARY),
        return_exceptions=True,
    )
    refused = [one for one in results if isinstance(one, InvalidTransition)]
    assert len(refused) == 1
    assert refused[0].key in ("already_merged", "merge_into_ended")
    left = [one for one in (first, second) if (await IncidentRows(desk.store.sql).incident(one.id)).is_open]
    assert len(left) == 1


async def test_a_merge_that_was_taken_back_can_be_made_again(desk: Desk) -> None:
    """The other one hears of it each time."""
    first = await desk.open("SEV1", key="a")
    second = await desk.open("SEV1", key="b")
    await desk.work()
    for _ in range(2):
        await desk.merging.merge(second.id, into=first.id, by=PRIMARY)
        await desk.lifecycle.reopen(second.id, by=PRIMARY)
    await desk.work()
    assert (await notices(desk)).count("merged_here") == (await notices(desk)).count("unmerged") == 2
    assert (await IncidentRows(desk.store.sql).incident(second.id)).merged_into_id is None


async def test_a_merged_one_that_is_opened_again_goes_on_by_itself(desk: Desk) -> None:
    """Reopening a merged incident removes it from the other one's duplicates, with a line there."""
    first, second, third = [await desk.open("SEV1", key=key) for key in "abc"]
    await desk.work()
    for duplicate in (second, third):
        await desk.merging.merge(duplicate.id, into=first.id, by=PRIMARY)
    await desk.lifecycle.reopen(second.id, by=SECONDARY)
    assert (await IncidentRows(desk.store.sql).incident(first.id)).duplicates == (third.id,)
    assert (await kinds(desk, first.id))[-1] is TimelineKind.UNMERGED
    await desk.lifecycle.resolve(first.id, by=PRIMARY)
    await desk.lifecycle.reopen(third.id, by=SECONDARY)
    await desk.work()
    left = await IncidentRows(desk.store.sql).incident(first.id)
    assert (left.status, left.duplicates) == (Status.RESOLVED, ())
    assert (await notices(desk)).count("unmerged") == 2
    audited = [row.data for row in await desk.database.audit_rows() if row.action == "unmerged"]
    assert audited == [{"incident_id": first.id, "with": number} for number in (second.id, third.id)]
    versions = {one.shown_version for one in await DeliveryRows(desk.store.sql).posts(first.id)}
    assert versions == {left.version}, "the posts show that they are gone"


async def test_a_reopening_is_refused_if_it_was_merged_into_another_one_meanwhile(desk: Desk) -> None:
    """Reopening a duplicate is refused if the duplicate was merged into a third incident meanwhile.

    The third incident keeps the duplicate. The merge happens between the reopening's read and its lock.
    """
    first, second, third = [await desk.open("SEV1", key=key) for key in "abc"]
    await desk.merging.merge(second.id, into=first.id, by=PRIMARY)

    async def meanwhile() -> None:
        await desk.lifecycle.reopen(second.id, by=SECONDARY)
        await desk.merging.merge(second.id, into=third.id, by=SECONDARY)

    desk.own_store = Interrupted(desk.store, meanwhile)
    desk.use(desk.discord)
    with pytest.raises(InvalidTransition, match="already_merged"):
        await desk.lifecycle.reopen(second.id, by=PRIMARY)
    assert (await IncidentRows(desk.store.sql).incident(second.id)).merged_into_id == third.id
    assert (await IncidentRows(desk.store.sql).incident(first.id)).duplicates == ()
    assert (await IncidentRows(desk.store.sql).incident(third.id)).duplicates == (second.id,)


async def test_two_incidents_are_linked_once(desk: Desk) -> None:
    """Whichever is named first; each thread says so; never with itself."""
    first = await desk.open("SEV1", key="a")
    second = await desk.open("SEV2", key="b")
    assert await desk.lifecycle.link(first.id, with_=second.id, by=PRIMARY)
    assert not await desk.lifecycle.link(second.id, with_=first.id, by=SECONDARY)
    await desk.work()
    assert await notices(desk) == ["linked", "linked"]
    assert (await IncidentRows(desk.store.sql).incident(first.id)).linked == (second.id,)
    assert (await IncidentRows(desk.store.sql).incident(second.id)).linked == (first.id,)
    with pytest.raises(UserError, match="link_with_itself"):
        await desk.lifecycle.link(first.id, with_=first.id, by=PRIMARY)
    with pytest.raises(IncidentNotFound):
        await desk.lifecycle.link(first.id, with_=404, by=PRIMARY)


async def test_a_link_is_taken_back(desk: Desk) -> None:
    """Of two people who remove a link at once, one succeeds, and each timeline has one entry.

    A new link is announced again. A person without the role may not remove a link, and the refusal is
    audited.
    """
    first, second, third = [await desk.open("SEV1", key=key) for key in "abc"]
    for other in (second, third):
        await desk.lifecycle.link(first.id, with_=other.id, by=PRIMARY)
    done = await asyncio.gather(
        desk.lifecycle.unlink(first.id, with_=second.id, by=PRIMARY),
        desk.lifecycle.unlink(second.id, with_=first.id, by=SECONDARY),
    )
    assert sorted(done) == [False, True]
    assert not await desk.lifecycle.unlink(first.id, with_=first.id, by=PRIMARY)
    assert (await IncidentRows(desk.store.sql).incident(first.id)).linked == (third.id,)
    assert (await IncidentRows(desk.store.sql).incident(second.id)).linked == ()
    for seen, other in ((first, second), (second, first)):
        told = [
            entry
            for entry in await TimelineRows(desk.store.sql).timeline(seen.id)
            if entry.kind is TimelineKind.UNLINKED
        ]
        assert [entry.data for entry in told] == [{"with": other.id}]
    audited = [row.data for row in await desk.database.audit_rows() if row.action == "unlinked"]
    assert {data["incident_id"] for data in audited} == {first.id, second.id}
    await desk.lifecycle.link(first.id, with_=second.id, by=PRIMARY)
    await desk.lifecycle.unlink(first.id, with_=second.id, by=PRIMARY)
    await desk.work()
    in_first = [
        d.data["notice"] for d in await desk.database.deliveries() if d.data.get("number") == second.id
    ]
    assert in_first == ["linked", "unlinked"] * 2
    with pytest.raises(IncidentNotFound):
        await desk.lifecycle.unlink(first.id, with_=404, by=PRIMARY)
    with pytest.raises(NotPermitted):
        await desk.lifecycle.unlink(first.id, with_=third.id, by=OBSERVER)
    refused = [row for row in await desk.database.audit_rows() if not row.allowed]
    assert [row.data["act"] for row in refused] == ["unlink"]


async def test_unlinking_is_offered_where_there_is_a_link(desk: Desk) -> None:
    """The links that can be removed are offered from the thread or by number, ended incidents included.

    A merged duplicate is not offered, and without a link nothing is offered.
    """
    first, second, merged, other = [await desk.open("SEV1", key=key) for key in "abcd"]
    await desk.lifecycle.link(first.id, with_=second.id, by=PRIMARY)
    await desk.merging.merge(merged.id, into=first.id, by=PRIMARY)
    await desk.lifecycle.resolve(second.id, by=PRIMARY)
    await desk.work()
    thread_id = (await IncidentRows(desk.store.sql).incident(first.id)).thread.id

    async def offered(than: int | None, thread_id: int | None) -> list[int]:
        return [one.id for one in await desk.looking.linked(than=than, thread_id=thread_id, by=RESPONDER)]

    assert await offered(first.id, None) == await offered(None, thread_id) == [second.id]
    assert await offered(second.id, thread_id) == [first.id]
    assert await offered(other.id, thread_id) == await offered(None, None) == await offered(404, None) == []


@pytest.mark.parametrize("what", ["resolve", "cancel", "reopen"])
async def test_only_those_who_may_respond_decide(desk: Desk, what: str) -> None:
    """An observer's attempt is refused and put on record, and the incident stays as it is."""
    incident = await desk.open("SEV1")
    with pytest.raises(NotPermitted):
        await getattr(desk.lifecycle, what)(incident.id, by=OBSERVER)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)) == incident
    (refused,) = [row for row in await desk.database.audit_rows() if not row.allowed]
    assert (refused.action, refused.data) == ("acknowledge", {"act": what, "incident_id": incident.id})


async def test_a_question_is_only_asked_where_it_makes_sense(desk: Desk) -> None:
    """Refused before the form or the question: ended, not there, not theirs."""
    incident = await desk.open("SEV1")
    assert (await desk.lifecycle.require_open(incident.id, by=PRIMARY, act=Act.RESOLVE)).id == incident.id
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    with pytest.raises(InvalidTransition, match="already_resolved"):
        await desk.lifecycle.require_open(incident.id, by=PRIMARY, act=Act.CHANGE_SEVERITY)
    with pytest.raises(NotPermitted):
        await desk.lifecycle.require_open(incident.id, by=OBSERVER, act=Act.UPDATE)


# -- what is offered


async def test_what_a_command_offers(desk: Desk) -> None:
    """Open ones the most severe first; what ended lately the last to end first; without the one itself."""
    home = 7
    low = await desk.open("SEV3", key="a")
    high = await desk.open("SEV1", key="b")
    old = await desk.open("SEV2", key="c")
    await desk.work()
    await desk.lifecycle.resolve(old.id, by=PRIMARY)
    await desk.pass_time(hours=1)
    done = await desk.open("SEV2", key="d")
    await desk.lifecycle.cancel(done.id, by=PRIMARY)
    looking, thread = desk.looking, (await IncidentRows(desk.store.sql).incident(high.id)).thread.id
    assert [one.id for one in await looking.open_ones(home, by=RESPONDER)] == [high.id, low.id]
    assert [one.id for one in await looking.ended_lately(home, by=RESPONDER)] == [done.id, old.id]
    named = await looking.others(home, than=low.id, thread_id=thread, by=RESPONDER)
    assert [one.id for one in named] == [high.id, done.id, old.id]
    here = await looking.others(home, than=None, thread_id=thread, by=RESPONDER)
    assert [one.id for one in here] == [low.id, done.id, old.id]
    elsewhere = await looking.others(home, than=None, thread_id=1, by=RESPONDER)
    assert len(elsewhere) == 4
    await desk.database.advance(
        timedelta(days=15)
    )  # nobody works meanwhile: the ladders would ring ninety times
    assert await looking.ended_lately(home, by=RESPONDER) == []
