"""Rows 38 to 40: a crowd that reacts, ten thousand deadlines at once, a DLQ of millions of rows."""

import asyncio
import re
import statistics
import time
from collections import Counter
from datetime import timedelta
from itertools import cycle, pairwise
from typing import Any

import pytest

from local_discord.world.events import reaction_changed
from local_discord.world.message import Message
from tests.e2e.world.alert import Alert
from tests.faults.conftest import Figure, OpenStage
from tests.faults.judge.seen import ESCALATES, attempts
from tests.faults.stage.stage import Stage
from tests.faults.stage.storm import escalated, open_many

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-storms")]

_HEARTBEAT_S = 5.0
_PER_S = 1000
_EYES = (0, 51)  # of a hundred; the even ones come, the odd ones go
_LAG_S = 1.0
_PROBE_S = 10.0
_DUE_IN = timedelta(minutes=30)
_MOST_PER_S = 50
_MOST_SEVERE_S = 10.0  # Discord, PostgreSQL and ten thousand deadlines share one machine here
_TOGETHER = 10  # in a message, on an average
_MANY = {"SEV3": 9000, "SEV2": 900, "SEV1": 100}
_FEW_ROWS = 10_000
_FLAT_MS = 10.0
_SLOWEST_MS = 1_000.0

_SEVERITY = re.compile(r"SEV\d")

_FILL = """
INSERT INTO admin.notification_failures (attempted_at, channel, severity, title, http_status, retry_count)
SELECT now() - n * interval '30 seconds', 'p1-ops', 'P1', 'failure', 503, 3
  FROM generate_series($1::integer, $2::integer) AS n
"""


@pytest.mark.quiet(alone=True)
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seconds", [60])
async def test_row_38_a_thousand_reactions_a_second(
    open_stage: OpenStage, figure: Figure, seconds: int
) -> None:
    """Heartbeats are on time, and a 👀 is recorded within a second during the storm."""
    async with open_stage(limits_speed=1.0) as stage:
        heartbeat = {"heartbeat_ms": int(_HEARTBEAT_S * 1000)}
        await stage.world.human.change("limits", gateway=heartbeat)
        await stage.world.start_bot()
        probes = [await stage.sev1(f"行38 {number} 決済 API") for number in range(seconds // int(_PROBE_S))]
        noise = await stage.world.human.say("observer", "general", "look at this")
        crowded = await stage.sev1("行38 みんなが見ている")
        since = stage.world.sandbox.core.log.next
        storm = asyncio.create_task(_react_on(stage, noise.id, crowded.post.id, seconds=seconds))
        lags = []
        for probe in probes:
            await asyncio.sleep(_PROBE_S * 0.8)  # the storm's own pace: nothing to wait for
            lags.append(await _ack_lag(stage, probe))
        sent = await storm
        gaps = _heartbeat_gaps(stage, since)
        await stage.acknowledged(crowded.number)
        assert sent >= seconds * _PER_S * 0.95
        assert max(lags) < _LAG_S
        assert max(gaps) < _HEARTBEAT_S * 1.5
        figure(
            f"{sent / seconds:.0f}/s for {seconds} s: lag at most {max(lags) * 1000:.0f} ms,"
            f" heartbeats at most {max(gaps):.1f} s apart (asked for: {_HEARTBEAT_S:.0f})"
        )


@pytest.mark.quiet(alone=True)
@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_row_39_ten_thousand_due_at_once(open_stage: OpenStage, figure: Figure) -> None:
    """The highest severity goes first, in bundles, within Discord's rate limits."""
    async with open_stage(limits_speed=1.0) as stage:
        made = await open_many(stage.world, _MANY, due_in=_DUE_IN)
        await stage.world.start_bot()
        since = stage.world.sandbox.core.log.next
        stage.falls_ill()  # the row has a bound of its own
        due = await stage.reach_deadline(max(made), ahead_s=0.0)  # of the most severe, which were opened last
        began = time.monotonic()

        async def all_told() -> bool:
            return len(await escalated(stage.world, made)) == len(made)

        await stage.until(all_told, "all told", within_s=240)
        took_s = time.monotonic() - began
        stage.recovers()
        most_severe = [post for post in stage.posts() if ESCALATES in post.text and "SEV1" in post.text]
        late_s = max((post.at - due).total_seconds() for post in most_severe)
        assert late_s < _MOST_SEVERE_S
        requests = [e for e in stage.world.sandbox.core.log.since(since) if e["kind"] == "rest"]
        told = [e for e in attempts(stage.world.sandbox, since=since) if e["status"] == 200]
        counts = await escalated(stage.world, made)
        assert [number for number, count in counts.items() if count != 1] == []
        assert [e for e in requests if e["status"] == 429] == []
        assert max(Counter(int(e["monotonic_s"]) for e in requests).values()) <= _MOST_PER_S
        assert _most_severe_first(told)
        assert len(told) * _TOGETHER <= len(made), "many in one message"
        figure(f"{len(made)} in {len(told)} messages, {took_s:.0f} s, zero 429; P0s {late_s:.1f} s late")


@pytest.mark.parametrize(
    ("rows", "looks"),
    [
        (100_000, 50),
        pytest.param(1_000_000, 200, marks=pytest.mark.slow),
        pytest.param(10_000_000, 200, marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
    ],
    ids=["100k", "1M", "10M"],
)
async def test_row_40_dlq_of_millions_of_rows(
    open_stage: OpenStage, figure: Figure, rows: int, looks: int
) -> None:
    """A page of the last day takes as long with millions of rows as with ten thousand."""
    async with open_stage() as stage:
        await stage.world.start_bot()
        await _fill(stage, 1, _FEW_ROWS)
        few, few_p99 = await _page_ms(stage, looks)
        await _fill(stage, _FEW_ROWS + 1, rows)
        many, many_p99 = await _page_ms(stage, looks)
        assert many < 2 * few + _FLAT_MS
        assert many_p99 < _SLOWEST_MS
        figure(
            f"{rows:,} rows: {many:.0f} ms, p99 {many_p99:.0f} ms; with {_FEW_ROWS:,} {few:.0f},"
            f" p99 {few_p99:.0f} ms"
        )


async def _react_on(stage: Stage, noise_id: str, alert_id: str, *, seconds: int) -> int:
    """Send a thousand reaction events a second, and return their number.

    Two of a hundred add or remove a 👀 under an alert; the others are irrelevant to the bot.
    """
    core = stage.world.sandbox.core
    noise, alert = _message(stage, noise_id), _message(stage, alert_id)
    people = cycle(user for user in core.world.members if not core.world.users[user].bot)
    began, sent = time.monotonic(), 0
    while (elapsed := time.monotonic() - began) < seconds:
        while sent < elapsed * _PER_S:
            kind = "MESSAGE_REACTION_ADD" if sent % 2 == 0 else "MESSAGE_REACTION_REMOVE"
            what = (alert, next(people), "👀") if sent % 100 in _EYES else (noise, next(people), "🎉")
            reaction_changed(core, kind, *what)
            sent += 1
        await asyncio.sleep(0.005)
    return sent


def _message(stage: Stage, message_id: str) -> Message:
    messages = stage.world.sandbox.core.world.messages.values()
    return next(found[message_id] for found in messages if message_id in found)


async def _ack_lag(stage: Stage, alert: Alert) -> float:
    """Seconds from a 👀 to its commit, by the sight of another connection."""
    began = time.monotonic()
    await stage.world.human.react("primary", alert.post, "👀")
    async with stage.world.database() as connection:
        query = "SELECT status FROM incidents WHERE id = $1"
        while await connection.fetchval(query, alert.number) != "acknowledged":
            assert time.monotonic() - began < 30 * _LAG_S
            await asyncio.sleep(0.005)
    return time.monotonic() - began


def _heartbeat_gaps(stage: Stage, since: int) -> list[float]:
    beats = [
        float(entry["monotonic_s"])
        for entry in stage.world.sandbox.core.log.since(since)
        if entry["kind"] == "gateway" and entry["direction"] == "in" and entry["frame"].get("op") == 1
    ]
    return [later - earlier for earlier, later in pairwise(beats)]


def _most_severe_first(told: list[dict[str, Any]]) -> bool:
    """The last message of a P0 is out before the first of a P2."""
    order = [found[0] for entry in told if (found := _SEVERITY.search(entry["body"]["content"]))]
    last = max(index for index, severity in enumerate(order) if severity == "SEV1")
    return "SEV3" in order and "SEV3" not in order[:last]


async def _fill(stage: Stage, first: int, last: int) -> None:
    async with stage.world.database() as connection:
        await connection.execute(_FILL, first, last, timeout=600)
        await connection.execute("VACUUM ANALYZE admin.notification_failures", timeout=600)


async def _page_ms(stage: Stage, looks: int) -> tuple[float, float]:
    """From the command for a page to its answer, milliseconds: the median of the looks, and their p99."""
    took = []
    for page in range(looks):
        began = time.monotonic()
        said = await stage.world.command("dlq recent", hours=page % 10 + 15)
        took.append((time.monotonic() - began) * 1000)
        assert "失敗" in said.text
    return statistics.median(took), statistics.quantiles(took, n=100, method="inclusive")[-1]
