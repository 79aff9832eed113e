"""The mirror's rule: what is due while the database is away, once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from bot.domain.delivery import Posted
from bot.domain.emergency import GRACE, Journal, Report, Rung, Watch
from bot.domain.severity import Mention
from bot.services.emergency_journal import as_data, from_data

T0 = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def rung(index: int, *, minutes: float) -> Rung:
    """A step so long after the alert."""
    return Rung(index, T0 + minutes * MINUTE, Mention.HERE, ("primary",))


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
        rungs=tuple(rung(index, minutes=after) for index, after in enumerate(minutes, start=1)),
    )


def journal(*watches: Watch) -> Journal:
    """A mirror of these."""
    return Journal(watches={one.key: one for one in watches})


def test_not_before_the_database_has_had_its_chance() -> None:
    """At the deadline the regular way decides; shortly after it, this one."""
    mirrored = journal(watch(1, 15))
    assert mirrored.due(T0 + 15 * MINUTE) == []
    assert mirrored.due(T0 + 15 * MINUTE + GRACE) == [(watch(1, 15), rung(1, minutes=15), ())]


def test_of_one_ladder_the_last_speaks_for_all() -> None:
    """After a long standstill nobody is rung three times for one fact; the longest overdue comes first."""
    first, second = watch(1, 15, 30, 60), watch(2, 10)
    due = journal(first, second).due(T0 + 40 * MINUTE)
    assert [(each.key, step.index, [one.index for one in skipped]) for each, step, skipped in due] == [
        ("inc:2", 1, []),
        ("inc:1", 2, [1]),
    ]


def test_what_was_taken_or_acknowledged_is_not_due() -> None:
    """Once is enough."""
    one = watch(1, 15, 30)
    taken = replace(journal(one), taken={"inc:1:step:1": T0})
    assert taken.due(T0 + 20 * MINUTE) == []
    assert len(taken.due(T0 + 31 * MINUTE)) == 1
    assert replace(journal(one), acknowledged=frozenset({"inc:1"})).due(T0 + 60 * MINUTE) == []


def test_the_file_gives_back_what_it_got() -> None:
    """A restart loses nothing."""
    report = Report(
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
    full = Journal(
        mirror=UUID(int=1),
        installation_id="x",
        ahead_s=1.5,
        watches={"inc:1": watch(1, 15)},
        posted={"inc:1:step:1:channel": Posted(1, 2)},
        taken={"inc:1:step:1": T0},
        skipped=frozenset({"inc:1:step:0"}),
        mailed=frozenset({"m"}),
        acknowledged=frozenset({"inc:2"}),
        reports={report.watch_key: report},
    )
    assert from_data(as_data(full)) == full
    of_an_older_version = {name: kept for name, kept in as_data(full).items() if name != "mirror"}
    assert from_data(of_an_older_version) == replace(full, mirror=None)
    assert full.has_news
    assert not Journal(watches=full.watches).has_news
