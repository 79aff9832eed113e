"""The server of hooks over real HTTP: what is let in, stored and answered, and what is not."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from structlog.testing import capture_logs

from bot.integrations import public_server
from bot.settings.sources import HookKeys
from bot.storage.tables.incidents import IncidentRows
from cogs.hooks import intake as hook_intake
from cogs.hooks import site as hook_site
from cogs.hooks.intake import HookBatches, HookIntake, HookSource
from cogs.hooks.readers.pagerduty import PagerDutyReader
from cogs.hooks.rules import DEEPEST
from cogs.hooks.site import LARGEST_BODY
from cogs.hooks.store import Hooks
from tests.cogs.hooks.sending import (
    AUTH,
    PATH,
    SECRET,
    TOKEN,
    NumberedReader,
    alerts,
    group,
    tables,
    waiting,
)
from tests.cogs.hooks.serving import serve_hooks
from tests.patience import PATIENCE_S, pulse
from tests.services.desk import GUILD, Desk


@asynccontextmanager
async def site(desk: Desk, *, signing: tuple[str, ...] = (TOKEN,)) -> AsyncIterator[httpx.AsyncClient]:
    """The server, with one source, and what posts there."""
    rules = tables(desk.policy)["alertmanager"]
    source = HookSource(GUILD, rules, HookKeys((SECRET,), signing), NumberedReader(), priority=90)
    batches = HookBatches(desk.store)
    intake = HookIntake({"alertmanager": source}, batches, desk.store)
    async with serving(intake, batches) as sender:
        yield sender


@asynccontextmanager
async def serving(intake: HookIntake, batches: HookBatches) -> AsyncIterator[httpx.AsyncClient]:
    """The server and what posts there; no secret is logged."""
    with capture_logs() as logged:
        async with serve_hooks(intake, batches) as port:
            address = f"http://127.0.0.1:{port}"
            async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=PATIENCE_S) as sender:
                yield sender
    assert SECRET not in str(logged)
    assert TOKEN not in str(logged)


async def test_an_alert_is_stored_answered_and_tracked_by_a_job(desk: Desk) -> None:
    """The answer comes first; nothing secret is stored."""
    async with site(desk) as sender:
        answer = await sender.post(PATH, json=group("firing", "firing"), headers=AUTH)
    assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})
    assert await alerts(desk) == []
    [stored] = await Hooks(desk.store.sql).next(GUILD, "alertmanager", limit=9)
    assert stored.request.headers == {}, "nothing that its reader does not need"
    await desk.work()
    assert await alerts(desk) == [
        ("HighErrorRate: 5xx above 0 %", "SEV1", 1),
        ("HighErrorRate: 5xx above 1 %", "SEV1", 1),
    ]
    assert await waiting(desk) == 0


async def test_what_is_over_closes_its_alert(desk: Desk) -> None:
    """A firing and a resolved alert that are processed together are taken in the order of their arrival."""
    async with site(desk) as sender:
        for status in ("firing", "resolved"):
            await sender.post(PATH, json=group(status), headers=AUTH)
    await desk.work()
    assert await alerts(desk) == []
    assert [one.status for one in [await IncidentRows(desk.store.sql).incident(1)]] == ["resolved"]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (f"/hooks/alertmanager/{'t' * 32}", AUTH, 404),
        (f"/hooks/grafana/{SECRET}", AUTH, 404),
        (f"/hooks/alertmanager/{SECRET}x", AUTH, 404),
        ("/hooks/alertmanager/%ff%fe", AUTH, 404),
        ("/hooks/alertmanager/%ed%a0%80", AUTH, 404),
        (PATH, {}, 401),
        (PATH, {"Authorization": "Bearer another"}, 401),
        (PATH, {"Authorization": f"Basic {TOKEN}"}, 401),
        ("/hooks/alertmanager", AUTH, 404),
        ("/healthz", {}, 404),
    ],
)
async def test_what_is_not_the_source_is_refused(
    desk: Desk, path: str, headers: dict[str, str], status: int
) -> None:
    """A wrong secret and an unknown source read the same."""
    async with site(desk) as sender:
        answer = await sender.post(path, json=group("firing"), headers=headers)
        assert (await sender.get(path)).status_code in (404, 405)
    assert answer.status_code == status
    assert await waiting(desk) == 0


async def test_without_a_key_the_address_is_the_secret(desk: Desk) -> None:
    """Without a signing key, whoever knows the secret address may post: not every source can sign."""
    async with site(desk, signing=()) as sender:
        assert (await sender.post(PATH, json=group("firing"))).status_code == 202


async def test_a_body_that_is_too_large_or_too_deep_is_refused(desk: Desk) -> None:
    """A body too large or nested too deeply is refused and not stored; one up to the limits is stored."""
    deep = {"alerts": json.loads("[" * DEEPEST + "]" * DEEPEST)}
    async with site(desk) as sender:
        for body, status in (
            (b"x" * (LARGEST_BODY + 1), 413),
            (json.dumps(deep).encode(), 400),
            (b"[" * LARGEST_BODY, 400),
            (json.dumps({"alerts": json.loads("[" * 31 + "]" * 31)}).encode(), 202),
            (b'"' + b"x" * (LARGEST_BODY - 2) + b'"', 202),
        ):
            answer = await sender.post(PATH, content=body, headers=AUTH)
            assert answer.status_code == status
    assert await waiting(desk) == 2


async def test_a_small_body_that_unpacks_to_a_huge_one_is_refused(desk: Desk) -> None:
    """A compressed body below the limit is refused with 413 if its content is above the limit."""
    body = gzip.compress(b" " * 50 * LARGEST_BODY)
    async with site(desk) as sender:
        answer = await sender.post(PATH, content=body, headers={**AUTH, "Content-Encoding": "gzip"})
    assert (answer.status_code, len(body) < LARGEST_BODY) == (413, True)


async def test_an_address_of_odd_bytes_is_no_sources(desk: Desk) -> None:
    """A request whose path is no valid text is answered with 400 or 404."""
    async with site(desk) as sender:
        reader, writer = await asyncio.open_connection(sender.base_url.host, sender.base_url.port)
        writer.write(
            b"POST /hooks/alertmanager/\xff\xed\xa0\x80 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
        )
        status = await asyncio.wait_for(reader.readline(), PATIENCE_S)
        writer.close()
    assert status.split()[1] in (b"400", b"404")


async def test_a_body_that_does_not_come_is_not_waited_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is answered and closed."""
    monkeypatch.setattr(public_server, "BODY_S", 0.2)
    async with site(desk) as sender:
        url = sender.base_url
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{{".encode())
        status = await asyncio.wait_for(reader.readline(), PATIENCE_S)
        writer.close()
    assert status.split()[1] == b"408"


async def test_a_repeated_delivery_is_stored_once(desk: Desk) -> None:
    """A repeated delivery is stored once, whether the two come one after the other or at once."""
    async with site(desk) as sender:

        async def post(number: str) -> int:
            headers = {**AUTH, "X-Delivery": number}
            return (await sender.post(PATH, json=group("firing"), headers=headers)).status_code

        assert [await post("1"), await post("1")] == [202, 200]
        assert set(await asyncio.gather(post("2"), post("2"))) <= {200, 202}
    assert await waiting(desk) == 2


async def test_a_header_that_is_no_text_loses_nothing(desk: Desk) -> None:
    """A request with an undecodable header is stored, and so are the requests stored together with it.

    The same request again is answered as known, and does not count.
    """
    async with site(desk) as sender:
        strange = httpx.Headers(
            [(b"Authorization", AUTH["Authorization"].encode()), (b"X-Delivery", b"\xff\x80")]
        )
        answers = await asyncio.gather(
            *(
                sender.post(PATH, json=group("firing"), headers=each)
                for each in (strange, httpx.Headers(AUTH), httpx.Headers(AUTH))
            )
        )
        again = await sender.post(PATH, json=group("firing"), headers=strange)
    assert [answer.status_code for answer in (*answers, again)] == [202, 202, 202, 200]
    await desk.work()
    assert [count for _, _, count in await alerts(desk)] == [3]


async def test_what_speaks_to_pagerduty_gets_the_answer_that_it_expects(desk: Desk) -> None:
    """An event for PagerDuty that is sent to the bot's address gets PagerDuty's answer.

    An event that PagerDuty would refuse is answered with 400 and not stored.
    """
    event = {
        "routing_key": "r" * 32,
        "event_action": "trigger",
        "dedup_key": "disk-db-1",
        "payload": {"summary": "disk full on db-1", "source": "db-1", "severity": "critical"},
    }
    source = HookSource(GUILD, tables(desk.policy)["sentry"], HookKeys((SECRET,)), PagerDutyReader())
    batches = HookBatches(desk.store)
    async with serving(HookIntake({"pager": source}, batches, desk.store), batches) as sender:
        answer = await sender.post(f"/hooks/pager/{SECRET}/v2/enqueue", json=event)
        assert answer.status_code == 202
        assert answer.json() == {
            "status": "success",
            "message": "Event processed",
            "dedup_key": "disk-db-1",
        }
        refused = await sender.post(f"/hooks/pager/{SECRET}", json={**event, "event_action": "explode"})
        assert refused.status_code == 400
    assert await waiting(desk) == 1


async def test_a_slow_database_is_answered_in_time(desk: Desk) -> None:
    """Sentry turns off a hook that takes over a second; it comes again."""
    others = desk.database.connections()
    other = await others.acquire(timeout=5.0)
    async with site(desk) as sender:
        async with other.transaction():
            await other.execute("LOCK TABLE hooks IN ACCESS EXCLUSIVE MODE")
            async with pulse() as passed_s:
                answer = await sender.post(PATH, json=group("firing"), headers=AUTH)
                assert passed_s() < 1.2
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        await others.release(other)
        again = await sender.post(PATH, json=group("firing"), headers=AUTH)
        assert again.status_code == 202


async def test_a_database_that_is_away_is_answered_at_once(desk: Desk) -> None:
    """The answer is an error, so that the sender keeps the alert and tries again."""
    async with site(desk) as sender:
        desk.database.is_away = True
        answer = await sender.post(PATH, json=group("firing"), headers=AUTH)
        desk.database.is_away = False
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


async def test_a_full_queue_asks_to_come_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the queue is full, a source is told to come again later; when it is shorter, it is accepted."""
    monkeypatch.setattr(hook_intake, "MOST_WAITING", 1)
    monkeypatch.setattr(hook_intake, "_LOOK_EVERY_S", 0.0)
    async with site(desk) as sender:
        assert (await sender.post(PATH, json=group("firing"), headers=AUTH)).status_code == 202
        answer = await sender.post(PATH, json=group("firing"), headers=AUTH)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "30")
        await desk.work()
        assert (await sender.post(PATH, json=group("firing"), headers=AUTH)).status_code == 202


async def test_a_burst_costs_few_commits_and_loses_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are processed, each once. On a busy machine some would be asked to come again, with 503."""
    monkeypatch.setattr(hook_site, "ANSWER_S", PATIENCE_S)
    async with site(desk) as sender:
        names = [f"Alert{number % 5}" for number in range(100)]
        answers = await asyncio.gather(
            *(sender.post(PATH, json=group("firing", name=name), headers=AUTH) for name in names)
        )
    assert {answer.status_code for answer in answers} == {202}
    assert len([job for job in await desk.database.jobs() if job.name == "hooks"]) == 1
    await desk.work()
    assert [count for _, _, count in await alerts(desk)] == [20] * 5


@pytest.mark.parametrize("cut", [slice(40), slice(4, None)], ids=["cut off", "without its head"])
async def test_a_compressed_body_that_is_corrupt_is_refused(desk: Desk, cut: slice) -> None:
    """A corrupt gzip body is refused with 400 and not stored; the intact body is stored."""
    whole = gzip.compress(json.dumps(group("firing")).encode())
    async with site(desk) as sender:
        headers = {**AUTH, "Content-Encoding": "gzip"}
        answer = await sender.post(PATH, content=whole[cut], headers=headers)
        assert answer.status_code == 400
        assert (await sender.post(PATH, content=whole, headers=headers)).status_code == 202
    assert len(await Hooks(desk.store.sql).next(GUILD, "alertmanager", limit=9)) == 1
