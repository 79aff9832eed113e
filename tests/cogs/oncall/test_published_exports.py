"""Exports as the systems' own documents and migration tools publish them, with names and times of ours.

Sources: Grafana OnCall's API reference (on_call_shifts.md, schedules.md: the shapes of lists, of a schedule
by iCal, and of final shifts); its migration tool's tests (layers of PagerDuty that begin after their first
turn, with turns of seven hours and deactivated users); Opsgenie's description of the Schedule API (periods
that are over have `flattenedRecipients`; a restriction to days of the week is a list).
"""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain.errors import ConfigError
from cogs.oncall.exports import grafana_oncall, opsgenie, pagerduty
from cogs.oncall.rules import LeftOut, SourceSchedule

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)


def page(results: list[dict[str, Any]], *, number: int = 1, of: int = 1) -> dict[str, Any]:
    """A page of a list, as Grafana OnCall frames it."""
    following = f"https://oncall.example.com/api/v1/x?page={number + 1}" if number < of else None
    frame = {"current_page_number": number, "page_size": 50, "total_pages": of}
    return {"count": len(results), "next": following, "previous": None, "results": results, **frame}


def final(user: str, day: int) -> dict[str, Any]:
    """A working day of one person."""
    return {
        "user_pk": f"U{user}",
        "user_email": f"{user}@example.com",
        "user_username": user,
        "shift_start": f"2026-11-{day:02}T09:00:00Z",
        "shift_end": f"2026-11-{day:02}T17:00:00Z",
    }


def left_out(found: SourceSchedule) -> list[LeftOut]:
    return [one.what for one in found.findings]


FINAL = [final("mori", 4), final("sato", 6), final("mori", 9), final("sato", 11)]


def test_a_schedule_of_grafana_by_ical_has_no_rules_and_keeps_its_final_shifts() -> None:
    """A Grafana OnCall schedule by iCal, which has no time zone or shifts, gives its final shifts alone."""
    schedule: dict[str, Any] = {
        "id": "SAAAA",
        "name": "by iCal",
        "type": "ical",
        "team_id": None,
        "ical_url_primary": "https://example.com/calendar.ics",
        "ical_url_overrides": None,
        "on_call_now": [],
        "slack": {"channel_id": None, "user_group_id": None},
    }
    file = {"schedule": schedule, "shifts": page([]), "final_shifts": page(FINAL)}
    found = grafana_oncall.read(file, now=NOW)
    assert found.rotation is None
    assert [shift.person for shift in found.rendered] == ["Umori", "Usato", "Umori", "Usato"]
    assert found.people["Umori"].email == "mori@example.com"


def test_a_shift_of_grafana_on_some_days_is_reported_and_a_single_one_is_no_rule() -> None:
    """The list of the reference: a single event, and every second week's Monday, Wednesday and Friday."""
    common = {"team_id": None, "time_zone": None, "level": 0, "duration": 10800, "users": ["Umori"]}
    single = {"id": "OA", "name": "Once", "type": "single_event", "start": "2026-11-05T08:00:00", **common}
    days = {
        "id": "OB",
        "name": "Afternoons",
        "type": "recurrent_event",
        "start": "2026-09-10T16:00:00",
        "frequency": "weekly",
        "interval": 2,
        "week_start": "SU",
        "by_day": ["MO", "WE", "FR"],
        "by_month": None,
        "by_monthday": None,
        **common,
    }
    schedule = {"id": "SB", "name": "calendar", "type": "calendar", "time_zone": "America/New_York"}
    file = {"schedule": schedule, "shifts": page([single, days]), "final_shifts": page(FINAL)}
    found = grafana_oncall.read(file, now=NOW)
    assert found.rotation is None
    assert [(one.what, one.detail) for one in found.findings] == [(LeftOut.RESTRICTIONS, "Afternoons")]


def test_the_pages_of_an_answer_of_grafana_are_read_as_one() -> None:
    """Fifty shifts are seven weeks of a daily rotation; without the last page nothing is imported."""
    pages = [page(FINAL[:2], number=1, of=2), page(FINAL[2:], number=2, of=2)]
    file = {"schedule": {"name": "long"}, "shifts": page([]), "final_shifts": pages}
    assert len(grafana_oncall.read(file, now=NOW).rendered) == 4
    with pytest.raises(ConfigError, match="next page"):
        grafana_oncall.read({**file, "final_shifts": pages[:1]}, now=NOW)


@pytest.mark.parametrize(
    ("seconds", "is_kept"), [(604_800, True), (172_800, True), (25_200, True), (25_230, False)]
)
def test_a_layer_of_pagerduty_turns_from_its_virtual_start(seconds: int, is_kept: bool) -> None:
    """A PagerDuty layer that was added in the middle of a turn is imported by its virtual start.

    A turn may last seven hours, but not 25,230 seconds. A deactivated user has the id as a name.
    """
    layer = {
        "id": "PLAYER1",
        "name": "Layer 1",
        "start": "2026-10-19T19:25:55Z",
        "end": None,
        "rotation_virtual_start": "2026-10-07T19:00:00Z",
        "rotation_turn_length_seconds": seconds,
        "restrictions": [],
        "users": [{"user": {"id": "PMORI", "summary": "Mori"}}, {"user": {"id": "PGONE"}}],
    }
    schedule = {"name": "S", "time_zone": "Europe/London", "overrides": [], "schedule_layers": [layer]}
    found = pagerduty.read({"schedule": schedule}, now=NOW)
    assert (found.rotation is not None) is is_kept
    assert left_out(found) == ([] if is_kept else [LeftOut.TURN])
    assert found.people["PGONE"].names == ("pgone", "pgone")  # deactivated: only the id is left


def test_a_week_of_opsgenie_with_history_teams_and_restrictions() -> None:
    """An Opsgenie timeline gives the shifts of single people, overrides and forwarding included.

    A team's turn, a participant that is no person and a time restriction are reported as left out.
    """
    mori, sato = ({"type": "user", "id": name, "name": f"{name}@example.com"} for name in ("mori", "sato"))
    team = {"type": "team", "id": "t1", "name": "Operations"}
    restrictions = [
        {"startDay": "monday", "startHour": 9, "startMin": 0, "endDay": "friday", "endHour": 18, "endMin": 30}
    ]
    rotation = {
        "id": "r1",
        "name": "Days",
        "startDate": "2026-10-05T00:00:00Z",
        "type": "hourly",
        "length": 12,
        "participants": [{"type": "user", "id": "mori", "username": "mori@example.com"}, {"type": "none"}],
        "timeRestriction": {"type": "weekday-and-time-of-day", "restrictions": restrictions},
    }
    periods = [
        period(1, "historical", team, flattenedRecipients=[mori, sato]),
        period(3, "default", mori),
        period(4, "override", sato),
        period(5, "forwarding", sato, fromUser="mori"),
        {key: value for key, value in period(6, "default", mori).items() if key != "recipient"},
    ]
    schedule = {"id": "d1", "name": "ops", "timezone": "Asia/Tokyo", "enabled": True, "rotations": [rotation]}
    timeline = {
        "finalTimeline": {"rotations": [{"id": "r1", "name": "Days", "order": 1.0, "periods": periods}]}
    }
    found = opsgenie.read({"schedule": {"data": schedule}, "timeline": {"data": timeline}}, now=NOW)
    assert [shift.person for shift in found.rendered] == ["mori", "sato", "sato"]
    assert left_out(found) == [LeftOut.RESTRICTIONS, LeftOut.NO_PERSON, LeftOut.NO_PERSON]
    assert found.people["sato"].email == "sato@example.com"


def period(day: int, kind: str, recipient: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A day of a timeline."""
    span = {"startDate": f"2026-11-{day:02}T00:00:00Z", "endDate": f"2026-11-{day + 1:02}T00:00:00Z"}
    return {**span, "type": kind, "recipient": recipient, **more}
