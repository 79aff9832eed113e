"""Each source through the server, as its own system or client sends it: signed, stored, tracked."""

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from pagerduty import EventsApiV2Client, HttpError
from standardwebhooks import Webhook
from structlog.testing import capture_logs

from bot.settings.sources import HookKeys
from bot.storage.tables.incidents import IncidentRows
from cogs.hooks.intake import HookBatches, HookIntake, HookSource
from cogs.hooks.readers import READERS
from cogs.hooks.rules import HookFormat, HookRules, HookSenders
from cogs.hooks.use_cases import HookProcessing
from tests.cogs.hooks.sending import waiting
from tests.cogs.hooks.serving import serve_hooks
from tests.corpus.hook_requests import Example, examples, rules_of
from tests.e2e.hooks.alertmanager import alertmanager, require_alertmanager
from tests.integration.outbound.certificates import make_certificate, server_side
from tests.patience import PATIENCE_S
from tests.services.desk import GUILD, Desk
from tests.standins.paging.description import are_there, wrong_event, wrong_event_answer

SECRET = "s" * 32
KEY = "e93facc04764012d7bfb002500d5d1a6"
WHSEC = f"whsec_{base64.b64encode(b'k' * 24).decode()}"
EXAMPLES = {one.name: one for one in examples()}
PAYLOAD = {"summary": "DISK", "source": "db-1", "severity": "critical"}


def _hex(signed: bytes) -> str:
    return hmac.new(KEY.encode(), signed, hashlib.sha256).hexdigest()


def _grafana(body: bytes) -> dict[str, str]:
    at = str(int(time.time()))
    return {
        "x-grafana-alerting-signature": _hex(f"{at}:".encode() + body),
        "x-grafana-alerting-signature-timestamp": at,
    }


def _standard(body: bytes) -> dict[str, str]:
    at = datetime.now(UTC)
    signature = Webhook(WHSEC).sign("msg_1", at, body.decode())
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }


#: How each system proves that it has sent a body.
SIGNED: Mapping[HookFormat, Callable[[bytes], dict[str, str]]] = {
    HookFormat.SENTRY: lambda body: {"sentry-hook-signature": _hex(body)},
    HookFormat.GITHUB: lambda body: {"x-hub-signature-256": f"sha256={_hex(body)}"},
    HookFormat.CLOUDFLARE: lambda _body: {"cf-webhook-auth": KEY},
    HookFormat.GRAFANA: _grafana,
    HookFormat.JSON: lambda _body: {"authorization": f"Bearer {KEY}"},
    HookFormat.STANDARD: _standard,
}


class SystemClock:
    """The time that senders have, too."""

    async def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Site:
    """A server with one source, and what posts there.

    Attributes:
        address: Of the source.
    """

    desk: Desk
    rules: HookRules
    address: str
    sender: httpx.AsyncClient

    async def post(self, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        return await self.sender.post(self.address, content=body, headers=dict(headers))

    async def process(self) -> list[tuple[str, int]]:
        """Run the source's job, and return the open alerts and how often each came."""
        desk, name = self.desk, self.rules.sender.name
        policy = desk.policy.with_rules(HookSenders({name: self.rules}))
        events = desk.services.alert_events
        await HookProcessing(desk.own_store, policy, events, READERS, guild_id=GUILD).process(name)
        found = await IncidentRows(desk.store.sql).open_incidents(GUILD)
        return [(one.title, one.tracked.occurrences) for one in found]


@asynccontextmanager
async def site(
    desk: Desk, read_as: HookFormat, mapping: Mapping[str, str] | None = None
) -> AsyncIterator[Site]:
    """Serve one source of a format, which signs."""
    rules = rules_of(read_as, mapping or {})
    key = WHSEC if read_as is HookFormat.STANDARD else KEY
    source = HookSource(GUILD, rules, HookKeys((SECRET,), (key,)), READERS[read_as])
    batches = HookBatches(desk.store)
    intake = HookIntake({rules.sender.name: source}, batches, SystemClock())
    with capture_logs() as logged:
        async with serve_hooks(intake, batches) as port:
            address = f"http://127.0.0.1:{port}/hooks/{rules.sender.name}/{SECRET}"
            async with httpx.AsyncClient(trust_env=False) as sender:
                yield Site(desk, rules, address, sender)
    assert KEY not in str(logged)
    assert SECRET not in str(logged)


@pytest.mark.parametrize(
    "example",
    [
        EXAMPLES[name]
        for name in (
            *("sentry/event_alert", "github/workflow_run_failure", "cloudflare/health_check_start"),
            *("grafana/firing", "json/without_a_mapping", "standard/contact_created"),
        )
    ],
    ids=lambda one: one.name,
)
async def test_a_signed_request_is_tracked_and_an_unsigned_one_refused(desk: Desk, example: Example) -> None:
    """A signed request is tracked, and one without a valid signature is refused with 401."""
    body = example.request.body
    headers = {**example.headers, **SIGNED[example.format](body)}
    async with site(desk, example.format, example.mapping) as there:
        refused = await there.post(body, example.headers)
        changed = await there.post(
            body + b" ", {**headers, "authorization": "Bearer x", "cf-webhook-auth": "x"}
        )
        assert (refused.status_code, changed.status_code) == (401, 401)
        assert (await there.post(body, headers)).status_code == 202
        expected = [(event["title"], 1) for event in example.events if event["says"] == "firing"]
        assert sorted(await there.process()) == sorted(expected)


async def test_a_replay_is_answered_and_does_nothing(desk: Desk) -> None:
    """A request that is sent again is answered with 200, and its alert is counted once."""
    body = EXAMPLES["standard/contact_created"].request.body
    async with site(desk, HookFormat.STANDARD) as there:
        headers = SIGNED[HookFormat.STANDARD](body)
        assert [(await there.post(body, headers)).status_code for _ in range(3)] == [202, 200, 200]
        assert await there.process() == [("contact.created", 1)]


async def test_github_may_send_a_form(desk: Desk) -> None:
    """A webhook of GitHub that comes as a form, which is GitHub's default, is accepted and tracked."""
    example = EXAMPLES["github/workflow_run_failure"]
    body = urlencode({"payload": json.dumps(example.body)}).encode()
    form = {"content-type": "application/x-www-form-urlencoded"}
    async with site(desk, HookFormat.GITHUB) as there:
        headers = {**example.headers, **SIGNED[HookFormat.GITHUB](body), **form}
        assert (await there.post(body, headers)).status_code == 202
        assert await there.process() == [("test failed on master", 1)]


@pytest.mark.parametrize("name", ["github/ping", "github/star", "cloudflare/test", "sentry/installation"])
async def test_what_a_vendor_sends_besides_alerts_is_answered_with_2xx(desk: Desk, name: str) -> None:
    """A vendor's request that is no alert is answered with 202, and opens no alert."""
    example = EXAMPLES[name]
    body = example.request.body
    async with site(desk, example.format) as there:
        answer = await there.post(body, {**example.headers, **SIGNED[example.format](body)})
        assert answer.status_code == 202
        assert await there.process() == []


BACKUP = '{"title": "表示サーバーのバックアップに失敗", "key": "backup"}'


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (BACKUP.encode("cp932"), "application/json"),
        (BACKUP.encode("cp932"), "application/json; charset=utf-8"),
        (BACKUP.encode("euc_jp"), "application/x-www-form-urlencoded"),
        (BACKUP.encode("iso2022_jp"), 'application/json; charset="ISO-2022-JP"'),
        (BACKUP.encode("utf-8-sig"), "application/json"),
        (BACKUP.encode("utf-16"), "application/json"),
        ("表示サーバーのバックアップに失敗".encode("cp932"), "text/plain"),
        ("表示サーバーのバックアップに失敗".encode("utf-16-le"), "text/plain; charset=utf-16le"),
        ("表示サーバーのバックアップに失敗".encode("utf-8-sig"), "text/plain"),
    ],
)
async def test_what_curl_sends_in_any_charset_is_tracked_by_its_words(
    desk: Desk, body: bytes, content_type: str
) -> None:
    """Whatever charset a shell writes in, the alert has the words that were sent, and a 復旧 ends it."""
    async with site(desk, HookFormat.JSON) as there:
        assert await curl(there, body, content_type) == 202
        assert await there.process() == [("表示サーバーのバックアップに失敗", 1)]
        over = '{"title": "表示サーバーのバックアップに失敗", "key": "backup", "status": "復旧"}'
        assert await curl(there, over.encode("cp932"), "application/json") == 202
        has_key = content_type.startswith("application/")
        expected = [] if has_key else [("表示サーバーのバックアップに失敗", 1)]
        assert await there.process() == expected
        assert await curl(there, b"\xef\xbb\xbf{}", "application/json") == 400


async def curl(there: Site, body: bytes, content_type: str) -> int:
    """Post *body* with curl, as it is, and return the status."""
    arguments = ("-s", "-o", "/dev/null", "-w", "%{http_code}", "--noproxy", "*", "--data-binary", "@-")
    headers = ("-H", f"Authorization: Bearer {KEY}", "-H", f"Content-Type: {content_type}")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        "curl", *arguments, *headers, there.address, stdin=pipe, stdout=pipe
    )
    out, _ = await process.communicate(body)
    return int(out)


@asynccontextmanager
async def pagerduty(there: Site, folder: Path) -> AsyncIterator[EventsApiV2Client]:
    """PagerDuty's own client, and the TLS in front of the server that it insists on."""
    at = httpx.URL(there.address)
    certificate = make_certificate(folder)

    passing: list[asyncio.Task[None]] = []

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner = await asyncio.open_connection(at.host, at.port)
        passing.append(asyncio.create_task(pipe(reader, inner[1])))
        passing.append(asyncio.create_task(pipe(inner[0], writer)))

    front = await asyncio.start_server(forward, "127.0.0.1", 0, ssl=server_side(certificate))
    async with front:
        port = front.sockets[0].getsockname()[1]
        trusted = ssl.create_default_context(cafile=str(certificate))
        address = f"https://127.0.0.1:{port}{at.path}"
        with EventsApiV2Client(KEY, base_url=address, verify=trusted, trust_env=False) as client:
            yield client
        await asyncio.gather(*passing)


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes, until it ends."""
    with suppress(ConnectionError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
        writer.close()
        await writer.wait_closed()


async def test_pagerdutys_own_client_opens_repeats_and_ends_an_alert(desk: Desk, tmp_path: Path) -> None:
    """PagerDuty's own client opens, repeats and ends an alert; only its address is another.

    What it says of an acknowledge is that it did not happen: no monitor stops an escalation.
    """
    async with site(desk, HookFormat.PAGERDUTY) as there, pagerduty(there, tmp_path) as client:
        say = asyncio.to_thread
        key = await say(client.trigger, "DISK at 99%", "db.parky.co.jp")
        assert await say(client.trigger, "DISK at 99%", "db.parky.co.jp", dedup_key=key) == key
        assert await there.process() == [("DISK at 99%", 2)]
        with pytest.raises(HttpError, match="acknowledge is not supported"):
            await say(client.acknowledge, key)
        assert await there.process() == [("DISK at 99%", 2)]
        assert await say(client.resolve, key) == key
        assert await there.process() == []
        bodies = await desk.database.pool.fetch("SELECT body FROM hooks")
    if are_there():
        assert [wrong for row in bodies for wrong in wrong_event(json.loads(row["body"]))] == []


async def test_a_real_alertmanager_that_pages_through_pagerduty_can_page_through_the_bot(
    desk: Desk, tmp_path: Path
) -> None:
    """A real Alertmanager that sends to the bot as it sends to PagerDuty opens an alert there and ends it.

    What it sends fits PagerDuty's published description, if that is at hand.
    """
    require_alertmanager()
    labels = {"alertname": "HighErrorRate", "service": "api.parky.co.jp", "severity": "critical"}
    async with site(desk, HookFormat.PAGERDUTY) as there:
        receiver = f'pagerduty_configs: [{{url: "{there.address}/v2/enqueue", routing_key: "{KEY}"}}]'
        async with alertmanager(tmp_path, receiver) as monitor:
            await monitor.fire(labels, summary="5xx")
            await arrived(desk)
            [(title, times)] = await there.process()
            assert title.startswith("[FIRING:1] HighErrorRate")
            assert times == 1
            await monitor.resolve(labels)
            await arrived(desk)
            assert await there.process() == []
    if are_there():
        bodies = await desk.database.pool.fetch("SELECT body FROM hooks")
        assert [wrong for row in bodies for wrong in wrong_event(json.loads(row["body"]))] == []


async def arrived(desk: Desk) -> None:
    """Wait for a request that is stored and not processed."""
    async with asyncio.timeout(PATIENCE_S):
        while not await waiting(desk):  # noqa: ASYNC110  # the sender offers no event
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ({"routing_key": KEY, "event_action": "trigger", "payload": PAYLOAD}, 202),
        ({"routing_key": KEY, "event_action": "trigger", "payload": {**PAYLOAD, "severity": "boom"}}, 400),
        ({"routing_key": KEY, "event_action": "trigger", "payload": {**PAYLOAD, "summary": "x" * 1025}}, 400),
        ({"routing_key": KEY, "event_action": "trigger", "payload": {"summary": "DISK"}}, 400),
        ({"routing_key": KEY, "event_action": "trigger", "payload": PAYLOAD, "dedup_key": "a" * 256}, 400),
        ({"routing_key": KEY, "event_action": "trigger", "payload": PAYLOAD, "dedup_key": "a" * 255}, 202),
        ({"routing_key": KEY, "event_action": "acknowledge", "dedup_key": "a"}, 400),
        ({"routing_key": KEY, "event_action": "resolve", "dedup_key": "a"}, 202),
        ({"routing_key": KEY, "event_action": "trigger"}, 400),
        ({"routing_key": KEY, "event_action": "resolve"}, 400),
        ({"routing_key": KEY, "event_action": "snooze", "dedup_key": "a"}, 400),
        ({"routing_key": "another", "event_action": "resolve", "dedup_key": "a"}, 401),
    ],
)
async def test_an_event_is_answered_as_pagerduty_answers(
    desk: Desk, event: dict[str, object], status: int
) -> None:
    """The bot answers an event as PagerDuty does: 202 if taken, 400 if malformed, 401 for another key.

    The answer fits PagerDuty's published description, if that is at hand.
    """
    async with site(desk, HookFormat.PAGERDUTY) as there:
        answer = await there.sender.post(f"{there.address}/v2/enqueue", json=event)
    assert answer.status_code == status
    if are_there():
        assert wrong_event_answer(status, answer.json()) == []
    if status == 202:
        assert answer.json()["status"] == "success"


async def test_pagerdutys_own_client_says_why_an_event_was_refused(desk: Desk, tmp_path: Path) -> None:
    """PagerDuty's own client repeats why the bot refused an event: its summary is missing."""
    async with site(desk, HookFormat.PAGERDUTY) as there, pagerduty(there, tmp_path) as client:
        with pytest.raises(HttpError, match=r"payload\.summary is missing"):
            await asyncio.to_thread(client.send_event, "trigger", payload={})
