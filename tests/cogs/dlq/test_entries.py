"""One entry of the DLQ: who may read it, and its replay."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from bot.domain.delivery.delivery import Posted
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.dlq import DlqEntry, DlqFilter, DlqView, failure_id
from bot.domain.errors import InvalidTransition, NotPermitted, UpstreamUnavailable, UserError
from bot.runbook import load_policy
from cogs.digest.use_cases import Digests
from cogs.dlq.rules import DlqDeliveryKind, ReplayData, short_id
from cogs.dlq.store import ReplayRecords
from tests.cogs.dlq.acts import dlq_of
from tests.services.database import Database
from tests.services.delivery.test_waiting import AWAY
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, Desk, body_of

ENTRY = "00000000-0000-4000-8000-000000000001"

BEEF = str(UUID(int=0xBEEF00))


async def put(desk: Desk, payload: dict[str, object] | None, *, channel: str = "p0-alerts") -> DlqEntry:
    """One failure of today."""
    at = desk.clock.time - timedelta(hours=1)
    entry = DlqEntry(
        ENTRY, at, channel, "P0", "満空情報が更新されない", 503, 3, "upstream", "failed", True, payload
    )
    await desk.database.put_dlq_entry(entry)
    return entry


async def test_questions_need_the_role(desk: Desk) -> None:
    """A person with the role reads the DLQ; others are refused."""
    await put(desk, {"content": "x"})
    page = await dlq_of(desk).console.recent(DlqView(), by=RESPONDER, guild_id=GUILD)
    most_severe = await dlq_of(desk).console.most_severe(by=RESPONDER, guild_id=GUILD)
    assert (page.total, len(most_severe.entries)) == (1, 1)
    assert (await dlq_of(desk).console.http_statuses(hours=1, by=RESPONDER, guild_id=GUILD)).total == 1
    with pytest.raises(NotPermitted):
        await dlq_of(desk).console.recent(DlqView(), by=OBSERVER, guild_id=GUILD)


async def test_replay_goes_out_once_without_its_mention(desk: Desk) -> None:
    """The second person learns who was first; nothing pings."""
    await put(desk, {"content": "@everyone 満車", "username": "spoof"})
    record = await dlq_of(desk).replays.replay(ENTRY, by=PRIMARY, guild_id=GUILD)
    await desk.work()
    assert record.requested_by_name == "primary"
    assert desk.sent(DlqDeliveryKind.REPLAY) == ["channel:p0-alerts"]
    (delivery,) = await desk.database.deliveries()
    assert delivery.data["body"] == {"content": "@everyone 満車", "allowed_mentions": {"parse": []}}
    assert body_of(delivery.request)["allowed_mentions"] == {"parse": []}
    with pytest.raises(InvalidTransition) as refused:
        await dlq_of(desk).replays.replay(ENTRY, by=PRIMARY, guild_id=GUILD)
    assert refused.value.fields["by"] == "primary"


async def test_a_megabyte_is_shown_and_sent_as_far_as_a_message_goes(desk: Desk) -> None:
    """A list does not read it; Discord gets no more than it takes, which it would otherwise refuse."""
    entry = await put(desk, {"content": "長" * 350_000, "embeds": [{"description": "古"}]})
    page = await dlq_of(desk).console.recent(DlqView(), by=PRIMARY, guild_id=GUILD)
    assert page.entries == (replace(entry, payload=None),)
    view = await dlq_of(desk).entries.entry(ENTRY, by=PRIMARY, guild_id=GUILD)
    assert len(view.entry.stored or "") > 350_000
    await dlq_of(desk).replays.replay(ENTRY, by=PRIMARY, guild_id=GUILD)
    await desk.work()
    (delivery,) = await desk.database.deliveries()
    body = ReplayData.from_json(delivery.data).body
    assert body["content"] == "長" * 2_000


async def test_replay_that_failed_may_be_repeated(desk: Desk) -> None:
    """A replay that Discord refuses shows its error, and the DLQ entry can be replayed again."""
    await put(desk, {"content": "x"})
    desk.discord.refused = {"channel:p0-alerts"}
    await dlq_of(desk).replays.replay(ENTRY, by=PRIMARY, guild_id=GUILD)
    await desk.work()
    view = await dlq_of(desk).entries.entry(ENTRY, by=PRIMARY, guild_id=GUILD)
    assert view.replay is not None
    assert view.replay.error is not None
    desk.discord.refused = set()
    await dlq_of(desk).replays.replay(ENTRY, by=PRIMARY, guild_id=GUILD)
    await desk.work()
    assert desk.sent(DlqDeliveryKind.REPLAY) == ["channel:p0-alerts"]


async def test_an_entry_knows_who_may_send_it_again(desk: Desk) -> None:
    """A responder reads it; the person on call replays it."""
    await put(desk, {"content": "x"})
    for by, may in ((RESPONDER, False), (PRIMARY, True)):
        assert (await dlq_of(desk).entries.entry(ENTRY, by=by, guild_id=GUILD)).may_replay is may


async def test_replay_of_a_page_goes_to_the_person(desk: Desk) -> None:
    """Our own failed DMs are kept with their on-call place."""
    await put(desk, {"content": "x"}, channel="person:primary")
    await dlq_of(desk).replays.replay(ENTRY, by=PRIMARY, guild_id=GUILD)
    await desk.work()
    assert desk.sent(DlqDeliveryKind.REPLAY) == ["person:primary"]


async def test_a_replay_that_fails_is_no_failure_of_its_own(desk: Desk) -> None:
    """Refused or held back, it has no row in the DLQ and no email: the entry that it is about says why."""
    desk.discord.refused = {"channel:p0-alerts"}
    await desk.open()
    await desk.work()
    alert = next(one for one in await desk.database.deliveries() if one.kind is DeliveryKind.ALERT)
    before = await desk.database.dlq_entries()
    await dlq_of(desk).replays.replay(str(failure_id(alert.nonce)), by=PRIMARY, guild_id=GUILD)
    await desk.work()
    assert await desk.database.dlq_entries() == before
    record = await ReplayRecords(desk.store.sql).of(str(failure_id(alert.nonce)))
    assert record is not None
    assert record.may_be_repeated
    desk.discord.refused, desk.discord.failures = set(), [AWAY]
    before = await desk.database.dlq_entries()
    await dlq_of(desk).replays.replay(str(failure_id(alert.nonce)), by=PRIMARY, guild_id=GUILD)
    await desk.work()
    (held,) = (
        one for one in await desk.database.deliveries() if one.kind is DlqDeliveryKind.REPLAY and one.held_at
    )
    assert held.incident_id == alert.incident_id
    assert await desk.database.dlq_entries() == before


@pytest.mark.parametrize("payload", [None, {}, {"components": []}, {"content": ""}])
async def test_nothing_to_replay(desk: Desk, payload: dict[str, object] | None) -> None:
    """An entry that holds no message is shown, not sent."""
    await put(desk, payload)
    with pytest.raises(UserError):
        await dlq_of(desk).replays.preview(ENTRY, by=PRIMARY, guild_id=GUILD)


async def test_a_list_knows_what_has_arrived_since(desk: Desk) -> None:
    """What was replayed, and what came late once Discord was back; no other delivery of the moment."""
    desk.discord.failures = [UpstreamUnavailable("rate limited", http_status=429, retry_after_s=60.0)] * 99
    await desk.open()
    await desk.pass_time(seconds=5)
    desk.discord.failures.clear()
    late = {row.id for row in await desk.database.dlq_entries()}
    await put(desk, {"content": "満車"})
    page = await dlq_of(desk).console.recent(DlqView(), by=RESPONDER, guild_id=GUILD)
    assert page.arrived == frozenset()
    await dlq_of(desk).replays.replay(ENTRY, by=PRIMARY, guild_id=GUILD)
    await desk.pass_time(minutes=2)
    page = await dlq_of(desk).console.recent(DlqView(), by=RESPONDER, guild_id=GUILD)
    assert page.arrived == {*late, ENTRY}
    severest = await dlq_of(desk).console.most_severe(by=RESPONDER, guild_id=GUILD)
    assert severest.arrived == {*late, ENTRY}


async def test_what_was_posted_since_is_not_sent_again(desk: Desk) -> None:
    """An entry whose message was delivered since links to it, and its replay is refused."""
    await desk.open()
    await desk.work()
    alert = next(one for one in await desk.database.deliveries() if one.kind is DeliveryKind.ALERT)
    entry = await put(desk, {"content": "🔴 SEV1"})
    failed = replace(entry, id=str(failure_id(alert.nonce)), attempted_at=alert.created_at)
    await desk.database.put_dlq_entry(failed)
    view = await dlq_of(desk).entries.entry(failed.id, by=PRIMARY, guild_id=GUILD)
    assert view.delivered == Posted(alert.channel_id or 0, alert.message_id or 0)
    with pytest.raises(UserError, match="dlq_delivered_since"):
        await dlq_of(desk).replays.replay(failed.id, by=PRIMARY, guild_id=GUILD)
    assert (await dlq_of(desk).entries.entry(ENTRY, by=PRIMARY, guild_id=GUILD)).delivered is None


@pytest.mark.parametrize("text", ["", "42", "'; DROP TABLE incidents; --", str(UUID(int=5))])
async def test_unknown_entry(desk: Desk, text: str) -> None:
    """A text that is not the id of a DLQ entry is refused with an error for the user."""
    with pytest.raises(UserError):
        await dlq_of(desk).entries.entry(text, by=PRIMARY, guild_id=GUILD)


async def test_the_last_digits_of_an_id_name_an_entry(desk: Desk) -> None:
    """The last digits of an id find a recent DLQ entry, unless two entries share the digits.

    An entry that is 31 days old is found only by its whole id.
    """
    entry = await put(desk, {"content": "x"})
    twin = replace(entry, id="00000000-0000-4000-8000-aaaaaa0000f1")
    await desk.database.put_dlq_entry(twin)
    old = replace(entry, id=BEEF, attempted_at=desk.clock.time - timedelta(days=31))
    await desk.database.put_dlq_entry(old)
    read = partial(dlq_of(desk).entries.entry, by=PRIMARY, guild_id=GUILD)
    assert (await read(" `0000F1` ")).entry.id == twin.id
    assert (await read(short_id(ENTRY))).entry.id == ENTRY
    await desk.database.put_dlq_entry(replace(entry, id=str(UUID(int=0x0000F1))))
    with pytest.raises(UserError, match="dlq_id_ambiguous"):
        await read("0000f1")
    with pytest.raises(UserError, match="dlq_entry_not_found"):
        await read(short_id(old.id))
    assert (await read(old.id)).entry.id == old.id


async def test_entries_are_offered_to_whoever_may_look(desk: Desk) -> None:
    """DLQ entries are offered, by short id or title, only to a person who may look at the DLQ.

    Another person is offered nothing, and the audit log has no refusal, since nothing was asked for yet.
    """
    entry = await put(desk, {"content": "x"})
    await desk.database.put_dlq_entry(replace(entry, id=BEEF, title="検索が遅い"))
    offered = partial(dlq_of(desk).console.offered, by=RESPONDER, guild_id=GUILD, limit=25)
    assert {each.id for each in await offered("")} == {ENTRY, BEEF}
    assert [each.id for each in await offered("BEEF")] == [BEEF]
    assert [each.id for each in await offered("満空")] == [ENTRY]
    assert len(await offered("", limit=1)) == 1
    before = await desk.database.audit_rows()
    assert await offered("", by=OBSERVER) == []
    assert await desk.database.audit_rows() == before


async def test_a_guild_without_a_say_does_not_see_the_dlq(database: Database) -> None:
    """With `sees_dlq` off, each read of the DLQ is refused whatever the person's role, and recorded."""
    desk = Desk(database, replace(load_policy(None), sees_dlq=False))
    await put(desk, {"content": "x"})
    for ask in (
        dlq_of(desk).console.recent(DlqView(), by=PRIMARY, guild_id=GUILD),
        dlq_of(desk).console.most_severe(by=PRIMARY, guild_id=GUILD),
        dlq_of(desk).console.http_statuses(hours=1, by=PRIMARY, guild_id=GUILD),
        anext(aiter(dlq_of(desk).console.export(DlqFilter(), by=PRIMARY, guild_id=GUILD))),
        dlq_of(desk).entries.entry(ENTRY, by=PRIMARY, guild_id=GUILD),
        dlq_of(desk).replays.preview(ENTRY, by=PRIMARY, guild_id=GUILD),
        dlq_of(desk).replays.replay(ENTRY, by=PRIMARY, guild_id=GUILD),
    ):
        with pytest.raises(UserError, match="dlq_not_here"):
            await ask
    assert [row.allowed for row in await desk.database.audit_rows()] == [False] * 7
    assert (await desk.services.of(Digests).figures(await desk.services.of(Digests).last_week())).dlq is None


async def test_what_others_may_read_has_no_words_of_a_guild_that_does_not_see_it(database: Database) -> None:
    """With `sees_dlq` off, a failure's DLQ row has the incident's number as title, and no payload."""
    desk = Desk(database, replace(load_policy(None), sees_dlq=False))
    desk.discord.refused = {"channel:p0-alerts"}
    incident = await desk.open()
    await desk.work()
    rows = [row for row in await desk.database.dlq_entries() if row.severity == "P0"]
    assert {row.title for row in rows} == {incident.label}
    assert all(not row.payload for row in rows)
