"""Absences from people's calendar files: read when they change, kept when a file breaks, told of once."""

import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.cli.runbook import check_file
from bot.domain.errors import ConfigError, UserError
from bot.domain.oncall.absences import TimeAway
from bot.runbook import default_policy_text, load_policy
from bot.runbook.model import Policy
from bot.ui.posts.renderer import render
from bot.ui.words.wording import Wording
from cogs.absence.doctor import findings
from cogs.absence.rules import AbsenceDelivery
from cogs.absence.use_cases import Away
from tests.services.database import Database
from tests.services.desk import PRIMARY, RESPONDER, Desk
from tests.unit.ui import samples

TOKYO = ZoneInfo("Asia/Tokyo")


def calendar(*events: str) -> bytes:
    """A calendar of events, each given by its lines."""
    body = "".join(
        f"BEGIN:VEVENT\nUID:{number}@x\nDTSTAMP:20260101T000000Z\n{event}\nEND:VEVENT\n"
        for number, event in enumerate(events)
    )
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\n{body}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def days(start: datetime, end: datetime, *lines: str) -> str:
    """The lines of an event of whole days, without the last one."""
    dates = f"DTSTART;VALUE=DATE:{start:%Y%m%d}\nDTEND;VALUE=DATE:{end:%Y%m%d}"
    return "\n".join((dates, *lines))


def policy_of(folder: Path) -> Policy:
    """The policy in *folder*, which has the calendar of the person who is always on call."""
    text = f'{default_policy_text()}\n[absence]\ncalendars = {{ "@primary" = "away/primary.ics" }}\n'
    (folder / "policy.toml").write_text(text, encoding="utf-8")
    (folder / "away").mkdir(exist_ok=True)
    return replace(load_policy(folder / "policy.toml"), guild_id=None)


def write(folder: Path, content: bytes) -> None:
    """Write the file, at another moment than before."""
    file = folder / "away" / "primary.ics"
    before = file.stat().st_mtime_ns if file.exists() else 0
    file.write_bytes(content)
    os.utime(file, ns=(before + 10**9, before + 10**9))


def midnight(desk: Desk, *, after: int) -> datetime:
    """The beginning of a day, where the team is."""
    day = desk.clock.time.astimezone(TOKYO) + timedelta(days=after)
    return day.replace(hour=0, minute=0, second=0, microsecond=0)


async def look(desk: Desk) -> list[TimeAway]:
    """The absences after a look at the file."""
    await desk.services.of(Away).look()
    return await desk.services.of(Away).open_ones(by=RESPONDER)


async def told(desk: Desk, kind: AbsenceDelivery) -> list[str]:
    """The posts of a kind, as they read."""
    words = Wording(samples.JA.texts, desk.policy)
    return [str(render(words, one, None)) for one in await desk.database.deliveries() if one.kind is kind]


async def count(desk: Desk, kind: AbsenceDelivery) -> int:
    """How many posts of a kind there are."""
    return len([one for one in await desk.database.deliveries() if one.kind is kind])


async def test_busy_events_are_absences_of_the_person(database: Database, tmp_path: Path) -> None:
    """Whole days are the team's, what recurs comes again, what touches is one; the rest is no absence."""
    desk = Desk(database, policy_of(tmp_path))
    first = midnight(desk, after=3)
    begins = first + timedelta(days=10, hours=9)
    weekly = f"DTSTART:{begins:%Y%m%dT%H%M%S}\nDURATION:PT2H\nRRULE:FREQ=WEEKLY;COUNT=3"
    one = timedelta(days=1)
    write(
        tmp_path,
        calendar(
            days(first, first + one, "SUMMARY:旅行"),
            days(first + one, first + 2 * one, "SUMMARY:二日目"),
            days(first + 4 * one, first + 5 * one, "CLASS:PRIVATE", "SUMMARY:通院"),
            weekly,
            days(first + 6 * one, first + 7 * one, "STATUS:CANCELLED"),
            days(first + 6 * one, first + 7 * one, "TRANSP:TRANSPARENT"),
        ),
    )
    found = await look(desk)
    assert [(away.starts, away.ends, away.reason) for away in found[:2]] == [
        (first, first + 2 * one, "旅行"),
        (first + 4 * one, first + 5 * one, ""),
    ]
    assert [away.starts for away in found[2:]] == [begins + timedelta(weeks=week) for week in range(3)]
    assert {away.who.username for away in found} == {"primary"}
    assert await count(desk, AbsenceDelivery.AWAY_SHIFT) == 2  # those within a week
    with pytest.raises(UserError, match="absence_of_calendar"):
        await desk.services.of(Away).end(found[0].id, by=PRIMARY)


async def test_a_file_that_changes_changes_the_absences(database: Database, tmp_path: Path) -> None:
    """Unchanged events are not told again, grown ones are, and removed ones are withdrawn."""
    desk = Desk(database, policy_of(tmp_path))
    first, one = midnight(desk, after=2), timedelta(days=1)
    write(tmp_path, calendar(days(first, first + one), days(first + 3 * one, first + 4 * one)))
    before = await look(desk)
    assert await look(desk) == before
    assert await count(desk, AbsenceDelivery.AWAY_SHIFT) == 2
    write(tmp_path, calendar(days(first, first + 2 * one)))
    [kept] = await look(desk)
    assert (kept.id, kept.ends) == (before[0].id, first + 2 * one)
    assert await count(desk, AbsenceDelivery.AWAY_SHIFT) == 3
    write(tmp_path, calendar())
    assert await look(desk) == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "見つからない"),
        (b"hello", "iCalendar"),
        (b"x" * (10 * 1024 * 1024), "10.0 MiB、上限 2 MiB"),
    ],
    ids=["missing", "no calendar", "10 MB"],
)
async def test_a_bad_file_is_told_once_and_loses_nothing(
    database: Database, tmp_path: Path, content: bytes | None, says: str
) -> None:
    """The channel and the doctor say why; the absences that were read before stay."""
    desk = Desk(database, policy_of(tmp_path))
    first = midnight(desk, after=20)
    write(tmp_path, calendar(days(first, first + timedelta(days=1))))
    before = await look(desk)
    if content is None:
        (tmp_path / "away" / "primary.ics").unlink()
    else:
        write(tmp_path, content)
    assert [await look(desk) for _ in range(3)] == [before] * 3
    [post] = await told(desk, AbsenceDelivery.AWAY_CALENDAR)
    assert says in post
    assert "away/primary.ics" in post
    [_, finding] = await findings(desk.policy)
    assert finding.state == "warn"
    write(tmp_path, calendar())
    assert await look(desk) == []
    [_, finding] = await findings(desk.policy)
    assert finding.state == "ok"


async def test_the_doctor_says_where_absences_are_told(tmp_path: Path) -> None:
    """It warns if `/oncall` is off, and of a person whom the policy does not know."""
    policy = policy_of(tmp_path)
    [where, _] = await findings(policy)
    assert (where.state, where.said) == ("ok", "told in #p0-alerts, 7d ahead")
    [gone] = await findings(replace(policy, off=("oncall",)))
    assert "/oncall is switched off" in gone.said
    write(tmp_path, calendar())
    file = tmp_path / "policy.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('"@primary" =', '"@primry" ='), encoding="utf-8")
    [_, slip] = await findings(load_policy(file))
    assert slip.state == "warn"
    assert "names no primry" in slip.said


def test_a_check_of_the_policy_names_a_missing_calendar(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`incident-bot runbook check` warns until the file is there."""
    policy_of(tmp_path)
    check_file(tmp_path / "policy.toml")
    assert "warning: away/primary.ics is not there" in capsys.readouterr().out
    write(tmp_path, calendar())
    check_file(tmp_path / "policy.toml")
    assert "warning" not in capsys.readouterr().out


async def test_a_file_that_the_policy_no_longer_names_counts_no_more(
    database: Database, tmp_path: Path
) -> None:
    """Its absences end when the bot runs with the new policy."""
    desk = Desk(database, policy_of(tmp_path))
    first = midnight(desk, after=20)
    write(tmp_path, calendar(days(first, first + timedelta(days=1))))
    assert len(await look(desk)) == 1
    (tmp_path / "policy.toml").write_text(f"{default_policy_text()}\n[absence]\n", encoding="utf-8")
    after = Desk(database, replace(load_policy(tmp_path / "policy.toml"), guild_id=None))
    assert await look(after) == []


def test_a_calendar_of_nobody_is_refused(tmp_path: Path) -> None:
    """The line names the key; a file that is not there yet does not stop the start."""
    assert policy_of(tmp_path).guild_id is None
    text = f'{default_policy_text()}\n[absence]\ncalendars = {{ "A B" = "a.ics" }}\n'
    (tmp_path / "policy.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"absence\.calendars"):
        load_policy(tmp_path / "policy.toml")
