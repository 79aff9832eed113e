"""What people do with action items: who may, what is on record, what is refused and kept."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.domain.action_items import (
    ActionState,
    ActionStatus,
    WatchedAlert,
)
from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.errors import IncidentNotFound, NotPermitted, RecordedRefusal, UserError
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.timeline.entries import EntryKind
from bot.storage.tables.incidents import IncidentRows, MemberRows
from bot.storage.tables.timeline import TimelineRows
from cogs.actions.rules import (
    ActionDmReason,
    ActionEntryKind,
    ActionFilter,
    ActionNotFound,
    ActionView,
    VagueActionItem,
)
from cogs.actions.store import ItemsShown, of_incident, open_ones
from tests.cogs.actions.action_desk import FORM, actions, add, dms, ended, lines, on_monday, reasons
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk

FRIDAY = date(2026, 12, 4)
ALERT = WatchedAlert("a" * 64, "API latency")


async def kinds(desk: Desk, incident: Incident) -> list[EntryKind]:
    """What the timeline tells of action items."""
    return [
        e.kind
        for e in await TimelineRows(desk.store.sql).timeline(incident.id)
        if e.kind.value.startswith("action")
    ]


async def test_an_item_is_added_with_everything_that_makes_it_one(desk: Desk) -> None:
    """The owner gets a DM, the thread a line, the timeline an entry, the card a count."""
    await on_monday(desk)
    incident = await ended(desk)
    item = await add(desk, incident)
    assert (item.label, item.what, item.owner.id, item.due_on) == ("AI-1", FORM.what, SECONDARY.id, FRIDAY)
    await desk.work()
    assert await dms(desk) == [("user:2", ActionDmReason.ASSIGNED, DeliveryStatus.SENT)]
    [line] = await lines(desk, "action_added")
    assert (line.data["owner"], line.data["by"]) == ("secondary", "responder")
    assert await kinds(desk, incident) == [ActionEntryKind.ADDED]
    shown = await IncidentRows(desk.store.sql).shown_incident(incident.id)
    assert (shown.actions.open, shown.actions.all) == (1, 1)
    assert shown.version > incident.version
    view = await desk.looking.view(incident.id, by=OBSERVER)
    [shown_items] = [found for _, found in view.own if isinstance(found, ItemsShown)]
    assert [one.id for one in shown_items.items] == [item.id]
    audited = [(row.action, row.actor_id) for row in await desk.database.audit_rows()]
    assert ("action_added", RESPONDER.id) in audited


async def test_an_item_of_ones_own_needs_no_dm(desk: Desk) -> None:
    """A person who adds an action item for themselves gets no DM about the item."""
    await on_monday(desk)
    await add(desk, await ended(desk), owner=RESPONDER)
    await desk.work()
    assert await dms(desk) == []


async def test_the_same_form_twice_adds_one_item(desk: Desk) -> None:
    """A form that Discord delivers twice adds one action item, with one DM and one timeline entry."""
    await on_monday(desk)
    incident = await ended(desk)
    first, second = await add(desk, incident), await add(desk, incident)
    await desk.work()
    assert first.id == second.id
    assert len(await of_incident(desk.store.sql, incident.id)) == 1
    assert len(await dms(desk)) == 1
    assert await kinds(desk, incident) == [ActionEntryKind.ADDED]


async def test_an_item_may_belong_to_no_incident(desk: Desk) -> None:
    """The audit has what a timeline would."""
    await on_monday(desk)
    item = await add(desk, None)
    await actions(desk).items.done(item.id, by=SECONDARY)
    assert [row.action for row in await desk.database.audit_rows()] == ["action_added", "action_done"]


@pytest.mark.parametrize(
    ("field", "value", "key"),
    [
        ("what", " ", "action_item.what_missing"),
        ("what", "確認する", "action_item.what_vague"),
        ("verification", "", "action_item.verification_missing"),
        ("verification", FORM.what, "action_item.verification_same"),
        ("owner", None, "action_item.owner_missing"),
        ("owner", Person(9, "robot", is_bot=True), "action_item.owner_bot"),
        ("due", "", "action_item.due_missing"),
        ("due", "いつか", "action_item.due_unreadable"),
        ("due", "2026-11-20", "action_item.due_past"),
    ],
)
async def test_a_missing_or_vague_part_is_refused_by_itself(
    desk: Desk, field: str, value: Any, key: str
) -> None:
    """Each missing or vague part of an action item is refused with its own error, and nothing is stored."""
    await on_monday(desk)
    incident = await ended(desk)
    with pytest.raises(UserError) as refused:
        await add(desk, incident, **{field: value})
    assert refused.value.key == key
    assert await of_incident(desk.store.sql, incident.id) == []


async def test_only_those_who_may_respond_add_items(desk: Desk) -> None:
    """A person who may not respond cannot add an action item, and each refusal is in the audit log."""
    await on_monday(desk)
    incident = await ended(desk)
    for where in (incident, None):
        with pytest.raises(NotPermitted):
            await add(desk, where, by=OBSERVER)
    refused = [(row.action, row.actor_id) for row in await desk.database.audit_rows() if not row.allowed]
    assert refused == [("actions", OBSERVER.id)] * 2


async def test_an_owner_may_finish_their_own_item_without_a_role(desk: Desk) -> None:
    """An owner without a role may mark their own item done; a stranger without a role may not."""
    await on_monday(desk)
    item = await add(desk, await ended(desk), owner=OBSERVER)
    with pytest.raises(NotPermitted):
        await actions(desk).items.done(item.id, by=Person(5, "stranger"))
    done = await actions(desk).items.done(item.id, by=OBSERVER)
    assert done.state(FRIDAY) is ActionState.DONE


async def test_done_twice_says_who_did_it(desk: Desk) -> None:
    """Marking an item done a second time is refused with the first person's name, and adds no entry."""
    await on_monday(desk)
    incident = await ended(desk)
    item = await add(desk, incident)
    await actions(desk).items.done(item.id, by=SECONDARY)
    with pytest.raises(UserError) as refused:
        await actions(desk).items.done(item.id, by=PRIMARY)
    assert (refused.value.key, refused.value.fields["who"]) == ("action_item.already_done", "secondary")
    assert await kinds(desk, incident) == [ActionEntryKind.ADDED, ActionEntryKind.DONE]


async def test_a_drop_needs_a_reason(desk: Desk) -> None:
    """Dropping an item without a reason is refused. The reason is in the thread and the audit log."""
    await on_monday(desk)
    incident = await ended(desk)
    item = await add(desk, incident)
    with pytest.raises(UserError) as refused:
        await actions(desk).items.drop(item.id, reason=" \n", by=SECONDARY)
    assert refused.value.key == "action_item.reason_missing"
    dropped = await actions(desk).items.drop(item.id, reason="別の対策で足りる", by=SECONDARY)
    await desk.work()
    assert (dropped.status, dropped.next_at) == (ActionStatus.DROPPED, None)
    [line] = await lines(desk, "action_dropped")
    assert line.data["reason"] == "別の対策で足りる"
    [row] = [row for row in await desk.database.audit_rows() if row.action == "action_dropped"]
    assert row.data["reason"] == "別の対策で足りる"


async def test_a_closed_item_can_be_opened_again(desk: Desk) -> None:
    """A reopened action item has the same next reminder as before, and its owner is reminded again."""
    await on_monday(desk)
    item = await add(desk, await ended(desk))
    await actions(desk).items.drop(item.id, reason="別の対策で足りる", by=SECONDARY)
    again = await actions(desk).items.reopen(item.id, reason="足りなかった", by=PRIMARY)
    assert again.is_open
    assert again.next_at == item.next_at
    await desk.pass_time(days=5)
    assert ActionDmReason.TODAY in await reasons(desk)


async def test_an_edit_tells_a_new_owner_and_moves_the_reminder(desk: Desk) -> None:
    """The former owner's DM is obsolete."""
    await on_monday(desk)
    incident = await ended(desk)
    item = await add(desk, incident)
    form = replace(FORM, owner=PRIMARY, due="2026-12-18")
    edited = await actions(desk).items.edit(item.id, form, shown_version=item.version, by=RESPONDER)
    assert (edited.owner.id, edited.due_on) == (PRIMARY.id, date(2026, 12, 18))
    await desk.work()
    assert await dms(desk) == [
        ("user:2", ActionDmReason.ASSIGNED, DeliveryStatus.CANCELLED),
        ("user:1", ActionDmReason.ASSIGNED, DeliveryStatus.SENT),
    ]
    [entry] = [
        e
        for e in await TimelineRows(desk.store.sql).timeline(incident.id)
        if e.kind is ActionEntryKind.EDITED
    ]
    assert entry.data is not None
    assert entry.data.keys() == {"item", "what", "owner", "due_on", "line"}
    await desk.pass_time(days=10)
    assert await reasons(desk) == [ActionDmReason.ASSIGNED]


async def test_two_edits_at_once_lose_nothing(desk: Desk) -> None:
    """The form showed what another person has changed since."""
    await on_monday(desk)
    item = await add(desk, await ended(desk))
    first = replace(FORM, due="2026-12-18")
    await actions(desk).items.edit(item.id, first, shown_version=item.version, by=RESPONDER)
    second = replace(FORM, what="リトライ上限を 5 回にする")
    with pytest.raises(UserError) as refused:
        await actions(desk).items.edit(item.id, second, shown_version=item.version, by=PRIMARY)
    assert refused.value.key == "action_item.changed_meanwhile"


async def test_an_overdue_item_can_be_edited_without_moving_its_date(desk: Desk) -> None:
    """An overdue item can be edited with its past date kept; an edit that changes nothing is refused."""
    await on_monday(desk)
    item = await add(desk, await ended(desk))
    await desk.pass_time(days=7)
    form = replace(FORM, what="リトライ上限を 5 回にする")
    edited = await actions(desk).items.edit(item.id, form, shown_version=item.version, by=RESPONDER)
    assert (edited.what, edited.due_on) == (form.what, FRIDAY)
    with pytest.raises(UserError) as refused:
        await actions(desk).items.edit(item.id, form, shown_version=edited.version, by=RESPONDER)
    assert refused.value.key == "action_item.edit_empty"


async def private(desk: Desk) -> Incident:
    """A private incident of primary's, who is on call."""
    incident = await ended(desk)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    return await IncidentRows(desk.store.sql).incident(incident.id)


async def test_the_items_of_a_private_incident_are_hidden(desk: Desk) -> None:
    """An outsider cannot list, choose, open or finish an action item of a private incident.

    The query behind the report that everyone reads marks such an item as private.
    """
    await on_monday(desk)
    incident = await private(desk)
    item = await add(desk, incident, by=PRIMARY, owner=PRIMARY)
    lists = actions(desk).lists
    wanted = ActionFilter(FRIDAY)
    for by, seen in ((PRIMARY, [item.id]), (OBSERVER, [])):
        page = await lists.page(GUILD, wanted, by=by, limit=10)
        offered = await lists.choices(GUILD, "", closed=False, by=by, limit=10)
        assert ([one.id for one in page.items], [one.id for one in offered]) == (seen, seen)
    with pytest.raises(ActionNotFound):
        await lists.details(item.id, by=OBSERVER)
    with pytest.raises(ActionNotFound):
        await actions(desk).items.done(item.id, by=OBSERVER)
    [found] = await open_ones(desk.store.sql, GUILD)
    assert (found.item.id, found.is_private, found.is_drill) == (item.id, True, False)


async def test_made_private_the_owners_of_open_items_still_see_it(desk: Desk) -> None:
    """The owner of an open item becomes a member of an incident that is made private.

    The owner's DM, which an outage had held up, is still sent. The owner of a dropped item becomes no member.
    """
    await on_monday(desk)
    incident = await ended(desk)
    former, owner = Person(id=8, name="former"), Person(id=9, name="owner")
    closed = await add(desk, incident, owner=former, key="interaction:2")
    await actions(desk).items.drop(closed.id, reason="二重", by=RESPONDER)
    await desk.work()
    desk.discord.is_away = True
    await add(desk, incident, owner=owner)
    await desk.work()
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    desk.discord.is_away = False
    await desk.pass_time(minutes=5)
    members = await MemberRows(desk.store.sql).members(incident.id)
    assert (owner.id in members, former.id in members) == (True, False)
    assert (await dms(desk))[-1] == ("user:9", ActionDmReason.ASSIGNED, DeliveryStatus.SENT)


async def test_the_owner_of_a_private_incidents_item_may_see_it(desk: Desk) -> None:
    """Else a reminder would reveal it; the refusal is on record."""
    await on_monday(desk)
    incident = await private(desk)
    with pytest.raises(RecordedRefusal) as refused:
        await add(desk, incident, by=PRIMARY, owner=OBSERVER)
    assert refused.value.key == "action_item.owner_not_visible"
    [row] = [row for row in await desk.database.audit_rows() if not row.allowed]
    assert row.data["owner_id"] == OBSERVER.id
    with pytest.raises(IncidentNotFound):
        await add(desk, incident, by=Person(5, "stranger", roles=frozenset({"responder"})))


async def test_a_list_shows_what_was_asked_for(desk: Desk) -> None:
    """Open ones by due date, overdue ones, closed ones the last first, one person's, one incident's."""
    await on_monday(desk)
    incident = await ended(desk)
    later = await add(desk, incident, key="a", due="2026-12-18")
    soon = await add(desk, incident, key="b", owner=PRIMARY)
    other = await add(desk, None, key="c", due="2026-12-11")
    await actions(desk).items.done(other.id, by=SECONDARY)
    lists = actions(desk).lists

    async def listed(**filters: object) -> list[int]:
        wanted = ActionFilter(date(2026, 12, 7), **filters)  # type: ignore[arg-type]
        return [one.id for one in (await lists.page(GUILD, wanted, by=OBSERVER, limit=10)).items]

    assert await listed() == [soon.id, later.id]
    assert await listed(view=ActionView.OVERDUE) == [soon.id]
    assert await listed(view=ActionView.DONE) == [other.id]
    assert await listed(owner_id=PRIMARY.id) == [soon.id]
    assert await listed(incident_id=incident.id + 1) == []
    assert await listed(words="リトライ") == [soon.id, later.id]


async def test_naming_an_alert_is_recorded_once(desk: Desk) -> None:
    """A second time it changes nothing, and says so."""
    await on_monday(desk)
    item = await add(desk, await ended(desk))
    watching = await actions(desk).items.watch(item.id, ALERT, by=RESPONDER)
    assert watching.alert == ALERT
    with pytest.raises(UserError):
        await actions(desk).items.watch(item.id, ALERT, by=RESPONDER)


async def test_a_refusal_of_the_form_is_one_that_people_can_mend() -> None:
    """The form's refusal is an error that people can correct, so that the text they typed comes back."""
    assert issubclass(VagueActionItem, UserError)
