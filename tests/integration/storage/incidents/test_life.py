"""The whole life of an incident: what is saved, listed, linked, and given its job again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.audit import AuditData
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import IncidentNotFound
from bot.domain.incident import relations, transitions
from bot.domain.incident.forms import correct_details, shown_details
from bot.domain.incident.incident import (
    Check,
    Incident,
    IncidentFilter,
    IncidentKind,
    PersonRef,
    Role,
    Status,
    StatusUpdate,
)
from bot.domain.incident.parts import Source
from bot.domain.incident.posting import archived
from bot.domain.incident.transitions import AckVia
from bot.domain.severity import NewSeverity, SeverityChange
from bot.services.shared.jobs import archive_job
from bot.storage.store import Store
from bot.storage.tables.acknowledgements import AcknowledgementRows, AcknowledgementWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites, MemberRows
from bot.storage.tables.timeline import AuditWrites
from tests.by_person import id_of, name_of, time_of
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import (
    GUILD,
    OLIVE,
    PERRY,
    delivery_ids,
    new_incident,
    open_incident,
    owed,
    send,
)

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


async def saved(store: Store, changed: Incident) -> Incident:
    """*changed* as it comes back."""
    async with store.transaction() as tx:
        await IncidentWrites(tx.sql).incident(changed.id, lock=True)
        await IncidentWrites(tx.sql).save(changed)
    return await IncidentRows(store.sql).incident(changed.id)


async def listed(store: Store, wanted: IncidentFilter) -> list[int]:
    """The numbers that a list shows."""
    return [one.id for one in await IncidentRows(store.sql).list_incidents(GUILD, wanted, limit=99, offset=0)]


async def test_everything_that_a_life_changes_is_saved(rig: Rig) -> None:
    """Each change in an incident's life is saved: severity, roles, words, clocks, posts and relations."""
    incident = await open_incident(rig.store)
    at = incident.triggered_at
    new = NewSeverity("SEV2", "P1", at + DAY, reposts=True, thread_channel="p0")
    by_olive = SeverityChange(before="SEV1", after="SEV2", by="Olive", at=at, reason="一部だけ")
    changed = await saved(rig.store, transitions.change_severity(incident, new, change=by_olive))
    assert changed.regraded == by_olive
    led = transitions.assign(changed, Role.SCRIBE, PersonRef(7, "Olive"))
    led = await saved(rig.store, led)
    told = transitions.apply_status_update(
        led, StatusUpdate("知っていること\n二行目", "影響", at, "Olive"), next_update_at=at + MINUTE
    )
    told = await saved(rig.store, told)
    assert (told.severity, told.priority, told.ack_due_at) == ("SEV2", "P1", at + DAY)
    assert (told.post.number, told.thread.posting, told.thread.channel) == (2, 2, "p0")
    assert dict(told.roles) == {Role.SCRIBE: PersonRef(7, "Olive")}
    assert told.updates.last == StatusUpdate("知っていること\n二行目", "影響", at, "Olive")
    assert (told.updates.due_at, told.version) == (at + MINUTE, 4)
    ended = transitions.resolve(told, by=OLIVE, at=at + DAY, archive_at=at + 2 * DAY)
    assert await saved(rig.store, ended) == ended
    again = transitions.reopen(ended, by=PERRY, at=at + DAY, next_update_at=at + 2 * DAY)
    again = await saved(rig.store, again)
    assert (time_of(again.reopened), id_of(again.reopened), name_of(again.reopened)) == (
        at + DAY,
        PERRY.id,
        "Perry",
    )
    assert (again.first_ended_at, time_of(again.acknowledged)) == (at + DAY, None)
    checks = {"0123456789abcdef": Check(7, "Olive *", at + MINUTE), "b": Check(2**40, "Perry", at)}
    again = await saved(rig.store, replace(again, checks=checks, version=again.version + 1))
    assert dict(again.checks) == checks
    again = await saved(rig.store, replace(again, checks={}, version=again.version + 1))
    assert dict(again.checks) == {}
    asked = await saved(rig.store, transitions.remind(again, again_at=at + 4 * DAY))
    assert (asked.updates.due_at, asked.updates.remind_at, asked.updates.reminders) == (
        at + 2 * DAY,
        at + 4 * DAY,
        1,
    )
    taken = await saved(rig.store, relations.add_duplicate(asked, 2**40))
    related = await saved(rig.store, relations.link(taken, 2**41))
    assert (related.duplicates, related.linked) == ((2**40,), (2**41,))


async def test_who_cannot_be_reached_is_kept(rig: Rig) -> None:
    """An incident keeps the names of those whom no DM has reached, until they are cleared."""
    incident = await open_incident(rig.store)
    unreached = replace(incident, unreached=("@primary", "@1234"), version=incident.version + 1)
    assert await saved(rig.store, unreached) == unreached
    back = replace(unreached, unreached=(), version=unreached.version + 1)
    assert await saved(rig.store, back) == back


async def test_title_and_start_are_corrected(rig: Rig) -> None:
    """A corrected title and start are stored, with the version in which they were corrected."""
    incident = await open_incident(rig.store)
    earlier = incident.started_at - timedelta(minutes=7)
    right = correct_details(incident, title='決済 "x"', started_at=earlier, shown=shown_details(incident))
    assert await saved(rig.store, right) == right
    assert (right.title, right.started_at, right.details_version) == ('決済 "x"', earlier, right.version)


async def test_the_version_that_changed_what_is_affected_is_kept(rig: Rig) -> None:
    """An incident keeps the version that last changed its targets or symptoms; other changes leave it."""
    incident = await open_incident(rig.store)
    assert incident.affected_version is None
    other = await saved(rig.store, replace(incident, title="x", version=incident.version + 1))
    assert other.affected_version is None
    wider = await saved(rig.store, replace(other, targets=("api", "web"), version=other.version + 1))
    assert wider.affected_version == wider.version
    later = await saved(rig.store, replace(wider, title="y", version=wider.version + 1))
    assert later.affected_version == wider.version
    ill = await saved(rig.store, replace(later, symptoms=("slow",), version=later.version + 1))
    assert ill.affected_version == ill.version


async def test_a_false_alarm_is_kept_as_one(rig: Rig) -> None:
    """A cancelled incident is read back as a false alarm, not as resolved."""
    incident = await open_incident(rig.store)
    ended = transitions.cancel(incident, by=OLIVE, at=incident.triggered_at)
    assert await saved(rig.store, ended) == ended


async def test_a_merge_names_the_other_one(rig: Rig) -> None:
    """A merged incident names the one that it went into, which lists it as related and alone stays open."""
    first = await open_incident(rig.store, key="a")
    second = await open_incident(rig.store, key="b")
    merged = transitions.merge(second, into=first, by=OLIVE, at=second.triggered_at)
    merged = await saved(rig.store, merged)
    assert merged.merged_into_id == first.id
    hidden = await saved(rig.store, relations.hide(merged, first.id))
    assert (hidden.merged_into_id, hidden.told_merged_into) == (first.id, None)
    assert [one.id for one in await IncidentRows(rig.store.sql).related(first.id)] == [second.id]
    assert await IncidentRows(rig.store.sql).related(second.id) == []
    assert [one.id for one in await IncidentRows(rig.store.sql).open_incidents(GUILD)] == [first.id]


async def test_a_tracked_alert_a_drill_and_a_private_one_come_back_as_they_were(rig: Rig) -> None:
    """An alert comes back as stored: kind, drill, privacy, source, fingerprint, and whether it rings."""
    async with rig.store.transaction() as tx:
        now = await tx.now()
        new = replace(
            new_incident(now),
            kind=IncidentKind.ALERT,
            is_drill=True,
            is_private=True,
            rings=False,
            source=Source(5, 6, "Sentry"),
            fingerprint="f",
        )
        incident, _ = await IncidentWrites(tx.sql).insert_incident(new, priority="P0", ack_due_at=now)
    assert (incident.kind, incident.is_drill, incident.is_private, incident.rings) == (
        IncidentKind.ALERT,
        True,
        True,
        False,
    )
    assert (incident.tracked.source, incident.tracked.fingerprint, incident.tracked.last_seen_at) == (
        Source(5, 6, "Sentry"),
        "f",
        now,
    )
    seen = transitions.count_occurrence(incident, at=now + MINUTE)
    assert await saved(rig.store, seen) == seen
    declared = transitions.declare(seen, thread_channel="p0-alerts")
    assert await saved(rig.store, declared) == declared


async def test_links_go_both_ways_and_are_made_once(rig: Rig) -> None:
    """A link is made once and shown on both incidents, whichever of them was named first."""
    first = await open_incident(rig.store, key="a")
    second = await open_incident(rig.store, key="b")
    async with rig.store.transaction() as tx:
        assert await IncidentWrites(tx.sql).link(second.id, first.id, by=OLIVE)
        assert not await IncidentWrites(tx.sql).link(first.id, second.id, by=PERRY)
    assert [one.id for one in await IncidentRows(rig.store.sql).related(first.id)] == [second.id]
    assert [one.id for one in await IncidentRows(rig.store.sql).related(second.id)] == [first.id]


async def test_a_link_is_taken_back_once(rig: Rig) -> None:
    """Whichever is named first; a merge is no link, and another link stays. It can be made again."""
    first, second, third = [await open_incident(rig.store, key=key) for key in "abc"]
    async with rig.store.transaction() as tx:
        await IncidentWrites(tx.sql).link(first.id, second.id, by=OLIVE)
        await IncidentWrites(tx.sql).link(first.id, third.id, by=OLIVE)
        assert await IncidentWrites(tx.sql).unlink(second.id, first.id)
        assert not await IncidentWrites(tx.sql).unlink(first.id, second.id)
        assert not await IncidentWrites(tx.sql).unlink(second.id, third.id)
    assert [one.id for one in await IncidentRows(rig.store.sql).linked(first.id)] == [third.id]
    assert await IncidentRows(rig.store.sql).linked(second.id) == []
    async with rig.store.transaction() as tx:
        assert await IncidentWrites(tx.sql).link(first.id, second.id, by=PERRY)
    assert [one.id for one in await IncidentRows(rig.store.sql).linked(second.id)] == [first.id]
    assert await IncidentRows(rig.of(GUILD + 1).sql).linked(first.id) == []


async def test_members_are_named_once(rig: Rig) -> None:
    """A person is a member of one incident, not of others, and naming them again changes nothing."""
    incident = await open_incident(rig.store, key="a")
    other = await open_incident(rig.store, key="b")
    async with rig.store.transaction() as tx:
        assert await MemberRows(tx.sql).add_member(incident.id, user_id=OLIVE.id, name=OLIVE.name, by=PERRY)
        assert not await MemberRows(tx.sql).add_member(incident.id, user_id=OLIVE.id, name="again", by=PERRY)
    assert await MemberRows(rig.store.sql).is_member(incident.id, OLIVE.id)
    assert not await MemberRows(rig.store.sql).is_member(incident.id, PERRY.id)
    assert not await MemberRows(rig.store.sql).is_member(other.id, OLIVE.id)
    await rig.advance(MINUTE)
    async with rig.store.transaction() as tx:
        await MemberRows(tx.sql).add_member(incident.id, user_id=1, name="Ann", by=PERRY)
    assert await MemberRows(rig.store.sql).members(incident.id) == [OLIVE.id, 1]
    assert await MemberRows(rig.store.sql).members(other.id) == []


async def test_responders_come_in_the_order_in_which_they_joined(rig: Rig) -> None:
    """Responders are listed in the order in which they joined, with the names that they had."""
    incident = await open_incident(rig.store)
    assert await AcknowledgementRows(rig.store.sql).responders(incident.id) == []
    for person in (PERRY, OLIVE):
        async with rig.store.transaction() as tx:
            await AcknowledgementWrites(tx.sql).join(incident.id, person, via=AckVia.REACTION)
        await rig.advance(MINUTE)
    assert await AcknowledgementRows(rig.store.sql).responders(incident.id) == [
        PersonRef(8, "Perry"),
        PersonRef(7, "Olive"),
    ]


async def test_a_change_is_audited_with_it(rig: Rig) -> None:
    """An audit row is stored in the same commit as its change, and is undone with it if the change fails."""
    async with rig.store.transaction() as tx:
        await AuditWrites(tx.sql).audit(
            guild_id=GUILD, by=OLIVE, action="severity_changed", data=AuditData(1)
        )

    async def change_and_fail() -> None:
        async with rig.store.transaction() as tx:
            await AuditWrites(tx.sql).audit(guild_id=GUILD, by=OLIVE, action="cancelled")
            await IncidentRows(tx.sql).incident(404)

    with pytest.raises(IncidentNotFound):
        await change_and_fail()
    assert await rig.audited() == [(OLIVE.name, "severity_changed", True, {"incident_id": 1})]


async def test_a_thread_that_was_left_still_leads_to_its_incident(rig: Rig) -> None:
    """An incident's earlier thread still leads to it, since people go on writing commands there."""
    incident = await open_incident(rig.store)
    for posting, thread in (("thread", 60), ("thread:2", 61)):
        (made,) = await delivery_ids(
            rig.store, owed(DeliveryKind.THREAD, incident=incident.id, key=f"inc:1:{posting}")
        )
        await send(rig.store, made, message_id=thread)
    async with rig.store.transaction() as tx:
        await IncidentWrites(tx.sql).set_places(incident.id, thread_id=61)
    for thread in (60, 61):
        assert await IncidentRows(rig.store.sql).incident_by_thread(thread) == await IncidentRows(
            rig.store.sql
        ).incident(incident.id)


async def test_a_list_shows_what_was_asked_for(rig: Rig) -> None:
    """Incidents are filtered by state, severity, words whatever the case, age and the person involved."""
    store = rig.store
    old = await open_incident(store, key="a", severity="SEV2")
    await rig.advance(2 * DAY)
    new = await open_incident(store, key="b")
    async with store.transaction() as tx:
        await AcknowledgementWrites(tx.sql).join(new.id, OLIVE, via=AckVia.BUTTON)
    led = await saved(store, transitions.assign(old, Role.SCRIBE, PersonRef(9, "Nadia")))
    cancelled = await saved(store, transitions.cancel(led, by=OLIVE, at=new.triggered_at))
    assert await listed(store, IncidentFilter()) == [new.id, old.id]
    assert await listed(store, IncidentFilter(statuses=frozenset([Status.CANCELLED]))) == [cancelled.id]
    assert await listed(store, IncidentFilter(statuses=frozenset([Status.CANCELLED, Status.TRIGGERED]))) == [
        new.id,
        old.id,
    ]
    assert await listed(store, IncidentFilter(severity="SEV2")) == [old.id]
    assert await listed(store, IncidentFilter(words="api が 5XX")) == [new.id, old.id]
    assert await listed(store, IncidentFilter(words="100%_")) == []
    assert await listed(store, IncidentFilter(since=new.triggered_at)) == [new.id]
    assert await listed(store, IncidentFilter(involves=OLIVE.id)) == [new.id]
    assert await listed(store, IncidentFilter(involves=9)) == [old.id]
    assert await listed(store, IncidentFilter(involves=PERRY.id)) == [new.id, old.id], "they reported both"
    assert await listed(store, IncidentFilter(involves=404)) == []


async def test_a_list_hides_what_is_not_theirs(rig: Rig) -> None:
    """Private ones from those who are not named; drills where they are not wanted."""
    store = rig.store
    async with store.transaction() as tx:
        now = await tx.now()
        hidden, _ = await IncidentWrites(tx.sql).insert_incident(
            replace(new_incident(now, key="p"), is_private=True), priority="P0", ack_due_at=now
        )
        drill, _ = await IncidentWrites(tx.sql).insert_incident(
            replace(new_incident(now, key="d"), is_drill=True), priority="P0", ack_due_at=now
        )
        await MemberRows(tx.sql).add_member(hidden.id, user_id=OLIVE.id, name=OLIVE.name, by=PERRY)
    assert await listed(store, IncidentFilter(viewer=PERRY.id)) == [drill.id]
    assert await listed(store, IncidentFilter(viewer=OLIVE.id)) == [drill.id, hidden.id]
    assert await listed(store, IncidentFilter(sees_all=True)) == [drill.id, hidden.id]
    assert await listed(store, IncidentFilter(sees_all=True, drills=False)) == [hidden.id]


async def test_a_thread_whose_day_is_over_gets_its_job_again(rig: Rig) -> None:
    """A thread that is late to be archived gets its job again if the job was lost, until it is archived."""
    incident = await open_incident(rig.store)
    at = incident.triggered_at
    ended = transitions.resolve(incident, by=OLIVE, at=at, archive_at=at + DAY)
    await saved(rig.store, ended)
    async with rig.store.transaction() as tx:
        await tx.enqueue(archive_job(incident.id, after=DAY))
    await rig.advance(DAY + 2 * MINUTE)
    assert await rig.store.requeue_stuck(overdue=MINUTE) == []
    await rig.lose_jobs()
    assert await rig.store.requeue_stuck(overdue=MINUTE) == [f"archive:{incident.id}"]
    assert await rig.store.requeue_stuck(overdue=MINUTE) == []
    await rig.lose_jobs()
    await saved(rig.store, archived(ended))
    assert await rig.store.requeue_stuck(overdue=MINUTE) == []
