"""Processing what sources have sent: in order, once, and without being held up by what cannot be read."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest

from bot.domain.alerts.decisions import DecisionFilter, Outcome
from bot.domain.alerts.events import AlertEvent
from bot.domain.hooks.hook import HookFormat, HookRequest, HookRules, NewHook
from bot.integrations.hooks.alertmanager import AlertmanagerReader
from bot.integrations.hooks.readers import READERS
from bot.services.hooks.processing import HookProcessing
from tests.integration.test_hook_site import group
from tests.services.desk import GUILD, Desk

SOURCE = "alertmanager"


async def store(desk: Desk, *bodies: object) -> None:
    """As they came."""
    hooks = [
        NewHook(
            GUILD,
            SOURCE,
            None,
            HookRequest({}, body if isinstance(body, bytes) else json.dumps(body).encode()),
        )
        for body in bodies
    ]
    async with desk.store.transaction() as tx:
        await tx.add_hooks(hooks)


def processing(desk: Desk, reader: Any = None) -> HookProcessing:
    """The job of the guild."""
    readers = READERS if reader is None else {HookFormat.ALERTMANAGER: reader}
    return HookProcessing(desk.own_store, desk.policy, desk.services.alert_events, readers, guild_id=GUILD)


async def outcomes(desk: Desk) -> list[tuple[int, str | None]]:
    """What became of each."""
    rows = await desk.database.pool.fetch("SELECT events, problem FROM hooks ORDER BY id")
    return [(row["events"], row["problem"]) for row in rows]


async def counts(desk: Desk) -> list[int]:
    """How often each alert came."""
    return [one.tracked.occurrences for one in await desk.store.open_incidents(GUILD)]


async def test_what_cannot_be_read_is_kept_with_the_reason(desk: Desk) -> None:
    """It is not tried again, and what came after it is processed."""
    bad = {"alerts": [{"status": "melting"}]}
    await store(desk, b"<html>", {"alerts": 1}, bad, b"\xff\xfe", [], group("firing"))
    assert await processing(desk).process(SOURCE) is None
    assert await outcomes(desk) == [
        (0, "the body is not JSON"),
        (0, "alerts is not a list"),
        (0, "an alert is neither firing nor resolved"),
        (0, "the body is not UTF-8"),
        (0, "the body is not a JSON object"),
        (1, None),
    ]
    assert await counts(desk) == [1]
    listed = await desk.store.decisions(GUILD, DecisionFilter(outcome=Outcome.UNREADABLE), None, limit=9)
    assert [one.decision.detail.problem for one in reversed(listed)] == [
        problem for _, problem in await outcomes(desk) if problem
    ]


class BrokenReader(AlertmanagerReader):
    """One with a bug."""

    def parse(self, request: HookRequest, rules: HookRules) -> tuple[AlertEvent, ...]:
        raise KeyError(request)


async def test_a_bug_of_a_reader_holds_up_nothing(desk: Desk) -> None:
    """It is logged as an error, and the reason names no content."""
    await store(desk, group("firing"))
    await processing(desk, BrokenReader()).process(SOURCE)
    assert await outcomes(desk) == [(0, "its reader has failed: KeyError")]


async def test_an_event_that_fails_is_listed_and_the_others_are_tracked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise an alert would be missing without a word."""
    events = desk.services.alert_events
    receive = events.receive_event

    async def broken(event: AlertEvent, sender: Any, origin: Any) -> Any:
        if origin.nth == 1:
            raise KeyError(event)
        return await receive(event, sender, origin)

    monkeypatch.setattr(events, "receive_event", broken)
    await store(desk, group("firing", "firing", "firing"))
    await processing(desk).process(SOURCE)
    assert await outcomes(desk) == [(3, "event 1 has failed: KeyError")]
    assert await counts(desk) == [1, 1]
    listed = await desk.store.decisions(GUILD, DecisionFilter(outcome=Outcome.UNREADABLE), None, limit=9)
    assert [one.decision.detail.problem for one in listed] == ["event 1 has failed: KeyError"]


async def test_a_job_that_died_half_way_counts_nothing_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its events are known; the rest is processed."""
    await store(desk, group("firing", "firing"))
    [hook] = await desk.own_store.next_hooks(GUILD, SOURCE, limit=1)

    class Died(Exception):
        """Of a kill -9."""

    async def die(*_: object, **__: object) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(type(desk.own_store), "finish_hooks", die)
        with pytest.raises(Died):
            await processing(desk).process(SOURCE)
    assert await counts(desk) == [1, 1]
    await processing(desk).process(SOURCE)
    assert await counts(desk) == [1, 1]
    assert await outcomes(desk) == [(2, None)]
    assert hook.at == desk.clock.time


async def test_a_source_that_the_policy_no_longer_has_is_given_up(desk: Desk) -> None:
    """With the reason."""
    await store(desk, group("firing"))
    desk.policy = replace(desk.policy, hooks=MappingProxyType({}))
    await processing(desk).process(SOURCE)
    assert await outcomes(desk) == [(0, "the policy has no [hooks.alertmanager]")]


async def test_a_long_run_goes_on_later(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other jobs have their turn."""
    monkeypatch.setattr("bot.services.hooks.processing._AT_A_TIME_S", 0.0)
    await store(desk, group("firing"), group("firing"))
    assert await processing(desk).process(SOURCE) == timedelta()
    assert await processing(desk).process(SOURCE) == timedelta()
    assert await processing(desk).process(SOURCE) is None
    assert await counts(desk) == [2]


async def test_what_has_lost_its_job_gets_another(desk: Desk) -> None:
    """By the auditor."""
    await store(desk, group("firing"))
    await desk.database.advance(timedelta(minutes=2))
    assert await desk.store.requeue_stuck(overdue=timedelta(minutes=1)) == [f"hooks:{GUILD}:{SOURCE}"]
    await desk.work()
    assert await counts(desk) == [1]


async def test_bodies_are_deleted_after_two_weeks(desk: Desk) -> None:
    """What waits is kept, and so are the events of incidents."""
    await store(desk, group("firing", "resolved"), b"{}")
    await processing(desk).process(SOURCE)
    await desk.database.advance(timedelta(days=15))
    await store(desk, group("firing"))
    await desk.database.advance(timedelta(days=15))
    await desk.own_store.forget_hooks()
    [left] = await desk.own_store.next_hooks(GUILD, SOURCE, limit=9)
    assert len(await outcomes(desk)) == 1
    assert left.request.body == json.dumps(group("firing")).encode()
    kept: Sequence[Any] = await desk.database.pool.fetch("SELECT says FROM alert_events")
    assert [row["says"] for row in kept] == ["firing"]
