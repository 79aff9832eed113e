"""The mirror's rule: what is due while the database is away, once."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from bot.domain.alerts.decisions import AlertWindow, HeldAlert
from bot.domain.delivery.delivery import Posted
from bot.domain.incident.parts import Source
from bot.domain.outage import (
    GRACE,
    Journal,
    OfflineKind,
    Recorded,
    SeenAck,
    UnansweredPost,
    UnrecordedReport,
    UnsentMessage,
    Watch,
    WatchStep,
)
from bot.domain.severity import Mention
from bot.domain.triage.session import Evidence
from bot.services.outage.journal import encoded, from_data

T0 = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def step(index: int, *, minutes: float) -> WatchStep:
    """A step so long after the alert."""
    return WatchStep(index, T0 + minutes * MINUTE, Mention.HERE, ("primary",))


def watch(number: int = 1, *minutes: float) -> Watch:
    """An incident whose steps are due after *minutes*."""
    return Watch(
        key=f"inc:{number}",
        guild_id=7,
        label=f"INC-{number}",
        severity="SEV1",
        title="決済 API が 5xx",
        targets=("api.parky.co.jp",),
        raised_at=T0,
        to="channel",
        rings=True,
        is_drill=False,
        is_private=False,
        places=((1, 2),),
        rungs=tuple(step(index, minutes=after) for index, after in enumerate(minutes, start=1)),
    )


def journal(*watches: Watch) -> Journal:
    """A mirror of these."""
    return Journal(watches={one.key: one for one in watches})


def test_not_before_the_database_has_had_its_chance() -> None:
    """The mirror does not take a step at its deadline, but only after a period of grace.

    At the deadline itself the regular way with the database decides.
    """
    one = watch(1, 15)
    mirrored = journal(one)
    assert mirrored.due(one, T0 + 15 * MINUTE) is None
    assert mirrored.due(one, T0 + 15 * MINUTE + GRACE) == (step(1, minutes=15), ())


def test_of_one_ladder_the_last_speaks_for_all() -> None:
    """After a long pause, only the last step that is due is sent, for itself and the earlier ones."""
    first, second, later = watch(1, 15, 30, 60), watch(2, 10), watch(3, 50)
    mirrored, now = journal(first, second, later), T0 + 40 * MINUTE
    assert mirrored.pending(now) == [first, second]
    due = mirrored.due(first, now)
    assert due is not None
    assert (due[0].index, [one.index for one in due[1]]) == (2, [1])


def test_the_last_one_tells_everybody_whom_the_others_were_to_tell() -> None:
    """The last due step calls everybody whom the earlier ones would call, as loudly as the loudest."""
    one = watch(1, 15, 30)
    quiet = replace(one.rungs[1], mention=Mention.NONE, dm=("secondary",))
    due = journal(one).due(replace(one, rungs=(one.rungs[0], quiet)), T0 + 40 * MINUTE)
    assert due is not None
    assert (due[0].index, due[0].mention, due[0].dm) == (2, Mention.HERE, ("primary", "secondary"))


def test_what_was_taken_or_acknowledged_is_not_due() -> None:
    """A step that was taken already is not due again; after an acknowledge, none is."""
    one = watch(1, 15, 30)
    taken = replace(journal(one), taken={"inc:1:step:1": T0})
    assert taken.due(one, T0 + 20 * MINUTE) is None
    assert taken.due(one, T0 + 31 * MINUTE) is not None
    seen = replace(journal(one), acknowledged={"inc:1": None})
    assert seen.pending(T0 + 60 * MINUTE) == []


def owing(one: Watch, *owed: tuple[str, OfflineKind, float]) -> Watch:
    """Return *one* with unsent messages, each queued so many minutes after the alert."""
    made = [
        UnsentMessage(key, word, "channel", T0 + at * MINUTE, True, has_email=False) for key, word, at in owed
    ]
    return replace(one, owed=tuple(made))


ALERT = ("inc:1:alert", OfflineKind.ALERT, 0)
FIRST = ("inc:1:step:1:channel", OfflineKind.ESCALATION, 15)
SECOND = ("inc:1:step:2:channel", OfflineKind.ESCALATION, 30)
SECOND_PAGE = ("inc:1:step:2:dm:primary", OfflineKind.PAGE, 30)


def test_of_what_is_owed_the_last_step_speaks_for_all() -> None:
    """Of the unsent messages, the alert and those of the last step are due, once the grace is over.

    A message that was posted meanwhile is not due. The alert is needed to have something to acknowledge.
    """
    one = owing(watch(1, 60), ALERT, FIRST, SECOND, SECOND_PAGE)
    mirrored = journal(one)
    assert [owed.key for owed in mirrored.owed(one, T0 + 16 * MINUTE)] == [ALERT[0], FIRST[0]]
    now = T0 + 31 * MINUTE
    assert [owed.key for owed in mirrored.owed(one, now)] == [ALERT[0], SECOND[0], SECOND_PAGE[0]]
    said = replace(mirrored, posted={ALERT[0]: Posted(1, 2), SECOND[0]: Posted(1, 3)})
    assert [owed.key for owed in said.owed(one, now)] == [SECOND_PAGE[0]]
    assert mirrored.owed(one, T0 + GRACE / 2) == ()


def test_a_step_that_is_due_speaks_for_what_is_owed() -> None:
    """A step that is due, or was taken already, covers older unsent messages of steps, but not the alert."""
    one = owing(watch(1, 20), ALERT, FIRST)
    now = T0 + 21 * MINUTE
    assert [owed.key for owed in journal(one).owed(one, now)] == [ALERT[0]]
    taken = replace(journal(one), taken={"inc:1:step:1": now})
    assert [owed.key for owed in taken.owed(one, now)] == [ALERT[0]]


def test_of_two_alerts_the_newer_one_is_said() -> None:
    """Of two unsent alerts of one incident, only the newer is due, because the severity has changed since."""
    one = owing(watch(1, 60), ALERT, ("inc:1:alert:2", OfflineKind.ALERT, 5))
    assert [owed.key for owed in journal(one).owed(one, T0 + 6 * MINUTE)] == ["inc:1:alert:2"]


def test_what_came_since_is_left_when_the_rest_is_recorded() -> None:
    """An email that was accepted meanwhile is recorded the next time."""
    one, at = watch(1, 15), T0 + 15 * MINUTE
    then = replace(
        journal(one),
        installation_id="ours",
        posted={"inc:1:step:1:channel": Posted(1, 2)},
        said={"inc:1:step:1:channel": at},
        taken={"inc:1:step:1": at},
    )
    mark = "inc:1:step:1:channel:mail:primary"
    now = replace(then, mailed=frozenset({mark}), said={**then.said, mark: at})
    left = Recorded(then, frozenset({"inc:1"}), "ours").out_of(now)
    assert (left.posted, left.taken, left.watches) == ({}, {}, {})
    assert (set(left.mailed), dict(left.said)) == ({mark}, {mark: at})


def test_of_a_report_that_has_become_an_incident_nothing_is_left() -> None:
    """An email that was accepted meanwhile would be news for ever: nothing looks for it under that key."""
    key = REPORT.watch_key
    then = Journal(reports={key: REPORT}, taken={f"{key}:step:0": T0})
    now = replace(then, mailed=frozenset({f"{key}:alert:mail:a@example.com"}))
    assert now.done(key) > then.done(key)
    left = Recorded(then, frozenset({key}), "ours").out_of(now)
    assert not left.has_news


def test_another_databases_incidents_are_left_out() -> None:
    """What the mirror knows of another database is dropped, because INC-1 is another incident there."""
    known = replace(journal(watch(1, 15)), installation_id="theirs", posted={"inc:1:alert": Posted(1, 2)})
    left = Recorded(known.of_reports(), frozenset(), "ours").out_of(known)
    assert (left.posted, left.watches, left.installation_id) == ({}, {}, "ours")


REPORT = UnrecordedReport(
    key="interaction:1",
    guild_id=7,
    severity="SEV1",
    title="あ",
    targets=("a",),
    symptoms=("errors",),
    path=(("q", "yes"),),
    started_at=T0,
    raised_at=T0 + MINUTE,
    by_id=3,
    by_name="responder",
)
UNSENT = UnsentMessage(
    "inc:1:alert",
    OfflineKind.ALERT,
    "channel",
    T0,
    True,
    has_email=False,
    attempt=UnansweredPost(T0 + MINUTE / 8, "{}"),
)
FULL = Journal(
    mirror=UUID(int=1),
    installation_id="x",
    ahead_s=1.5,
    watches={"inc:1": replace(watch(1, 15), owed=(UNSENT,), left=(3,), old_messages=(2,))},
    posted={"inc:1:step:1:channel": Posted(1, 2)},
    said={"inc:1:step:1:channel": T0},
    taken={"inc:1:step:1": T0},
    skipped=frozenset({"inc:1:step:0"}),
    mailed=frozenset({"m"}),
    acknowledged={"inc:2": SeenAck(3, "responder", T0)},
    reports={REPORT.watch_key: REPORT},
)


def test_the_file_gives_back_what_it_got() -> None:
    """A journal is read back from its file unchanged, so that a restart loses nothing.

    Incidents alone are no news of an outage; what was posted or taken is.
    """
    assert from_data(json.loads(encoded(FULL))) == FULL
    assert FULL.has_news
    assert not Journal(watches=FULL.watches).has_news


#: FULL, as the versions before pydantic wrote it.
EARLIER: Final = """
{"mirror": "00000000000000000000000000000001", "installation_id": "x", "ahead_s": 1.5,
 "posted": {"inc:1:step:1:channel": [1, 2]},
 "said": {"inc:1:step:1:channel": "2026-11-24T05:00:00+00:00"},
 "taken": {"inc:1:step:1": "2026-11-24T05:00:00+00:00"},
 "skipped": ["inc:1:step:0"], "mailed": ["m"], "acknowledged": ["inc:2"],
 "reports": [{"key": "interaction:1", "guild_id": 7, "severity": "SEV1", "title": "あ", "targets": ["a"],
  "symptoms": ["errors"], "path": [["q", "yes"]], "started_at": "2026-11-24T05:00:00+00:00",
  "raised_at": "2026-11-24T05:01:00+00:00", "by_id": 3, "by_name": "responder"}],
 "watches": [{"key": "inc:1", "guild_id": 7, "label": "INC-1", "severity": "SEV1",
  "title": "決済 API が 5xx", "targets": ["api.parky.co.jp"], "raised_at": "2026-11-24T05:00:00+00:00",
  "to": "channel", "rings": true, "is_drill": false, "is_private": false, "places": [[1, 2]],
  "rungs": [{"index": 1, "due_at": "2026-11-24T05:15:00+00:00", "mention": "here", "dm": ["primary"]}],
  "owed": [{"key": "inc:1:alert", "word": "alert", "to": "channel", "since": "2026-11-24T05:00:00+00:00",
   "rings": true, "has_email": false,
   "attempt": {"at": "2026-11-24T05:00:07.500000+00:00", "body": "{}"}}],
  "left": [3], "old_messages": [2]}]}
"""

#: The same of a still earlier version, without `mirror`, `said`, `owed`, `left` and `old_messages`.
EARLIEST: Final = """
{"installation_id": "x", "ahead_s": 1.5,
 "posted": {"inc:1:step:1:channel": [1, 2]},
 "taken": {"inc:1:step:1": "2026-11-24T05:00:00+00:00"},
 "skipped": ["inc:1:step:0"], "mailed": ["m"], "acknowledged": ["inc:2"],
 "reports": [{"key": "interaction:1", "guild_id": 7, "severity": "SEV1", "title": "あ", "targets": ["a"],
  "symptoms": ["errors"], "path": [["q", "yes"]], "started_at": "2026-11-24T05:00:00+00:00",
  "raised_at": "2026-11-24T05:01:00+00:00", "by_id": 3, "by_name": "responder"}],
 "watches": [{"key": "inc:1", "guild_id": 7, "label": "INC-1", "severity": "SEV1",
  "title": "決済 API が 5xx", "targets": ["api.parky.co.jp"], "raised_at": "2026-11-24T05:00:00+00:00",
  "to": "channel", "rings": true, "is_drill": false, "is_private": false, "places": [[1, 2]],
  "rungs": [{"index": 1, "due_at": "2026-11-24T05:15:00+00:00", "mention": "here", "dm": ["primary"]}]}]}
"""


def test_a_reaction_of_an_ended_acknowledge_does_not_count_unless_it_is_new() -> None:
    """A former responder's 👀 counts on a new message, and where they had none; other people's always."""
    one = replace(watch(1, 15), left=(3,), old_messages=(2, 4), unmarked=((3, 4),))
    assert from_data(json.loads(encoded(journal(one)))).watches == {"inc:1": one}
    assert [one.counts(3, message_id) for message_id in (2, 4, 5)] == [False, True, True]
    assert one.counts(7, 2)


def test_the_file_of_an_earlier_version_is_read() -> None:
    """The file of an earlier version is read with all that was said and taken, so nothing is done twice.

    Fields that a still earlier version did not have are empty.
    """
    nobody = {"inc:2": None}
    assert from_data(json.loads(EARLIER)) == replace(FULL, acknowledged=nobody)
    watches = {"inc:1": watch(1, 15)}
    assert from_data(json.loads(EARLIEST)) == replace(
        FULL, mirror=None, said={}, watches=watches, acknowledged=nobody
    )


def test_an_earlier_version_can_read_the_file() -> None:
    """The file has the fields and values of an earlier version: after a downgrade it passes over new fields.

    Only the spelling of the id and of the times may differ, and it ignores `unmarked` and `team` of a watch.
    """
    kept, earlier = json.loads(encoded(FULL)), json.loads(EARLIER)
    assert [(each.pop("unmarked"), each.pop("team")) for each in kept["watches"]] == [([], None)]
    assert (kept.pop("known_alerts"), kept.pop("windows")) == ([], [])
    assert set(kept.pop("seen_acks")) == set(kept["acknowledged"])
    parts = ("alert", "sender", "team")
    assert [tuple(one.pop(part) for part in parts) for one in kept["reports"]] == [(None, "", None)]
    assert _comparable(kept) == _comparable(earlier)


def test_an_alert_of_a_monitor_survives_the_file() -> None:
    """A report with a monitor's alert is read as it was written."""
    alert = HeldAlert(
        severity="SEV1",
        title="あ",
        targets=("a",),
        started_at=T0,
        by_id=77,
        by_name="Parky API",
        key="alert:1",
        fingerprint="f" * 64,
        evidence=Evidence(text="あ", author_id=77, author_name="Parky API", url="https://x", at=T0),
        source=Source(50, 1, "Parky API"),
    )
    report = replace(REPORT, alert=alert, sender="webhook:77", team="payments")
    window = AlertWindow(1, 7, "api", "", 3, "responder", began_at=T0, ends_at=T0)
    journal = Journal(reports={report.watch_key: report}, known_alerts=frozenset({"g"}), windows=(window,))
    assert from_data(json.loads(encoded(journal))) == journal
    assert (report.places, report.as_incident.triggered_at) == (((50, 1),), report.raised_at)
    assert report.as_incident.team == "payments"


def _comparable(file: dict[str, Any]) -> object:
    """The file with its id and its times as objects: they can be written in several ways."""
    return _with_times({**file, "mirror": UUID(file["mirror"])})


def _with_times(value: object) -> object:
    if isinstance(value, dict):
        return {key: _with_times(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_times(each) for each in value]
    if isinstance(value, str) and value.startswith("2026-"):
        return datetime.fromisoformat(value)
    return value
