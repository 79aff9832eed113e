"""The DLQ's console: filters, what buttons carry, files, and what private incidents leave in them."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.dlq import DlqEntry, DlqFilter, DlqView, failure_id
from bot.domain.errors import UserError
from cogs.dlq.policy import DlqRules
from tests.cogs.dlq.acts import dlq_of
from tests.services.desk import GUILD, PRIMARY, RESPONDER, Desk

OTHER_GUILD = GUILD + 1
MINUTE = timedelta(minutes=1)


async def put(desk: Desk, number: int, **changes: object) -> DlqEntry:
    """A failure of so many minutes ago."""
    at = desk.clock.time - number * MINUTE
    key = str(UUID(int=number))
    entry = DlqEntry(
        key, at, "p0-alerts", "P0", f"失敗 {number}", 503, 3, "upstream", "failed", True, {"a": 1}
    )
    changed = replace(entry, **changes)  # type: ignore[arg-type]
    await desk.database.put_dlq_entry(changed)
    return changed


async def exported(desk: Desk, asked: DlqFilter) -> list[DlqEntry]:
    """What a file has."""
    export = dlq_of(desk).console.export(asked, by=RESPONDER, guild_id=GUILD)
    return [entry async for some in export for entry in some]


async def test_a_filter_is_read_as_it_is_typed(desk: Desk) -> None:
    """A period and a status narrow what else is asked for; what cannot be read is refused."""
    await put(desk, 1)
    await put(desk, 90, http_status=404)
    ask = partial(dlq_of(desk).console.filter, DlqFilter(severity="P0"), by=RESPONDER, guild_id=GUILD)
    assert [each.title for each in (await ask(period="1h")).entries] == ["失敗 1"]
    assert [each.title for each in (await ask(status="404 failed")).entries] == ["失敗 90"]
    assert (await ask()).total == 2
    for wrong in (partial(ask, period="さっき"), partial(ask, status="503 404")):
        with pytest.raises(UserError):
            await wrong()


async def test_a_button_carries_its_view_or_leads_to_it(desk: Desk) -> None:
    """A long one is kept: for a month from its last use, in its own guild, once however often it is shown."""
    short, long = DlqView(DlqFilter(hours=3)), DlqView(DlqFilter(text="長" * 90))
    handles = partial(dlq_of(desk).console.handles, [short, long], guild_id=GUILD, longest=80)
    first, second = await handles()
    assert (first, second[0], len(second)) == ("h3", "~", 25)
    assert await handles() == (first, second)
    for days in (20, 20):
        await desk.database.advance(timedelta(days=days))
        assert await dlq_of(desk).console.view(second, guild_id=GUILD) == long
    assert await dlq_of(desk).console.view(first, guild_id=GUILD) == short
    for handle, guild_id in ((second, OTHER_GUILD), ("~", GUILD), ("x?", GUILD), ("", GUILD)):
        with pytest.raises(UserError, match="control_outdated"):
            await dlq_of(desk).console.view(handle, guild_id=guild_id)
    await desk.database.advance(timedelta(days=31))
    with pytest.raises(UserError, match="control_outdated"):
        await dlq_of(desk).console.view(second, guild_id=GUILD)
    await dlq_of(desk).console.handles([DlqView(DlqFilter(text="短" * 90))], guild_id=GUILD, longest=80)
    assert len(await desk.database.fetch("SELECT FROM dlq_views")) == 1, "what has expired is deleted"


async def test_a_file_has_all_that_a_filter_matches_newest_first(desk: Desk) -> None:
    """An exported file has every DLQ entry that the filter matches, once, and the export is audited.

    The newest of more than 250 entries comes first. Entries carry their payloads, except for one that is too
    long.
    """
    for number in range(1, 251):
        await put(desk, number)
    await put(desk, 300, payload={"content": "x" * 200_000})
    await put(desk, 301, severity="P1")
    found = await exported(desk, DlqFilter(severity="P0"))
    assert [each.title for each in found] == [f"失敗 {number}" for number in (*range(1, 251), 300)]
    assert (found[0].payload, found[-1].payload) == ({"a": 1}, None)
    [row] = await desk.database.audit_rows()
    assert (row.action, row.data) == ("dlq", {"act": "export", "view": "h24;sP0"})


async def test_a_file_ends_where_the_policy_says(desk: Desk) -> None:
    """An exported file has at most as many DLQ entries as the policy allows."""
    desk.policy = desk.policy.with_rules(replace(desk.policy.of(DlqRules), export_at_most=150))
    desk.use(desk.discord)
    for number in range(1, 160):
        await put(desk, number)
    assert len(await exported(desk, DlqFilter())) == 150


async def test_entries_of_private_incidents_have_no_words_anywhere(desk: Desk) -> None:
    """A DLQ entry of a private incident shows the incident's number as its title, and no payload.

    The rule holds in lists, among the choices and in files, even before the rows are emptied.
    """
    incident = await desk.open()
    await desk.work()
    alert = next(one for one in await desk.database.deliveries() if one.kind is DeliveryKind.ALERT)
    await put(desk, 5, title="検索が遅い")
    await desk.services.privacy.make_private(incident.id, by=PRIMARY)
    key = str(failure_id(alert.nonce))
    await put(desk, 1, id=key, title="秘密の件", attempted_at=alert.created_at)
    told = {incident.label, "検索が遅い"}
    page = await dlq_of(desk).console.recent(DlqView(), by=RESPONDER, guild_id=GUILD)
    assert {entry.title for entry in page.entries} == told
    offered = await dlq_of(desk).console.offered("", by=RESPONDER, guild_id=GUILD, limit=9)
    assert {entry.title for entry in offered} == told
    found = await exported(desk, DlqFilter())
    assert {entry.title: entry.payload for entry in found} == {incident.label: {}, "検索が遅い": {"a": 1}}
    severe = await dlq_of(desk).console.most_severe(by=RESPONDER, guild_id=GUILD)
    assert {entry.title for entry in severe.entries} == told
