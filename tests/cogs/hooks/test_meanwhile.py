"""Hooks while the database is away: kept on disk, answered, raised if they are P0s, processed once later."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.outage import OfflineKind
from bot.settings.sources import HookKeys
from bot.storage.tables.incidents import IncidentRows
from cogs.hooks.intake import HookBatches, HookGuild, HookIntake, HooksMeanwhile, HookSource
from cogs.hooks.readers import READERS
from cogs.hooks.spool import HookSpool
from tests.cogs.hooks.sending import AUTH, PATH, SECRET, TOKEN, NumberedReader, alerts, group, tables, waiting
from tests.cogs.hooks.serving import serve_hooks
from tests.patience import PATIENCE_S, pulse
from tests.services.desk import GUILD, Desk


@asynccontextmanager
async def site(desk: Desk, folder: Path, *, most: int = 9) -> AsyncIterator[httpx.AsyncClient]:
    """The server of a process, with one source, and what posts there."""
    rules = tables(desk.policy)["alertmanager"]
    source = HookSource(GUILD, rules, HookKeys((SECRET,), (TOKEN,)), NumberedReader(), priority=90)
    batches = HookBatches(desk.store)
    spool = HookSpool(folder, most=most, most_bytes=1_000_000)
    meanwhile = HooksMeanwhile(
        spool, batches, {GUILD: HookGuild(desk.policy, desk.services.emergency)}, READERS
    )
    intake = HookIntake({"alertmanager": source}, batches, desk.store, meanwhile=meanwhile)
    with capture_logs() as logged:
        async with serve_hooks(intake, batches, meanwhile) as port:
            address = f"http://127.0.0.1:{port}"
            async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=PATIENCE_S) as sender:
                yield sender
    assert SECRET not in str(logged)


async def away(desk: Desk) -> None:
    """The database, whose time is ours, goes away."""
    await desk.database.move_to(datetime.now(UTC))
    await desk.emergency.tick()
    desk.database.is_away = True
    await desk.emergency.tick()


async def back(desk: Desk) -> None:
    """A minute later the database is back, and what was done is recorded."""
    desk.database.is_away = False
    await desk.database.advance(timedelta(minutes=1))
    await desk.emergency.tick()


def kept(folder: Path, ending: str = "json") -> int:
    """How many hooks are on disk."""
    return len(list(folder.glob(f"*.{ending}")))


def _journalled(desk: Desk) -> int:
    """How many messages are in the journal as posted: a process that dies before may post a DM again."""
    return len(desk.emergency._book.journal.posted)


async def until(look: Callable[[], bool]) -> None:
    """Wait until *look* is true."""
    async with asyncio.timeout(PATIENCE_S):
        while not look():  # noqa: ASYNC110 -- a file and a fake have no events
            await asyncio.sleep(0.02)


async def stored(desk: Desk, folder: Path) -> None:
    """Wait until nothing is on disk any more, then process everything."""
    await until(lambda: kept(folder) == 0)
    await desk.work()


async def test_what_comes_during_an_outage_is_processed_once_also_after_a_restart(
    desk: Desk, tmp_path: Path
) -> None:
    """Three requests, one of them sent twice, are answered 202; another process stores them, in order."""
    await away(desk)
    async with site(desk, tmp_path) as sender:
        for number, status in enumerate(("firing", "firing", "resolved")):
            headers = {**AUTH, "X-Delivery": f"d{number}"}
            answer = await sender.post(PATH, json=group(status, name="Disk"), headers=headers)
            assert (answer.status_code, answer.json()) == (202, {"status": "kept"})
        again = await sender.post(PATH, json=group("resolved", name="Disk"), headers=headers)
        assert again.status_code == 202
    assert kept(tmp_path) == 4
    await back(desk)
    async with site(desk, tmp_path) as sender:
        await stored(desk, tmp_path)
        assert (await sender.post(PATH, json=group("firing"), headers=headers)).json()["status"] == "repeated"
    incident = await IncidentRows(desk.store.sql).incident(1)
    assert (incident.status, incident.tracked.occurrences) == ("resolved", 2)
    assert await alerts(desk) == []
    assert await waiting(desk) == 0


async def test_a_p0_is_raised_at_once_and_tracked_once(desk: Desk, tmp_path: Path) -> None:
    """A P0 by HTTP pages like `/sev1`, once though a process that starts meanwhile reads it again."""
    await away(desk)
    async with site(desk, tmp_path) as sender:
        assert (await sender.post(PATH, json=group("firing"), headers=AUTH)).status_code == 202
        await until(lambda: _journalled(desk) == 2)
    assert desk.offline_alerter.posted == [
        (OfflineKind.ALERT, "channel"),
        (OfflineKind.PAGE, "person:primary"),
    ]
    desk.use(desk.discord)
    desk.emergency.load()
    await desk.emergency.tick()
    async with site(desk, tmp_path) as sender:
        await sender.post(PATH, json=group("firing", name="Other"), headers=AUTH)
        await until(lambda: _journalled(desk) == 4)
    await back(desk)
    async with site(desk, tmp_path):
        await stored(desk, tmp_path)
    found = await alerts(desk)
    assert sorted(found) == [
        ("HighErrorRate: 5xx above 0 %", "SEV1", 1),
        ("Other: 5xx above 0 %", "SEV1", 1),
    ]
    assert desk.sent(DeliveryKind.ALERT) == desk.sent(DeliveryKind.PAGE) == []
    assert len(desk.offline_alerter.posted) == 4


async def test_what_cannot_be_kept_is_sent_again(desk: Desk, tmp_path: Path) -> None:
    """With too many on disk, or a disk that refuses, the answer is 503 with Retry-After."""
    await away(desk)
    async with site(desk, tmp_path, most=1) as sender:
        assert (await sender.post(PATH, json=group("firing"), headers=AUTH)).status_code == 202
        answer = await sender.post(PATH, json=group("firing"), headers=AUTH)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


async def test_only_what_is_proved_is_kept(desk: Desk, tmp_path: Path) -> None:
    """A request without its token is refused during an outage as well."""
    await away(desk)
    async with site(desk, tmp_path) as sender:
        assert (await sender.post(PATH, json=group("firing"))).status_code == 401
    assert kept(tmp_path) == 0


@pytest.mark.parametrize("content", ["{", json.dumps({"guild_id": 7})])
async def test_an_unreadable_file_holds_up_no_other(desk: Desk, tmp_path: Path, content: str) -> None:
    """It is set aside for a person; what comes behind it is stored."""
    await away(desk)
    (tmp_path / "00000000000000000000-1.json").write_text(content)
    async with site(desk, tmp_path) as sender:
        await sender.post(PATH, json=group("firing"), headers=AUTH)
        await back(desk)
        await stored(desk, tmp_path)
    assert len(await alerts(desk)) == 1
    assert kept(tmp_path, "aside") == 1


async def test_what_a_slow_database_may_have_stored_counts_once(desk: Desk, tmp_path: Path) -> None:
    """A hook whose commit hangs is kept on disk in time; stored by both ways, it is processed once."""
    await desk.database.move_to(datetime.now(UTC))
    await desk.emergency.tick()
    others = desk.database.connections()
    other = await others.acquire(timeout=5.0)
    async with site(desk, tmp_path) as sender:
        async with other.transaction():
            await other.execute("LOCK TABLE hooks IN ACCESS EXCLUSIVE MODE")
            async with pulse() as passed_s:
                answer = await sender.post(PATH, json=group("firing"), headers=AUTH)
                assert passed_s() < 1.2
        assert (answer.status_code, answer.json()) == (202, {"status": "kept"})
        await others.release(other)
        await stored(desk, tmp_path)
    assert await alerts(desk) == [("HighErrorRate: 5xx above 0 %", "SEV1", 1)]
