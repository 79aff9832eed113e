"""Action items in the database: stored once, listed in order, found by the alert that they name."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain.action_items import (
    ActionItem,
    ActionSource,
    Reopening,
    WatchedAlert,
)
from bot.domain.alerts.alert import FiredAlert
from bot.domain.code_host import ExportTrouble
from bot.domain.errors import LockConflict
from bot.domain.incident import transitions
from bot.domain.incident.incident import IncidentKind, PersonRef
from bot.services.shared.contributions import fired_in
from bot.storage.store import Store
from bot.storage.tables.alerts import AlertRows
from bot.storage.tables.incidents import IncidentWrites
from cogs.actions import rules
from cogs.actions.rules import (
    ActionFilter,
    ActionNotFound,
    ActionView,
    AlertSearch,
    NewActionItem,
)
from cogs.actions.store import Actions, IssueExports, open_ones
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import GUILD, OLIVE, PERRY, counted_on, new_incident, open_incident

DAY = date(2026, 12, 4)
ALERT = WatchedAlert("a" * 64, "API latency")
AGES_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def new(**changed: object) -> NewActionItem:
    """An item of Olive's; *changed* are other values."""
    item = NewActionItem(
        guild_id=GUILD,
        incident_id=None,
        what="Cap retries at 3",
        owner=PersonRef(OLIVE.id, OLIVE.name),
        due_on=DAY,
        verification="No 5xx for 30 minutes",
        source=ActionSource.COMMAND,
        key="interaction:1",
    )
    return replace(item, **changed)  # type: ignore[arg-type]


async def added(store: Store, **changed: object) -> ActionItem:
    """A committed item."""
    async with store.transaction() as tx:
        item, _ = await Actions(tx.sql).add(new(**changed), by=PERRY)
    return item


async def done(rig: Rig, item: ActionItem) -> ActionItem:
    """The item, done now, and watched for two weeks."""
    async with rig.store.transaction() as tx:
        now, found = await tx.now(), await Actions(tx.sql).item(item.id, lock=True)
        closed = rules.done(found, by=OLIVE, at=now, watched_until=now + timedelta(days=14))
        await Actions(tx.sql).save(closed)
    return closed


async def test_an_item_comes_back_as_it_was_stored(rig: Rig) -> None:
    """An action item is read as it was stored, in every state; in one guild its key is stored once."""
    item = await added(rig.store, alert=ALERT, next_at=AGES_AGO)
    assert await Actions(rig.store.sql).item(item.id) == item
    assert (item.alert, item.next_at, item.created.name) == (ALERT, AGES_AGO, PERRY.name)
    async with rig.store.transaction() as tx:
        assert await Actions(tx.sql).add(new(what="something else"), by=OLIVE) == (item, False)
        _, is_new = await Actions(tx.sql).add(new(guild_id=GUILD + 1), by=OLIVE)
        assert is_new
    closed = await done(rig, item)
    assert await Actions(rig.store.sql).item(item.id) == closed
    async with rig.store.transaction() as tx:
        again = rules.reopened(closed, Reopening(at=AGES_AGO, by="Perry", reason="once more"))
        await Actions(tx.sql).save(again)
    assert await Actions(rig.store.sql).item(item.id) == again


async def test_a_change_of_an_old_state_is_refused(rig: Rig) -> None:
    """A change made from an old state of an action item is refused if another change came first."""
    item = await added(rig.store)
    await done(rig, item)
    with pytest.raises(LockConflict):
        async with rig.store.transaction() as tx:
            await Actions(tx.sql).save(replace(item, what="late", version=item.version + 1))


async def test_another_guild_sees_none_of_it(rig: Rig) -> None:
    """Another guild finds an action item neither by its number nor in its lists.

    The finder, which serves all guilds, names the item's guild.
    """
    item = await added(rig.store)
    elsewhere = rig.of(GUILD + 1)
    with pytest.raises(ActionNotFound):
        await Actions(elsewhere.sql).item(item.id)
    assert await Actions(elsewhere.sql).page(GUILD + 1, ActionFilter(DAY), limit=9) == []
    assert await open_ones(elsewhere.sql, GUILD + 1) == []
    assert await rig.finder.guild_of("guild_of_action", item.id) == GUILD
    assert await rig.finder.guild_of("guild_of_action", item.id + 1) is None


async def test_lists_are_in_the_order_of_what_is_due(rig: Rig) -> None:
    """Closed ones by their end; a page begins where the one before ended."""
    later = await added(rig.store, key="a", due_on=DAY + timedelta(days=7))
    sooner = await added(rig.store, key="b")
    first, second = [await added(rig.store, key=key) for key in ("c", "d")]
    for item in (second, first):
        await rig.advance(timedelta(minutes=1))
        await done(rig, item)

    async def ids(limit: int = 9, offset: int = 0, **wanted: object) -> list[int]:
        chosen = ActionFilter(DAY + timedelta(days=1), **wanted)  # type: ignore[arg-type]
        found = await Actions(rig.store.sql).page(GUILD, chosen, limit=limit, offset=offset)
        return [item.id for item in found]

    assert await ids() == [sooner.id, later.id]
    assert await ids(limit=1, offset=1) == [later.id]
    assert await ids(view=ActionView.OVERDUE) == [sooner.id]
    assert await ids(view=ActionView.DONE) == [first.id, second.id]
    assert await ids(words="RETRIES") == [sooner.id, later.id]
    assert await ids(words="100%") == []
    assert await ids(owner_id=PERRY.id) == []


async def counted(
    rig: Rig, message_id: int, *, fired: FiredAlert | None, is_drill: bool = False
) -> tuple[int, list[int]]:
    """A message that counts on a new alert: its number, and the items that it has broken."""
    async with rig.store.transaction() as tx:
        now = await tx.now()
        opened = replace(
            new_incident(now, key=f"alert:{message_id}"),
            kind=IncidentKind.ALERT,
            fingerprint=ALERT.fingerprint,
            is_drill=is_drill,
        )
        incident, _ = await IncidentWrites(tx.sql).insert_incident(opened, priority="P0", ack_due_at=now)
        decided = counted_on(incident, channel_id=5, message_id=message_id, sender="77:Sentry", fired=fired)
        if not await AlertRows(tx.sql).note_alert(decided):
            return incident.id, []
        broken = await Actions(tx.sql).note_fired(fired_in(decided))
    return incident.id, broken


async def test_an_alert_finds_the_done_items_that_name_it(rig: Rig) -> None:
    """An alert that fires again is noted on the done action items that name it.

    Open items and those of another alert or guild are left alone. A message counts once. A drill, or an alert
    from before the item was done, does not count.
    """
    names_it = await added(rig.store, key="a", alert=ALERT)
    for key, alert, guild_id in (
        ("b", WatchedAlert("b" * 64, "x"), GUILD),
        ("c", None, GUILD),
        ("d", ALERT, GUILD + 1),
    ):
        await done(rig, await added(rig.store, key=key, alert=alert, guild_id=guild_id))
    await added(rig.store, key="e", alert=ALERT)
    await done(rig, names_it)
    await rig.advance(timedelta(hours=1))
    fired = FiredAlert(GUILD, ALERT.fingerprint, await rig.store.now())
    assert (await counted(rig, 800, fired=fired, is_drill=True))[1] == []
    number, broken = await counted(rig, 900, fired=fired)
    assert broken == [names_it.id]
    found = await Actions(rig.store.sql).item(names_it.id)
    assert (found.fired_at, found.fired_in, found.next_at) == (fired.at, number, fired.at)
    assert found.version == names_it.version + 1, "no change that people made"
    assert (await counted(rig, 900, fired=fired))[1] == []
    assert (await counted(rig, 901, fired=replace(fired, at=AGES_AGO)))[1] == []
    assert (await counted(rig, 902, fired=None))[1] == []


async def test_the_alerts_of_the_incident_are_offered_first(rig: Rig) -> None:
    """The alerts merged into an incident or linked with it are offered first, however old.

    Each alert is listed once, by its latest title. Private ones are only for items of private incidents, and
    for people who may see them: everybody reads the other items.
    """
    incident = await open_incident(rig.store)
    numbers = {}
    for key, fingerprint, title in (
        ("merged", "b" * 64, "merged"),
        ("old", "c" * 64, "old"),
        ("linked", "d" * 64, "linked"),
    ):
        numbers[key] = await tracked(rig, key=key, fingerprint=fingerprint, title=title)
    async with rig.store.transaction() as tx:
        one = await IncidentWrites(tx.sql).incident(numbers["merged"], lock=True)
        await IncidentWrites(tx.sql).save(transitions.merge(one, into=incident, by=OLIVE, at=await tx.now()))
        await IncidentWrites(tx.sql).link(incident.id, numbers["linked"], by=OLIVE)
    await rig.advance(timedelta(days=40))
    await tracked(rig, key="recent", fingerprint="e" * 64, title="recent")
    await rig.advance(timedelta(days=1))
    await tracked(rig, key="again", fingerprint="d" * 64, title="linked, again")
    await tracked(rig, key="secret", fingerprint="f" * 64, title="secret", is_private=True)
    since = await rig.store.now() - timedelta(days=30)

    async def titles(**wanted: object) -> list[str]:
        search = AlertSearch(since, **wanted)  # type: ignore[arg-type]
        return [alert.title for alert in await Actions(rig.store.sql).recent_alerts(GUILD, search, limit=9)]

    assert await titles(incident_id=incident.id) == ["linked, again", "merged", "recent"]
    assert await titles() == ["linked, again", "recent"]
    assert await titles(words="RECENT") == ["recent"]
    assert await titles(fingerprint="e" * 64) == ["recent"]
    for public in (None, incident.id):
        assert "secret" not in await titles(sees_all=True, incident_id=public)
    own = await tracked(rig, key="own", is_private=True)
    assert await titles(incident_id=own) == ["linked, again", "recent"]
    assert sorted(await titles(sees_all=True, incident_id=own)) == ["linked, again", "recent", "secret"]


async def tracked(rig: Rig, *, key: str, **changed: object) -> int:
    """A tracked alert, seen now."""
    async with rig.store.transaction() as tx:
        now = await tx.now()
        opened = replace(new_incident(now, key=key), kind=IncidentKind.ALERT, **changed)  # type: ignore[arg-type]
        incident, _ = await IncidentWrites(tx.sql).insert_incident(opened, priority="P0", ack_due_at=now)
    return incident.id


REPOSITORY = "parky/ops"
ITEM = 7


async def test_an_issue_comes_back_as_it_was_stored(rig: Rig) -> None:
    """Every field, and its item by the number."""
    assert await IssueExports(rig.store.sql).of(7) is None
    async with rig.store.transaction() as tx:
        await IssueExports(tx.sql).want(ITEM, guild_id=GUILD, repository=REPOSITORY)
        made = await IssueExports(tx.sql).of(ITEM, lock=True)
        assert made is not None
        assert (made.number, made.is_open, made.shown_version) == (None, True, 0)
        now = await tx.now()
        full = replace(
            made,
            opening_at=now,
            number=12,
            url="https://github.example/12",
            shown_version=3,
            is_open=False,
            seen_at=now,
            words="d",
            assignee="sato-dev",
            unassignable="nobody",
            next_at=None,
            trouble=ExportTrouble(since=now, problem="away"),
        )
        await IssueExports(tx.sql).save(full)
    assert await IssueExports(rig.store.sql).of(7) == full
    assert await IssueExports(rig.store.sql).items(GUILD, REPOSITORY, [11, 12]) == {12: ITEM}
    assert await IssueExports(rig.store.sql).items(GUILD, "parky/other", [12]) == {}
    assert await IssueExports(rig.store.sql).items(GUILD + 1, REPOSITORY, [12]) == {}


async def test_issues_are_read_on_from_where_they_were(rig: Rig) -> None:
    """The reading begins once for a repository; another one begins anew."""
    async with rig.store.transaction() as tx:
        now = await tx.now()
        assert await IssueExports(tx.sql).begin_poll(GUILD, repository=REPOSITORY, since=now)
        assert not await IssueExports(tx.sql).begin_poll(GUILD, repository=REPOSITORY, since=now)
    poll = await IssueExports(rig.store.sql).poll(GUILD)
    assert poll is not None
    moved = poll.read(until=now + timedelta(hours=1), etag='W/"a"', at=now)
    assert (moved.since, moved.etag) == (now + timedelta(minutes=59), None)
    kept = moved.read(until=None, etag='W/"b"', at=now)
    async with rig.store.transaction() as tx:
        await IssueExports(tx.sql).save_poll(kept)
    assert await IssueExports(rig.store.sql).poll(GUILD) == kept
    async with rig.store.transaction() as tx:
        assert await IssueExports(tx.sql).begin_poll(GUILD, repository="parky/other", since=now)
        await IssueExports(tx.sql).save_poll(kept)  # of the former repository, by a job that was under way
    fresh = await IssueExports(rig.store.sql).poll(GUILD)
    assert fresh is not None
    assert (fresh.repository, fresh.since, fresh.etag) == ("parky/other", now, None)
