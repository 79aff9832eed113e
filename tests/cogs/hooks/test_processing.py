"""Processing what sources have sent: in order, once, and without being held up by what cannot be read."""

import json
import traceback
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.domain.alerts.decisions import AlertOutcome, DecisionFilter
from bot.domain.alerts.events import AlertEvent
from bot.storage.tables.alerts import AlertDecisionRows, forget_alert_events
from bot.storage.tables.incidents import IncidentRows
from cogs.hooks.readers import READERS
from cogs.hooks.readers.alertmanager import AlertmanagerReader
from cogs.hooks.rules import HookDeliveryKind, HookFormat, HookRequest, HookRules, HookSenders, NewHook
from cogs.hooks.store import Hooks
from cogs.hooks.use_cases import HookProcessing, HookUseCases, tidy
from tests.cogs.hooks.sending import add, group, tables
from tests.services.desk import GUILD, Desk

SOURCE = "alertmanager"


async def store(desk: Desk, *bodies: object) -> None:
    """Store requests with these bodies, as the hook server does."""
    hooks = [
        NewHook(
            GUILD,
            SOURCE,
            None,
            HookRequest({}, body if isinstance(body, bytes) else json.dumps(body).encode()),
        )
        for body in bodies
    ]
    await add(desk, hooks)


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
    return [one.tracked.occurrences for one in await IncidentRows(desk.store.sql).open_incidents(GUILD)]


async def test_what_cannot_be_read_is_kept_with_the_reason(desk: Desk) -> None:
    """A request that cannot be read is kept with the reason, and the request after it is processed.

    Each such request also has a decision that names the reason.
    """
    bad = {"alerts": [{"status": "melting"}]}
    await store(desk, b"<html>", {"alerts": 1}, bad, b"\xff\xfe", [], group("firing"))
    assert await processing(desk).process(SOURCE) is None
    assert await outcomes(desk) == [
        (0, "the body is not JSON"),
        (0, "alerts is not a list"),
        (0, "1 of 1 alerts cannot be read: an alert is neither firing nor resolved"),
        (0, "the body is empty"),
        (0, "the body is not a JSON object"),
        (1, None),
    ]
    assert await counts(desk) == [1]
    listed = await AlertDecisionRows(desk.store.sql).decisions(
        GUILD, DecisionFilter(outcome=AlertOutcome.UNREADABLE), None, limit=9
    )
    assert [one.decision.detail.problem for one in reversed(listed)] == [
        problem for _, problem in await outcomes(desk) if problem
    ]


async def test_an_alert_that_cannot_be_read_hides_none_of_its_group(desk: Desk) -> None:
    """The body is kept with the reason, and one line in the list says how many were left out."""
    body: dict[str, Any] = group("firing", "melting", "resolved", "firing")
    body["alerts"] = [*body["alerts"], "odd", None]
    await store(desk, body)
    with capture_logs() as logged:
        assert await processing(desk).process(SOURCE) is None
    problem = (
        "3 of 6 alerts cannot be read: an alert is neither firing nor resolved, an alert is not a JSON object"
    )
    assert await outcomes(desk) == [(3, problem)]
    assert await counts(desk) == [1, 1]
    listed = await AlertDecisionRows(desk.store.sql).decisions(GUILD, DecisionFilter(), None, limit=9)
    assert sorted(one.decision.outcome for one in listed) == [
        "nothing_open",
        "tracked",
        "tracked",
        "unreadable",
    ]
    assert [one.decision.detail.problem for one in listed if one.decision.nth == 1] == [problem]
    assert [one["reason"] for one in logged if one["event"] == "hook.alerts_unread"] == [problem]
    assert b"melting" in await desk.database.pool.fetchval("SELECT body FROM hooks")


async def test_people_are_told_once_in_a_while_of_a_source_that_cannot_be_read(desk: Desk) -> None:
    """What cannot be read is told where its alert would be, once in six hours however many come."""

    async def told() -> list[tuple[str, str]]:
        posts = [one for one in await desk.database.deliveries() if one.kind is HookDeliveryKind.HOOK_UNREAD]
        return [(one.to, str(one.data["problem"])) for one in posts]

    await store(desk, b"<html>", b"<html>", {"alerts": [{"status": "melting"}]})
    await processing(desk).process(SOURCE)
    channel = desk.policy.rules(tables(desk.policy)[SOURCE].sender.severity).channel
    assert await told() == [(f"channel:{channel}", "the body is not JSON")]
    await desk.database.advance(timedelta(hours=6))
    await store(desk, {"alerts": [{"status": "melting"}]})
    await processing(desk).process(SOURCE)
    assert len(await told()) == 2


class BrokenReader(AlertmanagerReader):
    """One with a bug."""

    def parse(self, request: HookRequest, rules: HookRules) -> tuple[AlertEvent, ...]:
        raise KeyError(request)


async def test_a_bug_of_a_reader_holds_up_nothing(desk: Desk) -> None:
    """A bug of a reader is logged with its place; neither the stored reason nor the log has any content."""
    await store(desk, group("firing"))
    with capture_logs() as logged:
        await processing(desk, BrokenReader()).process(SOURCE)
    assert await outcomes(desk) == [(0, "its reader has failed: KeyError")]
    [failed] = [one for one in logged if one["event"] == "hook.reader_failed"]
    told = "".join(traceback.format_exception(failed["exc_info"]))
    assert "ErrorWithoutMessage: KeyError" in told
    assert "raise KeyError(request)" in told  # where it was raised
    assert "HighErrorRate" not in told


async def test_an_event_that_fails_is_listed_and_the_others_are_tracked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that fails is listed, so that no alert is missing without a word; the others are tracked."""
    events = desk.services.alert_events
    receive = events.receive_event

    async def broken(event: AlertEvent, sender: Any, origin: Any) -> Any:
        if origin.nth == 1:
            raise KeyError(event)
        return await receive(event, sender, origin)

    monkeypatch.setattr(events, "receive_event", broken)
    await store(desk, group("firing", "firing", "firing"))
    with capture_logs() as logged:
        await processing(desk).process(SOURCE)
    assert await outcomes(desk) == [(3, "event 1 has failed: KeyError")]
    assert await counts(desk) == [1, 1]
    listed = await AlertDecisionRows(desk.store.sql).decisions(
        GUILD, DecisionFilter(outcome=AlertOutcome.UNREADABLE), None, limit=9
    )
    assert [one.decision.detail.problem for one in listed] == ["event 1 has failed: KeyError"]
    [failed] = [one for one in logged if one["event"] == "hook.event_failed"]
    assert "HighErrorRate" not in "".join(traceback.format_exception(failed["exc_info"]))


async def test_a_job_that_died_half_way_counts_nothing_twice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request whose job died before the end is processed again, and none of its alerts counts twice."""
    await store(desk, group("firing", "firing"))
    [hook] = await Hooks(desk.own_store.sql).next(GUILD, SOURCE, limit=1)

    class Died(Exception):
        """Of a kill -9."""

    async def die(*_: object, **__: object) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(Hooks, "finish", die)
        with pytest.raises(Died):
            await processing(desk).process(SOURCE)
    assert await counts(desk) == [1, 1]
    await processing(desk).process(SOURCE)
    assert await counts(desk) == [1, 1]
    assert await outcomes(desk) == [(2, None)]
    assert hook.at == desk.clock.time


async def test_a_source_that_the_policy_no_longer_has_is_given_up(desk: Desk) -> None:
    """A hook whose source is no longer in the policy is given up, with the reason on record."""
    await store(desk, group("firing"))
    desk.policy = desk.policy.with_rules(HookSenders({}))
    await processing(desk).process(SOURCE)
    assert await outcomes(desk) == [(0, "the policy has no [hooks.alertmanager]")]


async def test_a_long_run_goes_on_later(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is out of time asks to run again at once, until every request is processed."""
    monkeypatch.setattr("cogs.hooks.use_cases._AT_A_TIME_S", 0.0)
    await store(desk, group("firing"), group("firing"))
    assert await processing(desk).process(SOURCE) == timedelta()
    assert await processing(desk).process(SOURCE) == timedelta()
    assert await processing(desk).process(SOURCE) is None
    assert await counts(desk) == [2]


async def test_a_hook_with_many_alerts_goes_on_where_it_stopped(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request with many alerts is continued by the next run where the last run stopped.

    Each run receives at least one alert, none is received twice or looked at again, and the problem stays on
    record.
    """
    monkeypatch.setattr("cogs.hooks.use_cases._AT_A_TIME_S", 0.0)
    events = desk.services.alert_events
    receive, received = events.receive_event, list[int]()

    async def noted(event: AlertEvent, sender: Any, origin: Any) -> Any:
        received.append(origin.nth)
        return await receive(event, sender, origin)

    monkeypatch.setattr(events, "receive_event", noted)
    await store(desk, group("melting", "firing", "firing", "resolved"), group("firing"))
    runs = 0
    while await processing(desk).process(SOURCE) is not None:
        runs += 1
    assert received == [1, 2, 3, 0]
    assert runs == 5
    problem = "1 of 4 alerts cannot be read: an alert is neither firing nor resolved"
    assert await outcomes(desk) == [(3, problem), (1, None)]
    assert await counts(desk) == [1, 1, 1]


async def test_a_part_that_was_not_recorded_is_received_again_without_harm(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process died after it had received an alert, and before it could note how far it was."""
    monkeypatch.setattr("cogs.hooks.use_cases._AT_A_TIME_S", 0.0)
    await store(desk, group("firing", "firing", "firing"))
    await processing(desk).process(SOURCE)
    await desk.database.pool.execute("UPDATE hooks SET next_event = 0")
    while await processing(desk).process(SOURCE) is not None:
        pass
    assert await outcomes(desk) == [(3, None)]
    assert await counts(desk) == [1, 1, 1]


async def test_large_bodies_are_read_one_by_one(desk: Desk) -> None:
    """A source with many of them would fill the memory, at each part of the first one."""
    large, small = b"{" + b" " * 700_000 + b"}", b"{}"
    await store(desk, small, large, large, small)
    assert len(await Hooks(desk.own_store.sql).next(GUILD, SOURCE, limit=9)) == 3
    await store(desk, *[small] * 8)
    assert len(await Hooks(desk.own_store.sql).next(GUILD, SOURCE, limit=2)) == 2


@pytest.mark.parametrize("name", ["summary", "description"])
async def test_a_secret_in_an_alert_is_neither_stored_nor_shown(desk: Desk, name: str) -> None:
    """Secrets in an alert reach neither the incident and its records nor the queued messages."""
    dsn, token = "postgres://app:hunter2-hunter2@db.parky.co.jp/app", f"ghp_{'a1B2' * 9}"
    said: dict[str, Any] = group("firing")
    [alert] = said["alerts"]
    alert["annotations"][name] = f"cannot connect to {dsn}\nby taro@example.com"
    alert["labels"] |= {"instance": dsn, "service": dsn, "run": token}
    alert["generatorURL"] = f"https://prometheus.example/graph?token={token}"
    await store(desk, said)
    await processing(desk).process(SOURCE)
    await desk.work()
    for table in ("incidents", "timeline", "alert_decisions", "alert_events", "deliveries", "audit"):
        found = await desk.database.pool.fetchval(f"SELECT string_agg(t::text, ' ') FROM {table} AS t")
        assert "hunter2" not in (found or "")
        assert token not in (found or "")
    [incident] = await IncidentRows(desk.store.sql).open_incidents(GUILD)
    assert incident.targets == ("postgres://app:[masked:password]@db.parky.co.jp/app",)


async def test_old_rows_are_deleted_a_thousand_of_each_at_a_time(desk: Desk) -> None:
    """Deleting old requests, or events, returns how many were deleted, and zero when none is left."""
    await store(desk, *[b"{}"] * 3, group("resolved"))
    await processing(desk).process(SOURCE)
    await desk.database.advance(timedelta(days=15))
    sql = desk.own_store.sql
    assert [await Hooks(sql).forget() for _ in range(2)] == [4, 0]
    assert [await forget_alert_events(sql) for _ in range(2)] == [1, 0]


async def test_what_has_lost_its_job_gets_another(desk: Desk) -> None:
    """The auditor gives the stored hooks of a source that lost its job a new one, and they are processed."""
    await store(desk, group("firing"))
    await desk.database.advance(timedelta(minutes=2))
    assert await desk.store.requeue_stuck(overdue=timedelta(minutes=1)) == [f"hooks:{GUILD}:{SOURCE}"]
    await desk.work()
    assert await counts(desk) == [1]


async def test_bodies_are_deleted_after_two_weeks(desk: Desk) -> None:
    """Processed requests are deleted after two weeks; waiting ones and events of incidents are kept."""
    await store(desk, group("firing", "resolved"), b"{}")
    await processing(desk).process(SOURCE)
    await desk.database.advance(timedelta(days=15))
    await store(desk, group("firing"))
    await desk.database.advance(timedelta(days=15))
    await tidy(desk.services.of(HookUseCases))
    while await forget_alert_events(desk.own_store.sql):
        pass
    [left] = await Hooks(desk.own_store.sql).next(GUILD, SOURCE, limit=9)
    assert len(await outcomes(desk)) == 1
    assert left.request.body == json.dumps(group("firing")).encode()
    kept: Sequence[Any] = await desk.database.pool.fetch("SELECT says FROM alert_events")
    assert [row["says"] for row in kept] == ["firing"]
