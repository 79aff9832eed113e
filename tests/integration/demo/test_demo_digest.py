"""The digest that the demo opens on: its numbers are those that a reader finds in the local Discord."""

from collections import Counter
from collections.abc import Iterable

import pytest

from bot.demo.setup import set_up
from bot.demo.story.cast import CAST, TURNS
from bot.domain.statistics.figures import Deadlines, DrillFigures, Durations, SetAside
from bot.domain.statistics.period import Span
from bot.services.shared.roster import OnCall
from bot.services.statistics import Statistics
from bot.storage.store import Store
from cogs.digest.rules import DigestSchedule, week_due
from local_discord.client import Message
from tests.integration.demo.test_demo_seed import Past, past
from tests.postgres import open_patient_pool

_WATCHED = ("p0-alerts", "p1-ops")
_DRILL = {"ja": "【訓練】", "en": "[DRILL]"}
_UPDATE = {"ja": "✏️ **更新", "en": "✏️ **Update"}


async def told_week(found: Past) -> Span:
    """Return the week of the digest."""
    now = await found.connection.fetchval("SELECT now()")
    policy = found.setup.policy
    rule, zone = policy.of(DigestSchedule), policy.timezone
    week, _ = week_due(now=now, weekday=rule.day.number, at=rule.time, zone=zone)
    return Span(*week.bounds(zone))


def within(week: Span, messages: Iterable[Message]) -> list[Message]:
    """Return the messages of the week."""
    return [one for one in messages if week.start <= one.at < week.end]


async def posted_by_monitors(found: Past, week: Span) -> Counter[str]:
    """Count the messages of webhooks in the watched channels by their senders."""
    shown = [one for name in _WATCHED for one in within(week, await found.human.messages(name))]
    return Counter(one.raw["author"]["username"] for one in shown if one.raw.get("webhook_id"))


async def paged(found: Past, week: Span) -> dict[str, int]:
    """Count the DMs of each person that are of no drill."""
    mark, counts = _DRILL[found.setup.language], {}
    for name in TURNS["primary"]:
        dms = [one for one in within(week, await found.human.dms(name)) if mark not in one.text]
        if dms:
            counts[name] = len(dms)
    return counts


async def updates_written(found: Past, week: Span) -> int:
    """Count the status updates in all threads."""
    threads = [one["id"] for one in (await found.human.state())["threads"]]
    lines = [one.text for each in threads for one in within(week, await found.human.messages(each))]
    return sum(_UPDATE[found.setup.language] in line for line in lines)


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_each_number_of_the_digest_is_found_by_hand(database_url: str, language: str) -> None:
    """Each number of the digest agrees with what can be counted in the local Discord.

    The numbers are of monitors' alerts, pages, status updates in time and late, and the drill.
    """
    async with past(database_url, set_up({}, lang=language)) as found:
        week, policy = await told_week(found), found.setup.policy
        guild_id = int((await found.human.state())["guild"]["id"])
        pool = await open_patient_pool(database_url, max_size=2)
        store = Store(pool)
        statistics = Statistics(store, policy, OnCall(store, policy))
        figures = await statistics.incidents(guild_id, week)
        quality = await statistics.alerts(guild_id, week)
        load = await statistics.load(guild_id, week)
        await pool.close()

        posted = await posted_by_monitors(found, week)
        alerts = {one.name: one.counts for one in quality.sources}
        assert {name: one.messages for name, one in alerts.items()} == posted
        assert posted == {"Sentry": 11, "Alertmanager": 4, "UptimeRobot": 1}
        sentry = alerts["Sentry"]
        assert (sentry.alerts, sentry.acknowledged, sentry.false, sentry.again) == (2, 2, 2, 1)
        assert alerts["UptimeRobot"].acted_on == 1
        assert quality.alerts == 4
        assert figures.set_aside == SetAside()

        names = {actor.id: actor.username for actor in CAST}
        pages = {names[one.person.user_id]: one.pages.total for one in load if one.pages.total}
        assert pages == await paged(found, week)
        # One came late, after the bot had asked; one is the drill's.
        assert await updates_written(found, week) == 5 + 1 + 1
        assert figures.updates == Deadlines(met=5, missed=1)
        assert figures.drills == DrillFigures(1, Durations(1, 180.0, 180.0))
