"""New failures of the highest severity are announced once, close ones together, and nothing else is."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from bot.domain.dlq import DLQ_MARK, DlqEntry
from bot.domain.errors import UpstreamUnavailable
from bot.domain.severity import Mention
from bot.runbook import load_policy
from bot.storage.dlq.store import PostgresDlqStore
from bot.ui.posts.renderer import render
from cogs.dlq.policy import DlqRules
from cogs.dlq.rules import DlqBurst, DlqDeliveryKind, SeenFailure
from cogs.dlq.use_cases import DlqWatching
from tests.cogs.dlq.acts import bursts_shown, dlq_of
from tests.services.database import Database, unreachable
from tests.services.desk import GUILD, PRIMARY, Desk
from tests.unit.ui.samples import AT, delivery
from tests.unit.ui.screens import JA


def failure(desk: Desk, number: int, **other: Any) -> DlqEntry:
    """A failure of this moment."""
    what = ("p0-alerts", "P0", f"失敗 {number}", 503, 3, "upstream", "failed", True)
    return replace(DlqEntry(str(UUID(int=number)), desk.clock.time, *what, {"content": "x"}), **other)


async def lose(desk: Desk, *numbers: int, **other: Any) -> None:
    for number in numbers:
        await desk.database.put_dlq_entry(failure(desk, number, **other))


async def look(desk: Desk) -> int:
    """A tick, and what it leads to."""
    found = await dlq_of(desk).watch.tick(GUILD)
    await desk.work()
    return found


def told(desk: Desk) -> int:
    return len(desk.sent(DlqDeliveryKind.DLQ_BURST))


async def watching(desk: Desk) -> Desk:
    """A desk that has looked for the first time."""
    await look(desk)
    await desk.database.advance(timedelta(seconds=15))
    return desk


async def test_what_was_there_before_is_not_announced(desk: Desk) -> None:
    """The first look only remembers; the next one finds what is new, once."""
    await lose(desk, 1, 2)
    assert [await look(desk), await look(desk)] == [0, 0]
    await desk.database.advance(timedelta(seconds=15))
    await lose(desk, 3)
    assert [await look(desk), await look(desk)] == [1, 0]
    assert desk.sent(DlqDeliveryKind.DLQ_BURST) == ["channel:p0-alerts"]


async def test_a_burst_is_one_message_whose_count_grows(desk: Desk) -> None:
    """Failures within ten minutes are one message whose count grows; what fails later is another message."""
    await watching(desk)
    await lose(desk, *range(1, 5))
    await look(desk)
    await desk.database.advance(timedelta(minutes=1))
    await lose(desk, *range(5, 9))
    await look(desk)
    assert (told(desk), bursts_shown(desk)[-1].count) == (1, 8)
    titles = [one.title for one in bursts_shown(desk)[-1].shown]
    assert titles == [f"失敗 {number}" for number in range(1, 6)]
    await desk.database.advance(timedelta(minutes=10))
    await lose(desk, 9)
    await look(desk)
    assert told(desk) == 2


async def test_a_row_that_is_committed_late_is_found(desk: Desk) -> None:
    """A DLQ row of eight minutes ago that was committed late is found by the next look.

    A row of three hours ago is found by the next deep look, five minutes later.
    """
    await watching(desk)
    await lose(desk, 1, attempted_at=desk.clock.time - timedelta(minutes=8))
    assert await look(desk) == 1
    await lose(desk, 2, attempted_at=desk.clock.time - timedelta(hours=3))
    assert await look(desk) == 0
    await desk.database.advance(timedelta(minutes=5))
    assert await look(desk) == 1


async def test_only_the_highest_severity_that_was_given_up_counts(desk: Desk) -> None:
    """A P1 failure, a failure that is still tried again and a drill's failure are not announced."""
    await watching(desk)
    await lose(desk, 1, severity="P1")
    await lose(desk, 2, status="retrying")
    await lose(desk, 3, title=f"{DLQ_MARK}訓練")
    assert await look(desk) == 0


async def test_its_own_failure_is_not_announced(desk: Desk) -> None:
    """The channel that takes no announcement takes none about it either."""
    await watching(desk)
    desk.discord.refused = {"channel:p0-alerts"}
    await lose(desk, 1)
    await look(desk)
    rows = [row for row in await desk.database.dlq_entries() if row.title == DlqDeliveryKind.DLQ_BURST.value]
    assert [row.severity for row in rows] == [None]
    await desk.database.advance(timedelta(minutes=15))
    assert await look(desk) == 0


async def test_a_failure_about_an_incident_is_told_by_its_number(desk: Desk) -> None:
    """A failure about an incident is announced by the incident's number, without its title."""
    await watching(desk)
    desk.discord.refused = {"channel:p0-alerts"}
    incident = await desk.open()
    await desk.work()
    desk.discord.refused = set()
    await look(desk)
    [burst] = await desk.database.fetch("SELECT shown::text AS shown FROM dlq_bursts")
    assert incident.label in burst["shown"]
    assert incident.title not in burst["shown"]


async def test_a_dlq_that_was_away_is_caught_up_with(desk: Desk) -> None:
    """Silence while it cannot be asked; then everything since, as one message."""
    await watching(desk)
    there = desk.dlq_store
    desk.dlq_store = PostgresDlqStore(unreachable().pool, desk.policy.dlq_table)
    desk.use(desk.discord)
    await lose(desk, 1)
    await desk.database.advance(timedelta(hours=30))
    with capture_logs() as lines:
        assert [await look(desk) for _ in range(3)] == [0, 0, 0]
    assert [line["event"] for line in lines] == ["dlq.not_watched"]
    desk.dlq_store = there
    desk.use(desk.discord)
    await lose(desk, 2)
    assert await look(desk) == 2
    assert told(desk) == 1


async def test_its_message_says_what_has_arrived_since(desk: Desk) -> None:
    """What is replayed, and what comes late once Discord is back, is taken off the count; both at the end."""
    await watching(desk)
    desk.discord.failures = [UpstreamUnavailable("rate limited", http_status=429, retry_after_s=60.0)] * 99
    await desk.open()
    await desk.pass_time(seconds=5)
    await lose(desk, 1)
    desk.discord.failures.clear()
    late = [row.id for row in await desk.database.dlq_entries() if row.id != str(UUID(int=1))]
    await look(desk)
    assert bursts_shown(desk)[-1].arrived == frozenset()
    await dlq_of(desk).replays.replay(str(UUID(int=1)), by=PRIMARY, guild_id=GUILD)
    await desk.work()
    await look(desk)
    assert bursts_shown(desk)[-1].arrived == {str(UUID(int=1))}
    await desk.pass_time(minutes=2)
    await look(desk)
    shown = bursts_shown(desk)[-1]
    assert shown.arrived == {*late, str(UUID(int=1))}
    assert shown.count == len(shown.arrived)
    count = len(bursts_shown(desk))
    await look(desk)
    assert len(bursts_shown(desk)) == count, "it is edited once"


def test_its_first_line_counts_what_has_arrived() -> None:
    """None, some and all of its failures."""
    failures = [SeenFailure(id=str(number), attempted_at=AT, title="決済") for number in range(3)]
    seen = DlqBurst(1, GUILD, AT, 3, tuple(failures))
    post = delivery(DlqDeliveryKind.DLQ_BURST, data={"burst": 1})
    told = [render(JA, post, replace(seen, arrived=frozenset(ids))) for ids in ("", "0", "012")]
    assert [str(one["content"]).splitlines()[0] for one in told] == [
        "📭 **届かなかった P0 の通知 3 件** · DLQ を見てください",
        "📭 **届かなかった P0 の通知 3 件** · うち 1 件はその後届きました",
        "📭 **届かなかった P0 の通知 3 件** · ✅ すべてその後届きました",
    ]
    assert [str(one["content"]).count("✅ `") for one in told] == [0, 1, 3]


async def test_two_processes_announce_it_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two processes that both read a DLQ failure before either writes, only one announces it."""
    await watching(desk)
    await lose(desk, 1)
    tell, both_have_read = DlqWatching._tell, asyncio.Barrier(2)

    async def tell_after_both(*args: Any, **kwargs: Any) -> int:
        await both_have_read.wait()
        return await tell(*args, **kwargs)

    monkeypatch.setattr(DlqWatching, "_tell", tell_after_both)
    found = await asyncio.gather(*(dlq_of(one).watch.tick(GUILD) for one in (desk, Desk(desk.database))))
    assert sorted(found) == [0, 1]
    await desk.work()
    assert told(desk) == 1


async def test_a_team_may_do_without(database: Database) -> None:
    """Switched off it is silent, and switched on again it begins anew."""
    policy = load_policy(None)
    off = policy.with_rules(replace(policy.of(DlqRules), watch=False))
    desk = Desk(database, off)
    await lose(desk, 1)
    assert await look(desk) == 0
    on = Desk(database, policy.with_rules(replace(policy.of(DlqRules), watch_mention=Mention.HERE)))
    await watching(on)
    await lose(on, 2)
    assert await look(on) == 1
    [delivery] = await database.deliveries()
    assert delivery.data["rings"] is True
    desk = Desk(database, off)
    await look(desk)
    await lose(desk, 3)
    assert await look(on) == 0
