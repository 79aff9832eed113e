"""The rules of heartbeats: what an address says, when a report is due, and what the policy allows."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.capability import capability_names
from bot.domain.errors import ConfigError
from bot.runbook import default_policy_text, parse_policy
from cogs.heartbeats.rules import (
    Beat,
    BeatKind,
    HeartbeatEvent,
    Heartbeats,
    HeartbeatShown,
    HeartbeatState,
    HeartbeatStatus,
    kind_of,
    runs_of,
    secret_of,
)
from tests.cogs.heartbeats.beating import TABLES, policy_of

AT = datetime(2026, 12, 1, tzinfo=UTC)
HOURLY = policy_of(TABLES).of(Heartbeats).by_name["hourly"]


def said(kind: BeatKind, run_id: str | None = None) -> Beat:
    """Return a beat."""
    return Beat(7, "hourly", kind, run_id=run_id)


@pytest.mark.parametrize(
    ("tail", "kind"),
    [
        ("", (BeatKind.SUCCESS, None)),
        ("start", (BeatKind.START, None)),
        ("fail", (BeatKind.FAIL, None)),
        ("log", (BeatKind.LOG, None)),
        ("0", (BeatKind.SUCCESS, 0)),
        ("255", (BeatKind.FAIL, 255)),
        ("256", None),
        ("-1", None),
        ("success", None),
        ("\u0663", None),
    ],
)
def test_the_end_of_an_address_says_what_has_happened(
    tail: str, kind: tuple[BeatKind, int | None] | None
) -> None:
    """Exit statuses are those of processes."""
    assert kind_of(tail) == kind


def test_cron_is_in_the_zone_of_its_table() -> None:
    """03:00 in Tokyo is 18:00 UTC of the day before; summer time is the zone's."""
    nightly = policy_of(TABLES).of(Heartbeats).by_name["nightly"]
    assert nightly.next_after(AT) == datetime(2026, 12, 1, 18, tzinfo=UTC)
    zone = TABLES.replace('"0 3 * * *"', '"0 3 * * *"\ntimezone = "Europe/Berlin"')
    berlin = policy_of(zone).of(Heartbeats).by_name["nightly"]
    assert berlin.next_after(datetime(2026, 7, 1, tzinfo=UTC)) == datetime(2026, 7, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        ("30 2 * * *", "2026-03-28T12:00", ["03-29T01:00", "03-30T00:30"]),  # no 02:30: at 03:00 instead
        ("0 3 * * *", "2026-03-28T12:00", ["03-29T01:00", "03-30T01:00"]),
        ("30 2 * * *", "2026-10-24T12:00", ["10-25T00:30", "10-26T01:30"]),  # 02:30 comes twice: once
        ("0 3 * * *", "2026-10-24T12:00", ["10-25T02:00", "10-26T02:00"]),
        ("0 * * * *", "2026-10-25T00:30", ["10-25T01:00", "10-25T02:00"]),  # each hour, also the repeated one
    ],
)
def test_a_night_without_or_with_two_of_an_hour_has_one_report(
    cron: str, after: str, expected: list[str]
) -> None:
    """When summer time begins or ends, a nightly report is due once a night, an hourly one each hour."""
    table = f'[heartbeats.job]\nseverity = "SEV1"\ncron = "{cron}"\ntimezone = "Europe/Berlin"'
    rules = policy_of(table).of(Heartbeats).by_name["job"]
    due, found = datetime.fromisoformat(after).replace(tzinfo=UTC), []
    for _ in expected:
        due = rules.next_after(due)
        found.append(f"{due:%m-%dT%H:%M}")
    assert found == expected


def test_the_run_id_pairs_start_and_end() -> None:
    """Another run's end gives no duration, and leaves the run under way."""
    begun, _ = HeartbeatStatus("hourly", AT).after(said(BeatKind.START, "a"), HOURLY, AT)
    other, _ = begun.after(said(BeatKind.SUCCESS, "b"), HOURLY, AT + timedelta(minutes=1))
    assert (other.duration_s, other.started_at) == (None, AT)
    ended, _ = other.after(said(BeatKind.SUCCESS, "a"), HOURLY, AT + timedelta(minutes=5))
    assert (ended.duration_s, ended.started_at, ended.state) == (300, None, HeartbeatState.UP)


def test_runs_are_told_from_beats_by_their_ids() -> None:
    """An end belongs to the start with its id, also if runs overlap; without one to the last."""
    beats = [
        (0, said(BeatKind.SUCCESS)),
        (1, said(BeatKind.START, "a")),
        (2, said(BeatKind.START, "b")),
        (3, said(BeatKind.LOG, "a")),
        (7, said(BeatKind.SUCCESS, "a")),
        (8, said(BeatKind.FAIL, "b")),
        (10, said(BeatKind.START)),
        (11, said(BeatKind.START)),
        (15, said(BeatKind.SUCCESS)),
        (16, said(BeatKind.SUCCESS)),
    ]
    runs = runs_of((AT + timedelta(seconds=second), one) for second, one in beats)
    assert [(one.is_failed, one.duration_s) for one in runs] == [
        (False, None),
        (False, 6),
        (True, 6),
        (False, 4),
        (False, None),
    ]
    assert HeartbeatShown(HOURLY, None, tuple(runs)).typical_s == 5
    assert HeartbeatShown(HOURLY, None, tuple(runs[:2])).typical_s is None


def test_a_log_and_a_beat_that_comes_too_late_change_nothing() -> None:
    """A beat that was kept on disk meanwhile does not undo a later one."""
    up, _ = HeartbeatStatus("hourly", AT).after(said(BeatKind.SUCCESS), HOURLY, AT)
    assert up.after(said(BeatKind.LOG), HOURLY, AT + timedelta(minutes=1)) == (up, None)
    assert up.after(said(BeatKind.FAIL), HOURLY, AT - timedelta(minutes=1)) == (up, None)


@pytest.mark.parametrize(("begun", "ended"), [("a", None), (None, "a"), (None, None)])
def test_a_run_without_an_id_is_ended_by_any_end(begun: str | None, ended: str | None) -> None:
    """A start and an end belong together unless both name a run, and not the same one."""
    start, _ = HeartbeatStatus("hourly", AT).after(said(BeatKind.START, begun), HOURLY, AT)
    end, _ = start.after(said(BeatKind.SUCCESS, ended), HOURLY, AT + timedelta(minutes=5))
    assert (end.duration_s, end.started_at) == (300, None)


def test_the_limit_of_a_run_counts_from_its_start() -> None:
    """Another run's report gives it no more time."""
    begun, _ = HeartbeatStatus("hourly", AT).after(said(BeatKind.START, "a"), HOURLY, AT)
    other, _ = begun.after(said(BeatKind.SUCCESS, "b"), HOURLY, AT + timedelta(minutes=9))
    assert begun.alarm_at == other.alarm_at == AT + timedelta(minutes=20)


@pytest.mark.parametrize("run_ids", [False, True])
@pytest.mark.parametrize(
    ("keys", "events"),
    [
        ('every = "1h"', "unfinished"),
        ('cron = "0 * * * *"', "unfinished"),
        ('every = "1h"\nlimit = "3h"', "unfinished"),
        ('every = "1h"\nlimit = "20m"', "overrun"),
        ('cron = "0 * * * *"\nlimit = "20m"', "overrun"),
    ],
)
def test_a_job_that_starts_each_time_and_never_ends_is_told(keys: str, events: str, *, run_ids: bool) -> None:
    """No further start postpones the alarm about the missing end, and all alerts say the same."""
    table = f'[heartbeats.hourly]\nseverity = "SEV1"\ngrace = "10m"\n{keys}'
    rules = policy_of(table).of(Heartbeats).by_name["hourly"]
    status, found = HeartbeatStatus("hourly", AT), list[HeartbeatEvent]()
    for minute in range(12 * 60):
        now = AT + timedelta(minutes=minute)
        if minute % 60 == 0:
            status, _ = status.after(said(BeatKind.START, f"run-{minute}" if run_ids else None), rules, now)
        while status.alarm_at is not None and status.by_rules(rules).alarm_at == status.alarm_at <= now:
            status, event = status.silent(rules, now)
            found.append(event)
    assert set(found) == {HeartbeatEvent(events)}
    assert len(found) >= 3


def test_only_the_end_of_a_trouble_is_told() -> None:
    """A success after a success is no event; after a failure or a silence it is the end of the alert."""
    up, first = HeartbeatStatus("hourly", AT).after(said(BeatKind.SUCCESS), HOURLY, AT)
    _, second = up.after(said(BeatKind.SUCCESS), HOURLY, AT + timedelta(hours=1))
    failed, _ = up.after(said(BeatKind.FAIL), HOURLY, AT + timedelta(hours=1))
    late, _ = up.silent(HOURLY, AT + timedelta(minutes=70))
    assert (first, second) == (None, None)
    for trouble in (failed, late):
        over, event = trouble.after(said(BeatKind.SUCCESS), HOURLY, AT + timedelta(hours=2))
        assert (over.state, event) == (HeartbeatState.UP, HeartbeatEvent.OVER)


def test_a_silence_that_goes_on_is_one_trouble_and_each_time_has_its_grace() -> None:
    """The trouble began with the first missing report, and each further one may come as late as the first."""
    first = AT + timedelta(minutes=70)
    late, _ = HeartbeatStatus("hourly", AT).silent(HOURLY, first)
    assert late.alarm_at == first + timedelta(minutes=70)
    again, event = late.silent(HOURLY, late.alarm_at)
    assert (again.state, again.since, event) == (HeartbeatState.LATE, first, HeartbeatEvent.LATE)


def test_a_secret_is_a_uuid_of_its_own() -> None:
    """Neither the guild nor the name nor the key may differ."""
    secrets = {secret_of(key, guild, name) for key in "ab" for guild in (1, 2) for name in ("x", "y")}
    assert len(secrets) == 8
    assert all([len(part) for part in one.split("-")] == [8, 4, 4, 4, 12] for one in secrets)


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ("", "heartbeats.job.every: needs either `every` or `cron`"),
        ('every = "1d"\ncron = "0 3 * * *"', "heartbeats.job.every: needs either `every` or `cron`"),
        ('cron = "0 3 * *"', 'heartbeats.job.cron: "0 3 * *" is not a cron expression'),
        ('cron = "0 0 3 * * *"', "is not a cron expression"),
        ('cron = "0 0 30 2 *"', "is not a cron expression"),
        ('every = "30s"', "1m to 30d"),
        ('every = "1d"\ngrace = "5s"', "heartbeats.job.grace: is too short"),
        ('every = "1d"\ntimezone = "UTC"', "heartbeats.job.timezone: is for `cron` only"),
    ],
)
def test_a_table_that_cannot_be_used_is_said_with_its_key(keys: str, problem: str) -> None:
    """The start ends with the key and what is allowed."""
    table = f'[heartbeats.job]\nseverity = "SEV1"\n{keys}'
    with pytest.raises(ConfigError) as raised:
        parse_policy(f"{default_policy_text()}\n{table}", name="policy.toml")
    assert problem in str(raised.value)


def test_it_is_off_until_the_policy_names_it() -> None:
    """Without a table there is no command, no job and no route."""
    names = {one.name for one in parse_policy(default_policy_text(), name="p").capabilities}
    assert "heartbeats" in capability_names()
    assert "heartbeats" not in names
    assert "heartbeats" in {one.name for one in policy_of(TABLES).capabilities}
