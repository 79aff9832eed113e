"""The digest: counted part by part, posted once, with its charts if they are ready."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from bot.domain.charts import Chart
from bot.domain.dlq import DlqTable
from bot.domain.errors import NotPermitted, StorageUnavailable
from bot.domain.incident.incident import IncidentKind
from bot.domain.incident.transitions import AckVia
from bot.domain.statistics.figures import TeamFigures
from bot.domain.statistics.period import IsoWeek
from bot.runbook import default_policy_text, parse_policy
from bot.services.statistics import Statistics
from bot.storage.dlq.store import PostgresDlqStore
from cogs.digest.rules import DigestData, DigestDelivery, DigestPart
from cogs.digest.store import DigestWeeks
from cogs.digest.use_cases import Digests
from tests.services.alerts.test_alerts import alert, receive
from tests.services.database import unreachable
from tests.services.desk import GUILD, OBSERVER, PRIMARY, Desk

#: The desk opens on a Tuesday of this week.
THIS: Final = IsoWeek(2026, 48)
WEEK: Final = timedelta(days=7)


class Studio:
    """Draws at once, and remembers how many charts it was asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    async def draw(self, charts: Sequence[Chart], *, within_s: float = 0.0) -> list[bytes | None]:
        """Return a picture of each chart."""
        self.asked.append(len(charts))
        return [b"png" for _ in charts]


def with_studio(desk: Desk) -> Studio:
    """Let the desk's charts be drawn."""
    studio = Studio()
    desk.charts = studio  # type: ignore[assignment]
    desk.use(desk.discord)
    return studio


async def worked(desk: Desk) -> None:
    """An incident that was acknowledged and resolved, and the next Monday, 18:00."""
    incident = await desk.open("SEV1")
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.work()
    await desk.services.of(Digests).tick()  # registers the guild
    monday = THIS.monday + WEEK
    at = desk.policy.timezone
    due = desk.clock.time.astimezone(at).replace(
        year=monday.year, month=monday.month, day=monday.day, hour=18, minute=0, second=1
    )
    await desk.database.advance(due - desk.clock.time)


async def test_digest_once_a_week_and_late_rather_than_never(desk: Desk) -> None:
    """A new guild gets no digest for an earlier week; a late digest is posted once despite three ticks."""
    assert await desk.services.of(Digests).tick() is None
    await desk.database.advance(timedelta(days=7))
    posted = [await desk.services.of(Digests).tick() for _ in range(3)]
    await desk.work()
    assert posted == [IsoWeek(2026, 48), None, None]
    assert desk.sent(DigestDelivery.POST) == ["channel:p3-insights"]


async def test_digest_by_hand_takes_the_weeks_place(desk: Desk) -> None:
    """Posting it twice is refused, and the tick finds it done."""
    assert await desk.services.of(Digests).post(IsoWeek(2026, 47)) is True
    assert await desk.services.of(Digests).post(IsoWeek(2026, 47)) is False


async def test_figures_survive_a_dlq_that_is_away(desk: Desk) -> None:
    """The digest shows the incidents, and says that the DLQ could not be read."""
    await desk.open("SEV1")
    desk.dlq_store = PostgresDlqStore(unreachable().pool, DlqTable())
    desk.use(desk.discord)
    figures = await desk.services.of(Digests).figures(IsoWeek(2026, 48))
    assert (figures.total, figures.dlq) == (1, None)
    assert str(await desk.services.of(Digests).last_week()) == "2026-W47"


async def test_the_charts_are_stored_with_the_post_and_go_out_with_it(desk: Desk) -> None:
    """The chart goes out with its description; afterwards the database keeps none."""
    studio = with_studio(desk)
    await worked(desk)
    assert await desk.services.of(Digests).tick() == THIS
    (row,) = [one for one in await desk.database.deliveries() if one.kind is DigestDelivery.POST]
    (file,) = DigestData.from_json(row.data).files
    assert file.filename == "incidents.png"
    assert "SEV1：0、0、0、0、0、0、0、1" in file.description
    await desk.work()
    assert desk.discord.files[f"digest:{GUILD}:{THIS}"] == [[b"png"]]
    assert await desk.database.fetch("SELECT FROM attachments WHERE key LIKE 'digest:%'") == []
    assert studio.asked == [1]
    assert await desk.services.of(Digests).tick() is None
    assert studio.asked == [1]


async def test_before_the_hour_the_charts_are_drawn_and_nothing_is_posted(desk: Desk) -> None:
    """The charts are drawn nine minutes before the digest's hour, not eleven, and nothing is posted."""
    studio = with_studio(desk)
    await worked(desk)
    await desk.database.advance(timedelta(minutes=-11))
    assert await desk.services.of(Digests).tick() is None
    assert studio.asked == []
    await desk.database.advance(timedelta(minutes=2))
    assert await desk.services.of(Digests).tick() is None
    assert studio.asked == [1]
    assert [one.kind for one in await desk.database.deliveries()].count(DigestDelivery.POST) == 0


async def test_a_minute_before_the_hour_the_post_is_queued_for_the_hour(desk: Desk) -> None:
    """The digest and its charts are queued a minute before the hour, and sent once, at the hour."""
    with_studio(desk)
    await worked(desk)
    await desk.database.advance(timedelta(seconds=-60))
    for _ in range(2):
        assert await desk.services.of(Digests).tick() is None
        await desk.work()
    assert desk.sent(DigestDelivery.POST) == []
    assert await desk.database.fetch("SELECT FROM attachments WHERE key LIKE 'digest:%'") != []
    await desk.pass_time(seconds=58)
    assert desk.sent(DigestDelivery.POST) == []
    await desk.pass_time(seconds=1)
    assert desk.sent(DigestDelivery.POST) == ["channel:p3-insights"]
    assert await desk.services.of(Digests).tick() is None
    await desk.work()
    assert len(desk.sent(DigestDelivery.POST)) == 1


async def test_without_charts_the_words_go_out(desk: Desk) -> None:
    """A digest whose charts are not ready is posted without them."""
    await worked(desk)
    assert await desk.services.of(Digests).tick() == THIS
    await desk.work()
    assert desk.sent(DigestDelivery.POST) == ["channel:p3-insights"]


async def test_a_week_of_nothing_in_eight_weeks_asks_for_no_chart(desk: Desk) -> None:
    """A digest after eight weeks without incidents is posted, and no chart is drawn for it."""
    studio = with_studio(desk)
    await desk.services.of(Digests).tick()
    await desk.database.advance(WEEK)
    assert await desk.services.of(Digests).tick() is not None
    assert studio.asked == []


_SECOND_CHART: Final = """
INSERT INTO attachments (key, guild_id, filename, content)
SELECT key || '2', guild_id, 'response-times.png', content FROM attachments WHERE key LIKE 'digest:%'
"""
_NAMED_IN_THE_POST: Final = """
UPDATE deliveries
   SET data = jsonb_set(data, '{files,1}', jsonb_build_object(
           'key', (data #>> '{files,0,key}') || '2', 'filename', 'response-times.png', 'description', 'x'))
 WHERE kind = 'digest'
"""


async def test_a_post_of_an_older_version_goes_out_with_both_its_charts(desk: Desk) -> None:
    """It was queued with two, and is sent by this version."""
    with_studio(desk)
    await worked(desk)
    await desk.database.advance(timedelta(seconds=-60))
    await desk.services.of(Digests).tick()
    await desk.database.fetch(_SECOND_CHART)
    await desk.database.fetch(_NAMED_IN_THE_POST)
    await desk.pass_time(minutes=2)
    assert desk.discord.files[f"digest:{GUILD}:{THIS}"] == [[b"png", b"png"]]


@pytest.mark.parametrize("error", [StorageUnavailable("slow"), ZeroDivisionError("a bug")])
async def test_a_part_that_fails_is_missing_and_the_others_are_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """A query that takes too long, or that is wrong."""

    async def fail(*_: object, **__: object) -> None:
        raise error

    await worked(desk)
    monkeypatch.setattr(Statistics, "load", fail)
    digest = await desk.services.of(Digests).figures(THIS)
    assert digest.missing == {DigestPart.LOAD}
    assert digest.total == 1
    assert [week.incidents for week in digest.trend] == [0, 0, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("channel", "rang"),
    [("p0-alerts", 1), ("p1-ops", 0)],  # the second one's reply mentions nobody
)
async def test_an_alert_that_rings_is_harm_like_an_incident(desk: Desk, channel: str, rang: int) -> None:
    """A monitor's alert counts in late acks, time without an owner and open ones, but is no incident."""
    tracked = await receive(desk, alert(desk, content="payments are down", channel=channel))
    await desk.database.advance(timedelta(hours=2))
    digest = await desk.services.of(Digests).figures(THIS)
    assert digest.total == 0
    assert digest.figures.ack_deadlines.missed == rang
    assert [one.id for one in digest.missed] == [tracked.id] * rang
    assert digest.figures.unowned.total_s == pytest.approx(7_200 * rang, abs=60)
    assert [one.incident.id for one in digest.figures.unowned.longest] == [tracked.id] * rang
    assert [one.id for one in digest.open] == [tracked.id] * rang
    assert digest.is_quiet is not bool(rang)


async def test_what_is_owed_is_told_whenever_it_began(desk: Desk) -> None:
    """A missing postmortem of a SEV1 is also in the digest of the next week."""
    await worked(desk)
    digest = await desk.services.of(Digests).figures(THIS.back(-1))
    assert [one.incident.severity for one in digest.postmortems] == ["SEV1"]
    assert not digest.is_quiet


async def test_a_post_by_hand_is_one_of_the_week_and_on_record(desk: Desk) -> None:
    """A permitted person posts the week's digest once; a second attempt returns the first post."""
    with pytest.raises(NotPermitted):
        await desk.services.of(Digests).post_by_hand(by=OBSERVER)
    first = await desk.services.of(Digests).post_by_hand(by=PRIMARY)
    assert (first.week, first.is_new) == (THIS.previous(), True)
    await desk.work()
    second = await desk.services.of(Digests).post_by_hand(by=PRIMARY)
    assert second.is_new is False
    assert second.post is not None
    assert second.post.message_id is not None
    said = [(row.action, row.allowed) for row in await desk.database.audit_rows()]
    assert said[-1] == ("digest_posted", True)
    assert [allowed for _, allowed in said].count(False) == 1


async def test_a_post_by_hand_finds_the_one_that_waits_for_its_hour(desk: Desk) -> None:
    """In the minute before the hour, a post by hand finds the queued digest and says when it is due."""
    await worked(desk)
    await desk.database.advance(WEEK - timedelta(seconds=31))
    await desk.services.of(Digests).tick()
    asked = await desk.services.of(Digests).post_by_hand(by=PRIMARY)
    assert (asked.week, asked.is_new) == (THIS.back(-1), False)
    assert asked.due_at is not None
    assert asked.due_at - desk.clock.time == timedelta(seconds=30)
    await desk.pass_time(minutes=1)
    assert (await desk.services.of(Digests).post_by_hand(by=PRIMARY)).due_at is None


async def test_a_week_is_digested_once(desk: Desk) -> None:
    """The digest of a week can be claimed once in each guild."""
    week = IsoWeek(2026, 47)
    async with desk.store.transaction() as tx:
        now, weeks = await tx.now(), DigestWeeks(tx.sql)
        assert await weeks.claim(GUILD, week, due_at=now)
        assert not await weeks.claim(GUILD, week, due_at=now)
        assert await weeks.claim(GUILD + 1, week, due_at=now)
        assert await weeks.claim(GUILD, week.previous(), due_at=now)


async def test_the_week_is_counted_by_team(desk: Desk) -> None:
    """Incidents are counted, and what was escalated, alerts included; a policy without teams counts none."""
    assert (await desk.services.of(Digests).figures(THIS)).teams == ()
    desk.policy = parse_policy(default_policy_text() + "[teams.payments]\n[teams.web]\n", name="x.toml")
    desk.use(desk.discord)
    new = replace(desk._new("SEV1", key="a", by=PRIMARY), team="payments")
    await desk.incidents.open(new)
    await desk.incidents.open(replace(new, key="b", team=None, kind=IncidentKind.ALERT, fingerprint="f"))
    await desk.pass_time(minutes=16)
    taken = await desk.incidents.open(replace(new, key="c"))
    await desk.acknowledger.acknowledge(taken.id, by=PRIMARY, via=AckVia.BUTTON)
    assert (await desk.services.of(Digests).figures(THIS)).teams == (
        TeamFigures(None, 0, 1),
        TeamFigures("payments", 2, 1),
        TeamFigures("web"),
    )
