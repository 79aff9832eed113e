"""The judge of every row and of the random run, on made-up evidence: it must find what breaks the promise."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.faults.judge.invariants import told_apart, told_twice
from tests.faults.judge.promise import Incident, Span, rung_in_vain, unescalated
from tests.faults.judge.seen import Post
from tests.faults.random_run.aftermath import Found, miscounted, unseen

_DUE = datetime(2026, 1, 5, 9, 15, tzinfo=UTC)
_LATER = _DUE + timedelta(hours=1)


def _at(seconds: float) -> datetime:
    return _DUE + timedelta(seconds=seconds)


def _judge(
    incident: Incident,
    *,
    rung: list[datetime] | None = None,
    mailed: list[datetime] | None = None,
    excuses: list[Span] | None = None,
    now: datetime = _LATER,
) -> list[str]:
    return list(unescalated(incident, rung=rung or [], mailed=mailed or [], excuses=excuses or [], now=now))


def test_escalated_in_time_is_well() -> None:
    """Five seconds are allowed, and nothing is asked before they are over."""
    assert _judge(Incident(1, _DUE), rung=[_at(4.9)]) == []
    assert _judge(Incident(1, _DUE), now=_at(4.9)) == []


@pytest.mark.parametrize("ended_at", [None, _at(60)], ids=["open", "cancelled afterwards"])
def test_eight_seconds_late_is_found_whatever_became_of_it(ended_at: datetime | None) -> None:
    """A late or missing escalation is found even if the incident was cancelled afterwards."""
    [said] = _judge(Incident(7, _DUE, ended_at=ended_at), rung=[_at(8)])
    assert "INC-7" in said
    assert str(_at(8)) in said
    [never] = _judge(Incident(7, _DUE, ended_at=ended_at))
    assert "never escalated" in never


def test_before_the_deadline_is_found() -> None:
    """An escalation before the deadline is found, with a moment's tolerance for clocks."""
    assert _judge(Incident(1, _DUE), rung=[_at(-0.5)]) == []
    [said] = _judge(Incident(1, _DUE), rung=[_at(-8)])
    assert str(_at(-8)) in said


def test_answered_in_time_needs_no_escalation() -> None:
    """An incident that is acknowledged or ended before its deadline needs no escalation.

    A later acknowledge does not make up for a missing escalation.
    """
    assert _judge(Incident(1, _DUE, acknowledged_at=_at(-1))) == []
    assert _judge(Incident(1, _DUE, ended_at=_at(-1))) == []
    assert len(_judge(Incident(1, _DUE, acknowledged_at=_at(8)))) == 1


def test_an_email_counts_from_the_deadline_on() -> None:
    """An email counts as an escalation only if it was sent after the deadline, and in time."""
    assert _judge(Incident(1, _DUE), mailed=[_at(3)]) == []
    assert len(_judge(Incident(1, _DUE), mailed=[_at(-60)])) == 1
    assert len(_judge(Incident(1, _DUE), mailed=[_at(8)])) == 1


def test_an_excuse_counts_for_the_deadlines_within_it() -> None:
    """An excuse counts for a deadline within its span, until five seconds after its end, and for no other."""
    within = [Span(_at(-10), _at(20))]
    assert _judge(Incident(1, _DUE), rung=[_at(24)], excuses=within) == []
    assert len(_judge(Incident(1, _DUE), rung=[_at(26)], excuses=within)) == 1
    assert len(_judge(Incident(1, _DUE), rung=[_at(8)], excuses=[Span(_at(-20), _at(-10))])) == 1
    assert len(_judge(Incident(1, _DUE), rung=[_at(8)], excuses=[Span(_at(6), _at(7))])) == 1


def test_ringing_long_after_an_acknowledge_is_found() -> None:
    """A ring 8 s after an acknowledge is found; a ring 4 s after, or soon after an excuse, is not."""
    acknowledged = Incident(7, _DUE, acknowledged_at=_at(30))
    assert list(rung_in_vain(acknowledged, rung=[_at(1), _at(34)], excuses=[])) == []
    [said] = rung_in_vain(acknowledged, rung=[_at(1), _at(38)], excuses=[])
    assert str(_at(38)) in said
    assert list(rung_in_vain(acknowledged, rung=[_at(38)], excuses=[Span(_at(20), _at(36))])) == []


def test_a_step_told_twice_is_found() -> None:
    """A step posted both alone and in a bundle is found, and so is an escalation of no step."""
    step = {"key": "inc:1:step:1:channel", "nonce": "alone", "bundled": None, "message_id": 1}
    alone, together, strange = _post(1, "alone"), _post(2, "together"), _post(3, "strange")
    assert list(told_twice([step], [alone])) == []
    assert len(list(told_twice([{**step, "bundled": "together"}], [alone, together]))) == 1
    assert len(list(told_twice([step], [_post(4, "alone"), strange]))) == 1
    assert list(told_twice([{**step, "message_id": 3}], [strange])) == []


def test_steps_that_were_due_at_once_and_told_one_by_one_are_found() -> None:
    """Two escalations of one incident at one moment are found; two incidents, or two moments, are not."""
    rung = {"incident_id": 1, "at": _DUE}
    assert list(told_apart([rung, {**rung, "incident_id": 2}, {**rung, "at": _LATER}])) == []
    assert list(told_apart([rung, rung])) == [f"INC-1: 2 escalations in the place of one at {_DUE}"]


def test_a_report_is_one_incident_and_one_alert() -> None:
    """Two of either are found, and so is a report that was lost or an alert that is not on record."""
    alert = _post(1, "a", text="@here 🔴 SEV1 · 障害 1")
    other = _post(2, "b", text="@here 🔴 SEV1 · 障害 12")
    assert list(miscounted({"障害 1": True}, ["障害 1"], [alert, other])) == []
    assert list(miscounted({"障害 1": False}, [], [])) == []
    for recorded, standing in ((["障害 1"] * 2, [alert]), (["障害 1"], [alert] * 2), ([], []), ([], [alert])):
        assert list(miscounted({"障害 1": True}, recorded, standing)) != []


def test_eyes_that_nobody_saw_and_an_acknowledge_without_any() -> None:
    """A 👀 without an acknowledge is found, and an acknowledge without that person's 👀."""
    assert list(unseen([Found(1, "a", "primary", {"primary"}, {"primary"}), Found(2, "b", None)])) == []
    assert len(list(unseen([Found(1, "a", None, {"primary"}, {"primary"})]))) == 1
    assert len(list(unseen([Found(1, "a", "primary", set(), {"secondary"})]))) == 1


def _post(number: int, nonce: str, *, text: str = "⏫ SEV1 · INC-1") -> Post:
    return Post(number, "p0-alerts", nonce, text, _DUE, rings=True, in_thread=False)
