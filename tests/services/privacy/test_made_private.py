"""Show incidents that are made private later: public posts are emptied, and no one is pinged again."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.delivery import DeliveryStatus, NewDelivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.dlq import DlqTable, NewFailure, failure_id
from bot.domain.errors import (
    DeliveryRefused,
    IncidentNotFound,
    InvalidTransition,
    NotPermitted,
    UpstreamUnavailable,
    UserError,
)
from bot.domain.incident.incident import Incident, IncidentKind
from bot.domain.incident.transitions import AckVia
from bot.domain.jobs import JobName
from bot.domain.people import Person
from bot.domain.privacy import LeftBehind
from bot.storage.dlq.store import PostgresDlqStore
from bot.storage.tables.deliveries import DeliveryRows, DeliveryWrites
from bot.storage.tables.incidents import IncidentRows, MemberRows
from tests.services.delivery.test_waiting import AWAY
from tests.services.desk import GUILD, PRIMARY, RESPONDER, SECONDARY, Desk
from tests.services.escalation.test_storms import open_many, work_once
from tests.services.incidents.test_lifecycle import Interrupted
from tests.services.privacy.test_privacy import NAMED, secret


async def test_a_public_one_is_made_private(desk: Desk) -> None:
    """An incident made private is posted again in a private thread without a ping; old posts are emptied."""
    incident = await desk.open()
    await desk.work()
    await desk.acknowledger.acknowledge(incident.id, by=SECONDARY, via=AckVia.BUTTON)
    await desk.timelines.note(incident.id, by=RESPONDER, text="顧客名 A", key="n")
    await desk.work()
    before = await IncidentRows(desk.store.sql).incident(incident.id)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    after = await IncidentRows(desk.store.sql).incident(incident.id)
    assert after.is_private
    assert after.thread.id not in (None, before.thread.id)
    assert after.post.channel_id == after.thread.id
    assert sorted(desk.discord.redacted) == sorted(
        [
            DeliveryKind.ALERT,
            DeliveryKind.THREAD,
            DeliveryKind.THREAD_START,
            DeliveryKind.THREAD_CARD,
            DeliveryKind.THREAD_SHEET,
            DeliveryKind.NOTICE,
        ]
    )
    again = next(
        d for d in await desk.database.deliveries() if d.kind is DeliveryKind.ALERT and d.key.endswith(":2")
    )
    assert again.data["quiet"]
    told = await desk.looking.places_of_posts(incident.id, by=PRIMARY)
    assert (told.is_in_thread, told.people[0], told.readable) == (True, "@primary", ())
    assert before.post.channel_id in told.emptied
    assert (await desk.looking.view(incident.id, by=PRIMARY)).post_places == told
    for person in (RESPONDER, SECONDARY, PRIMARY):
        assert [one.id for one in await desk.looking.open_ones(GUILD, by=person)] == [incident.id]
    assert await desk.looking.open_ones(GUILD, by=NAMED) == []
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.work()
    assert len(desk.discord.redacted) == 6


async def test_everybody_who_is_on_it_is_let_in(desk: Desk) -> None:
    """All who opened, reopened or acknowledged the incident become members of the private one."""
    late = Person(id=5, name="late", roles=frozenset({"responder"}))
    incident = await desk.open(by=NAMED)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.lifecycle.reopen(incident.id, by=RESPONDER)
    await desk.acknowledger.acknowledge(incident.id, by=late, via=AckVia.BUTTON)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    for person in (NAMED, RESPONDER, late):
        assert await MemberRows(desk.store.sql).is_member(incident.id, person.id)
        assert desk.sent(DeliveryKind.MEMBER).count(f"user:{person.id}") == 1


async def test_what_was_about_to_be_said_in_public_is_not(desk: Desk) -> None:
    """A public post that was queued is cancelled when the incident becomes private."""
    incident = await desk.open()
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    assert {to for _, to in desk.discord.sent if to.startswith("channel:")} == {"channel:p0-alerts"}
    assert desk.sent(DeliveryKind.ALERT) == ["incident"]
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary"]


async def test_a_post_on_its_way_is_emptied_when_it_arrives(desk: Desk) -> None:
    """An alert whose sending had begun before its incident became private is emptied.

    Discord has the alert already, though the bot learns only later where.
    """
    incident = await desk.open()
    alert = next(d for d in await desk.database.deliveries() if d.kind is DeliveryKind.ALERT)
    desk.discord.swallow = True
    await desk.deliveries.deliver(alert.id)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.pass_time(minutes=1)
    assert DeliveryKind.ALERT in desk.discord.redacted


async def test_what_discord_does_not_empty_now_is_tried_again(desk: Desk) -> None:
    """A post that Discord does not let the bot empty now is emptied later, once.

    Discord puts off too many edits of an old message, for instance.
    """
    incident = await desk.open()
    await desk.work()
    desk.discord.postponed = {DeliveryKind.THREAD_CARD}
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    assert DeliveryKind.THREAD_CARD not in desk.discord.redacted
    desk.discord.postponed = set()
    await desk.pass_time(seconds=30)
    assert desk.discord.redacted.count(DeliveryKind.THREAD_CARD) == 1


async def test_the_end_of_the_clearing_is_told_once_it_is_over(desk: Desk) -> None:
    """That all public posts are emptied is told once, and not while a post is still to be emptied."""

    async def cleared() -> int:
        return sum(d.data.get("notice") == "posts_cleared" for d in await desk.database.deliveries())

    incident = await desk.open()
    await desk.work()
    desk.discord.postponed = {DeliveryKind.THREAD_CARD}
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    assert await cleared() == 0
    desk.discord.postponed = set()
    await desk.pass_time(seconds=30)
    assert await cleared() == 1
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.work()
    assert await cleared() == 1


async def test_a_name_that_waits_is_told_once(desk: Desk) -> None:
    """An old thread that waits for minutes to be renamed is reported once, with the thread's address.

    A wait of two seconds is not reported.
    """
    incident = await desk.open()
    await desk.work()
    thread = (await IncidentRows(desk.store.sql).incident(incident.id)).thread.id
    desk.discord.postponed = {DeliveryKind.THREAD}
    desk.discord.capacity_in = timedelta(seconds=2)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    assert not [d for d in await desk.database.deliveries() if d.data.get("notice") == "name_waits"]
    desk.discord.capacity_in = timedelta(minutes=5)
    for _ in range(2):
        await desk.pass_time(minutes=5, seconds=1)
    (told,) = (d for d in await desk.database.deliveries() if d.data.get("notice") == "name_waits")
    assert told.data["thread"] == thread
    desk.discord.postponed, desk.discord.capacity_in = set(), None
    await desk.pass_time(minutes=5)
    assert desk.discord.redacted.count(DeliveryKind.THREAD) == 1


async def test_what_a_limit_keeps_for_long_is_told(desk: Desk) -> None:
    """One line names the old posts: the bot goes on, and a person can delete them meanwhile."""
    incident = await desk.open()
    await desk.work()
    desk.discord.postponed, desk.discord.capacity_in = {DeliveryKind.ALERT}, timedelta(minutes=15)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    await desk.pass_time(minutes=16)
    (told,) = (d for d in await desk.database.deliveries() if d.data.get("notice") == "posts_wait")
    old = await DeliveryRows(desk.store.sql).delivery_by_key(f"inc:{incident.id}:alert")
    assert old is not None
    assert told.data["posts"] == [f"{old.channel_id}/{old.message_id}"]
    assert not [d for d in await desk.database.deliveries() if d.data.get("notice") == "not_redacted"]


async def test_what_discord_refuses_to_empty_is_told(desk: Desk) -> None:
    """A post that Discord refuses to edit is named in the private thread, for a person to delete."""
    incident = await desk.open()
    await desk.work()
    alert = next(
        post
        for post in await DeliveryRows(desk.store.sql).posts(incident.id)
        if post.kind is DeliveryKind.ALERT
    )
    desk.discord.uneditable = {DeliveryKind.ALERT}
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    (told,) = (d for d in await desk.database.deliveries() if d.data.get("notice") == "not_redacted")
    assert told.data["message"] == alert.message_id
    assert told.channel_id == (await IncidentRows(desk.store.sql).incident(incident.id)).thread.id


async def test_what_the_old_thread_still_tells_is_told_once(desk: Desk) -> None:
    """What the old thread still shows, its former names and people's messages, is reported once."""
    incident = await desk.open()
    await desk.work()
    thread = (await IncidentRows(desk.store.sql).incident(incident.id)).thread.id or 0
    desk.discord.left_in_threads = {thread: LeftBehind(thread, ("INC-1 🟠 決済",), 2)}
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.work()
    (told,) = (d for d in await desk.database.deliveries() if d.data.get("notice") == "thread_left")
    assert (told.data["thread"], told.data["names"], told.data["written"]) == (thread, ["INC-1 🟠 決済"], 2)


async def test_an_old_thread_that_discord_does_not_let_go_is_told(desk: Desk) -> None:
    """An old thread that Discord refuses to edit is reported as not closed, not as waiting for its name."""
    incident = await desk.open()
    await desk.work()
    desk.discord.uneditable = {DeliveryKind.THREAD}
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    told = [d.data["notice"] for d in await desk.database.deliveries() if d.data.get("thread")]
    assert told == ["thread_not_closed"]


async def test_the_old_thread_is_deleted_by_who_may(desk: Desk) -> None:
    """Only a person with permission can delete the old public thread of an incident made private.

    The deletion is in the audit and told in the private thread; a second one changes nothing. The thread
    that the incident uses cannot be deleted so, and a refusal by Discord is an error.
    """
    incident = await desk.open()
    await desk.work()
    thread = (await IncidentRows(desk.store.sql).incident(incident.id)).thread.id or 0
    with pytest.raises(UserError, match="private_no_such_thread"):  # it is public: its thread is in use
        await desk.privacy.delete_thread(incident.id, thread, by=PRIMARY)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    assert await desk.privacy.left_thread(incident.id, thread, by=PRIMARY) == LeftBehind(thread)
    for by, refusal in ((NAMED, IncidentNotFound), (RESPONDER, NotPermitted)):
        with pytest.raises(refusal):
            await desk.privacy.delete_thread(incident.id, thread, by=by)
    own = (await IncidentRows(desk.store.sql).incident(incident.id)).thread.id or 0
    with pytest.raises(UserError, match="private_no_such_thread"):
        await desk.privacy.delete_thread(incident.id, own, by=PRIMARY)
    desk.discord.unreadable = DeliveryRefused("Missing Permissions", http_status=403, code=50013)
    with pytest.raises(UserError, match="private_thread_refused"):
        await desk.privacy.delete_thread(incident.id, thread, by=PRIMARY)
    desk.discord.unreadable = None
    for _ in range(2):
        await desk.privacy.delete_thread(incident.id, thread, by=PRIMARY)
        assert await desk.privacy.left_thread(incident.id, thread, by=PRIMARY) is None
    await desk.work()
    assert desk.discord.deleted_threads == {thread}
    assert [
        d.data["by"] for d in await desk.database.deliveries() if d.data.get("notice") == "thread_deleted"
    ] == ["primary"]
    audited = [
        row for row in await desk.database.audit_rows() if row.action == "delete_thread" and row.allowed
    ]
    assert audited[0].data == {"incident_id": incident.id, "thread": thread}


async def test_the_line_that_offered_to_delete_it_is_written_anew(desk: Desk) -> None:
    """After the old thread is deleted, the line that offered its deletion is edited to name the deleter."""
    incident = await desk.open()
    await desk.work()
    thread = (await IncidentRows(desk.store.sql).incident(incident.id)).thread.id or 0
    desk.discord.left_in_threads = {thread: LeftBehind(thread, (), 2)}
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    await desk.privacy.delete_thread(incident.id, thread, by=PRIMARY)
    desk.discord.refreshed.clear()
    await desk.work()
    (told,) = (d for d in await desk.database.deliveries() if d.data.get("notice") == "thread_left")
    assert told.data["deleted_by"] == "primary"
    version = (await IncidentRows(desk.store.sql).incident(incident.id)).version
    assert desk.discord.refreshed == [(version, [DeliveryKind.NOTICE])]


async def test_what_was_begun_in_public_is_not_sent_after_all(desk: Desk) -> None:
    """A public alert that never reached Discord is cancelled when its incident becomes private.

    The alert is sent anew for the private incident, and the page is sent once.
    """
    incident = await desk.open()
    desk.discord.failures = [UpstreamUnavailable("HTTP 503", http_status=503)] * 2
    await desk.work()
    begun = [d for d in await desk.database.deliveries() if d.status is DeliveryStatus.SENDING]
    assert DeliveryKind.ALERT in [d.kind for d in begun]
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.pass_time(minutes=1)
    old = await DeliveryRows(desk.store.sql).delivery_by_key(f"inc:{incident.id}:alert")
    assert old is not None
    assert old.status is DeliveryStatus.CANCELLED
    assert desk.sent(DeliveryKind.ALERT) == ["incident"]
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary"]


async def test_making_private_twice_or_an_alert_is_refused(desk: Desk) -> None:
    """The second says so; a monitor's message is everybody's."""
    incident = await desk.open()
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    with pytest.raises(InvalidTransition, match="private_already"):
        await desk.privacy.make_private(incident.id, by=PRIMARY)
    tracked = replace(
        secret(desk), is_private=False, kind=IncidentKind.ALERT, key="alert", reported_by=PRIMARY
    )
    alert = await desk.incidents.open(tracked)
    with pytest.raises(InvalidTransition, match="private_alert"):
        await desk.privacy.begin(alert.id, by=PRIMARY)
    with pytest.raises(InvalidTransition, match="private_alert"):
        await desk.privacy.make_private(alert.id, by=PRIMARY)


async def test_only_the_role_makes_one_private(desk: Desk) -> None:
    """A responder without the role cannot make an incident private."""
    incident = await desk.open()
    with pytest.raises(NotPermitted):
        await desk.privacy.make_private(incident.id, by=RESPONDER)


async def test_rows_of_the_dlq_from_before_lose_their_title(desk: Desk) -> None:
    """A failure that was written down while it was public says no more either."""
    desk.discord.failures = [UpstreamUnavailable("HTTP 503", http_status=503)] * 80
    incident = await desk.open()
    await desk.pass_time(minutes=6)
    assert {row.title for row in await desk.database.dlq_entries()} == {incident.title}
    desk.discord.failures = []
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    assert {(row.title, bool(row.payload)) for row in await desk.database.dlq_entries()} == {
        (incident.label, False)
    }


@pytest.mark.parametrize("is_back", [False, True])
async def test_rows_of_what_an_outage_held_back_lose_their_title(desk: Desk, *, is_back: bool) -> None:
    """DLQ rows of posts held back by an outage lose title and payload when the incident becomes private.

    That holds while the posts still wait, and after they have been posted.
    """
    desk.discord.failures = [AWAY] * 5_000
    incident = await desk.open("SEV1")
    await desk.pass_time(minutes=1)
    assert {row.title for row in await desk.database.dlq_entries()} == {incident.title}
    if is_back:
        desk.discord.failures = []
        await desk.pass_time(minutes=2)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    await _require_no_words(desk, incident)


async def test_rows_of_what_rang_nobody_lose_their_title(desk: Desk) -> None:
    """The DLQ row of an alert that could not ping loses its title when the incident is made private."""
    desk.discord.rings = False
    incident = await desk.open("SEV1")
    await desk.work()
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    await _require_no_words(desk, incident)


async def test_what_has_no_row_gets_none(desk: Desk) -> None:
    """A SEV2 that waits for Discord to be back is no failure, private or not."""
    desk.discord.failures = [AWAY] * 5_000
    incident = await desk.open("SEV2")
    await desk.pass_time(minutes=1)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    assert await desk.database.dlq_entries() == []


async def test_a_row_that_is_written_while_it_is_made_private_keeps_no_title(desk: Desk) -> None:
    """A DLQ row keeps no title if it is written after the job that empties rows has run."""
    desk.discord.failures = [AWAY] * 5_000
    incident = await desk.open("SEV1")

    class Slow(PostgresDlqStore):
        async def record(self, failure: NewFailure) -> None:
            if not (await IncidentRows(desk.store.sql).incident(incident.id)).is_private:
                await desk.privacy.make_private(incident.id, by=PRIMARY)
                (job,) = (
                    one for one in await desk.database.take_due_jobs() if one.name is JobName.REDACT_FAILURES
                )
                await desk.run(job)
            await super().record(failure)

    desk.dlq_store = Slow(desk.database.connections(), DlqTable())
    desk.use(desk.discord)
    await desk.work()
    await _require_no_words(desk, incident)


async def give_up_bundles(desk: Desk) -> list[Incident]:
    """Seven P0 whose three bundles Discord has refused."""
    incidents = await open_many(desk)
    await desk.database.advance(timedelta(minutes=15))
    await work_once(desk)
    desk.discord.failures += [DeliveryRefused("Missing Permissions", http_status=403, code=50013)] * 3
    await desk.pass_time(minutes=1)
    return incidents


async def test_rows_of_a_bundle_tell_of_one_incident_each(desk: Desk) -> None:
    """The bundle lists them all, and one of them may become private later."""
    secret_one, *others = await give_up_bundles(desk)
    await desk.privacy.make_private(secret_one.id, by=PRIMARY)
    await desk.work()
    payloads = {row.id: row.payload for row in await desk.database.dlq_entries()}
    owed = {
        str(failure_id(one.nonce)): one
        for one in await desk.database.deliveries()
        if one.bundle_id is not None
    }
    assert len(owed) == 3 * len([secret_one, *others])
    for entry_id, one in owed.items():
        words: dict[str, object] = {} if one.incident_id == secret_one.id else {"content": one.key}
        assert payloads[entry_id] == words


async def test_rows_that_an_older_version_has_written_of_a_bundle_lose_what_they_share(desk: Desk) -> None:
    """DLQ rows in which an older version kept a bundle's whole body lose that body.

    They lose it when one of the incidents becomes private; the other incidents' rows keep their titles.
    """
    secret_one, *others = await give_up_bundles(desk)
    shared: dict[str, object] = {"content": "INC-1 INC-2 INC-3"}
    await desk.database.fetch(
        "UPDATE deliveries SET request = jsonb_set(request, '{body}', $1)"
        " WHERE bundle_id IS NOT NULL AND request IS NOT NULL",
        shared,
    )
    for row in await desk.database.dlq_entries():
        await desk.database.put_dlq_entry(replace(row, payload=shared))
    await desk.privacy.make_private(secret_one.id, by=PRIMARY)
    await desk.work()
    rows = {(row.title, bool(row.payload)) for row in await desk.database.dlq_entries()}
    assert rows == {(secret_one.label, False), (others[0].title, False)}


async def test_a_row_of_what_lists_several_loses_its_list(desk: Desk) -> None:
    """A morning's list that was refused names it as well."""
    incident = await desk.open("SEV3")
    await desk.work()
    desk.discord.refused = {"channel:p2-deploys"}
    new = NewDelivery(DeliveryKind.ALERTS_SKIPPED, "channel:p2-deploys", "list", GUILD)
    async with desk.store.transaction() as tx:
        await DeliveryWrites(tx.sql).insert_deliveries([new])
    await desk.work()
    (row,) = await desk.database.dlq_entries()
    listed: dict[str, object] = {"content": f"1. {incident.title}"}
    await desk.database.put_dlq_entry(replace(row, payload=listed))
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    assert await desk.database.dlq_entries() == [replace(row, payload={})]


async def _require_no_words(desk: Desk, incident: Incident) -> None:
    """Each row has the number and nothing to send again, and there are some."""
    rows = {(row.title, bool(row.payload)) for row in await desk.database.dlq_entries()}
    assert rows == {(incident.label, False)}


@pytest.mark.parametrize("act", ["resolve", "link"])
async def test_what_is_made_private_while_somebody_acts_is_not_found(desk: Desk, act: str) -> None:
    """An act on an incident that becomes private meanwhile is refused as if the incident did not exist.

    The refusal is in the audit, and the act changes nothing.
    """
    incident, other = await desk.open(), await desk.open(key="other")
    desk.own_store = Interrupted(desk.store, lambda: desk.privacy.make_private(incident.id, by=PRIMARY))
    desk.use(desk.discord)
    changes: dict[str, Callable[[], Awaitable[object]]] = {
        "resolve": lambda: desk.lifecycle.resolve(incident.id, by=NAMED),
        "link": lambda: desk.lifecycle.link(other.id, with_=incident.id, by=NAMED),
    }
    with pytest.raises(IncidentNotFound):
        await changes[act]()
    (refused,) = [row for row in await desk.database.audit_rows() if not row.allowed]
    assert refused.data == {"act": act, "incident_id": incident.id, "private": True}
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert (now.is_open, now.is_private, now.linked) == (True, True, ())


async def test_whoever_may_see_it_goes_on_while_it_is_made_private(desk: Desk) -> None:
    """A member's action succeeds if the incident becomes private in the middle of it."""
    incident = await desk.open(by=NAMED)
    desk.own_store = Interrupted(desk.store, lambda: desk.privacy.make_private(incident.id, by=PRIMARY))
    desk.use(desk.discord)
    ended = await desk.lifecycle.resolve(incident.id, by=NAMED)
    assert (ended.is_private, ended.is_open) == (True, False)


async def naming(desk: Desk, *incidents: Incident, to: str = "channel:p2-deploys") -> int:
    """Post a list that names *incidents* and belongs to none; return its delivery."""
    key = f"list:{to}:{len(incidents)}"
    async with desk.store.transaction() as tx:
        await DeliveryWrites(tx.sql).insert_deliveries(
            [NewDelivery(DeliveryKind.ALERTS_SKIPPED, to, key, GUILD)]
        )
    await desk.work()
    listed = {"content": "\n".join(f"{one.label} {one.title}" for one in incidents)}
    await desk.database.fetch(
        "UPDATE deliveries SET request = jsonb_set(request, '{body}', $1) WHERE key = $2", listed, key
    )
    found = await DeliveryRows(desk.store.sql).delivery_by_key(key)
    assert found is not None
    return found.id


async def notices(desk: Desk, name: str) -> list[object]:
    """Return the data of the notices called *name*."""
    return [d.data for d in await desk.database.deliveries() if d.data.get("notice") == name]


async def test_posts_that_list_it_among_others_lose_it_too(desk: Desk) -> None:
    """An incident made private leaves a list that was posted for all, before the thread says it is done.

    A list that names only others is not touched, and a DM is its reader's.
    """
    first, second = await desk.open(), await desk.open(key="other")
    both = await naming(desk, first, second)
    await naming(desk, second)
    await naming(desk, first, second, second, to=f"user:{PRIMARY.id}")
    await desk.privacy.make_private(first.id, by=PRIMARY)
    await desk.work()
    assert set(desk.discord.unnamed) == {both}
    await desk.pass_time(seconds=30)
    assert len(await notices(desk, "posts_cleared")) == 1


async def test_a_list_that_discord_refuses_to_edit_is_named(desk: Desk) -> None:
    """A list that keeps its line about a private incident is named in the private thread."""
    incident = await desk.open()
    post = await DeliveryRows(desk.store.sql).delivery(await naming(desk, incident))
    desk.discord.uneditable = {DeliveryKind.ALERTS_SKIPPED}
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    (told,) = await notices(desk, "not_redacted")
    assert told == {"notice": "not_redacted", "channel": post.channel_id, "message": post.message_id}
    assert len(await notices(desk, "posts_cleared")) == 1


async def test_a_list_on_its_way_is_waited_for(desk: Desk) -> None:
    """A list that names the incident and whose sending has begun is looked at once it has arrived."""
    incident = await desk.open()
    listed = await naming(desk, incident)
    await desk.database.fetch(
        "UPDATE deliveries SET status = 'sending', finished_at = NULL, message_id = NULL WHERE id = $1",
        listed,
    )
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    assert not await notices(desk, "posts_cleared")
    await desk.database.fetch(
        "UPDATE deliveries SET status = 'sent', finished_at = now(), message_id = 77 WHERE id = $1",
        listed,
    )
    for _ in range(2):
        await desk.pass_time(seconds=30)
    assert set(desk.discord.unnamed) == {listed}
    assert len(await notices(desk, "posts_cleared")) == 1
