"""The demo's past, as its database and its local Discord have it."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

import asyncpg
import pytest

from bot.demo import clock
from bot.demo.running_demo import prepare
from bot.demo.setup import Setup, set_up
from bot.demo.story.beginning import REPORTS
from bot.demo.story.cast import TURNS, Cast, enter
from bot.domain.calendar.business_time import Weekday
from bot.runbook import Policy
from bot.storage.store import Store
from cogs.suspects.rules import KnownReport, resembling
from cogs.suspects.store import SuspectStore
from cogs.suspects.use_cases import PAST_KNOWN
from local_discord.client import Human
from local_discord.running import running_discord
from tests.postgres import connect, open_patient_pool

_JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]+")
_CHANNELS = ("p0-alerts", "p1-ops", "p2-deploys")

_POSTS = """
SELECT incidents.*, posts.message_ids
  FROM incidents
  JOIN (SELECT incident_id, array_agg(message_id) AS message_ids
          FROM deliveries WHERE status = 'sent' GROUP BY incident_id) AS posts ON incident_id = id
 ORDER BY id
"""


@dataclass(frozen=True)
class Past:
    """A local Discord and a database with the demo's past."""

    connection: asyncpg.Connection
    human: Human
    setup: Setup

    async def rows(self, query: str) -> list[Any]:
        """Return the rows of *query*."""
        return list(await self.connection.fetch(query))


@asynccontextmanager
async def past(
    database_url: str, setup: Setup | None = None, *, later: timedelta = timedelta()
) -> AsyncIterator[Past]:
    """The past of a demo that is set up so, and begins *later*."""
    setup = setup or set_up({})
    connection = await connect(database_url)
    try:
        async with running_discord(bot_name="incident-bot") as discord:
            await clock.install(connection)
            await clock.move(connection, later)
            await discord.human.advance_clock(later.total_seconds())
            assert await prepare(connection, discord.human, setup)
            yield Past(connection, discord.human, setup)
    finally:
        await connection.close()


@asynccontextmanager
async def started_on(database_url: str, day: str, at: time) -> AsyncIterator[Past]:
    """The past of a demo that begins at this local time of the next such day."""
    now, weekday = datetime.now(set_up({}).policy.timezone), Weekday(day).number
    ahead = timedelta(days=(weekday - now.weekday()) % 7 or 7)
    begins = datetime.combine(now.date() + ahead, at, now.tzinfo)
    async with past(database_url, later=begins - now) as found:
        yield found


def _is_archived(thread: dict[str, Any]) -> bool:
    return bool(thread["thread_metadata"]["archived"])


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_each_incident_has_its_post_and_its_thread(database_url: str, language: str) -> None:
    """Each incident's alert is in its channel at its time, and its thread is archived once it has ended.

    Every message that the database knows of exists, and the English demo has no Japanese words.
    """
    async with past(database_url, set_up({}, lang=language)) as found:
        state = await found.human.state()
        threads = {one["id"]: one for one in state["threads"]}
        shown = {one.id: one for name in _CHANNELS for one in await found.human.messages(name)}
        incidents = await found.rows(_POSTS)
        assert [one["kind"] for one in incidents].count("incident") == 23
        assert len(incidents) == 26
        for incident in incidents:
            alert = shown[str(incident["alert_message_id"])]
            assert incident["title"] in alert.text
            assert alert.at - incident["triggered_at"] < timedelta(seconds=2)
            if incident["kind"] == "alert":  # what a monitor posted, and the bot's answer to it
                source = shown[str(incident["source_message_id"])]
                assert (source.raw["webhook_id"], source.raw["author"]["username"]) == (
                    str(incident["reported_by_id"]),
                    incident["reported_by_name"],
                )
                assert alert.raw["message_reference"]["message_id"] == source.id
                continue
            thread = threads[str(incident["thread_id"])]
            assert incident["title"] in thread["name"]
            assert _is_archived(thread) is (incident["status"] == "resolved")
            lines = await found.human.messages(thread["id"])
            assert "JST" in lines[1].text
            there = {int(one) for one in shown} | {int(one.id) for one in lines}
            dms = [
                int(one.id) for name in ("sato", "suzuki", "takahashi") for one in await found.human.dms(name)
            ]
            assert set(incident["message_ids"]) <= there | set(dms)
        if language == "en":
            said = [one.text for one in shown.values()]
            said += [line.text for one in threads for line in await found.human.messages(one)]
            assert not _JAPANESE.findall("\n".join([*said, *(str(one["name"]) for one in threads.values())]))


async def test_notes_of_people_are_pinned(database_url: str) -> None:
    """Each pinned note on the timeline is a message of the same person in the incident thread, with a 📌."""
    async with past(database_url) as found:
        pins = await found.rows("SELECT * FROM timeline WHERE kind = 'pinned'")
        assert len(pins) == 8
        for pin in pins:
            (incident,) = await found.rows(f"SELECT * FROM incidents WHERE id = {pin['incident_id']}")
            lines = {
                line.raw["timestamp"]: line for line in await found.human.messages(str(incident["thread_id"]))
            }
            (line,) = [one for one in lines.values() if one.content in pin["data"] and one.content]
            assert line.raw["author"]["global_name"] == pin["actor_name"]
            assert set(line.reactions) == {"📌", "✅"}


async def test_whoever_looks_at_the_past_finds_names(database_url: str) -> None:
    """Each ended incident names who reported, acknowledged and resolved it as Discord shows the names."""
    async with past(database_url) as found:
        names = {int(one["id"]): one["shown_name"] for one in (await found.human.state())["members"]}
        hooks = {
            int(one.raw["webhook_id"]): one.raw["author"]["username"]
            for name in _CHANNELS
            for one in await found.human.messages(name)
            if one.raw.get("webhook_id")
        }
        ended = await found.rows("SELECT * FROM incidents WHERE resolved_at IS NOT NULL")
        assert ended
        for row in ended:
            for act in ("reported", "acknowledged", "resolved"):
                assert (names | hooks)[row[f"{act}_by_id"]] == row[f"{act}_by_name"]


async def test_past_has_action_items_that_are_still_of_use(database_url: str) -> None:
    """Each action item has its line in the thread and its timeline entry, and each open one has a job.

    Of four action items one is done and two are overdue.
    """
    async with past(database_url) as found:
        items = await found.rows(
            "SELECT action_items.*, due_on < now()::date AS is_late, thread_id,"
            "       EXISTS (SELECT FROM pgqueuer WHERE dedupe_key = 'action:' || action_items.id) AS has_job"
            "  FROM action_items JOIN incidents ON incidents.id = incident_id ORDER BY action_items.id"
        )
        assert len(items) == 4
        for item in items:
            lines = [one.text for one in await found.human.messages(str(item["thread_id"]))]
            assert any(f"**AI-{item['id']}** {item['what']}" in line for line in lines)
            is_done = item["status"] == "done"
            assert any(f"**AI-{item['id']} 完了**" in line for line in lines) is is_done
            assert item["has_job"] is not is_done
        assert [item["status"] for item in items].count("done") == 1
        assert sum(item["is_late"] for item in items if item["status"] == "open") == 2
        kinds = await found.rows("SELECT kind FROM timeline WHERE kind LIKE 'action%' ORDER BY kind")
        assert [row["kind"] for row in kinds] == [*["action_added"] * 4, "action_done"]


async def test_past_says_how_it_was_resolved_and_what_it_owes(database_url: str) -> None:
    """Alerts of the past show the stored cause; nine postmortems are done, and four are open, with jobs."""
    async with past(database_url) as found:
        said = await found.rows(
            "SELECT cause, alert_channel_id, alert_message_id"
            "  FROM resolutions JOIN incidents ON id = incident_id"
        )
        assert len(said) == 5
        for row in said:
            shown = await found.human.messages(str(row["alert_channel_id"]))
            (alert,) = [one for one in shown if one.id == str(row["alert_message_id"])]
            assert f"原因：{row['cause']}" in alert.text
        states = await found.rows("SELECT state, count(*) FROM postmortems GROUP BY 1 ORDER BY 1")
        assert [tuple(row) for row in states] == [("done", 8), ("owed", 5)]
        assert await found.rows("SELECT 1 FROM postmortems WHERE remind_at < now()") == []
        unreminded = await found.rows(
            "SELECT incident_id FROM postmortems"
            "  LEFT JOIN pgqueuer ON dedupe_key = 'postmortem:' || incident_id"
            " WHERE remind_at IS DISTINCT FROM execute_after"
        )
        assert unreminded == []


async def test_past_is_told_in_the_policys_language(database_url: str) -> None:
    """No word of an English demo's past is Japanese, and its people have Latin names."""
    async with past(database_url, set_up({}, lang="en")) as found:
        (row,) = await found.rows(
            "SELECT concat((SELECT json_agg(i) FROM incidents AS i), (SELECT json_agg(t) FROM timeline AS t),"
            " (SELECT json_agg(f) FROM admin.notification_failures AS f),"
            " (SELECT json_agg(o) FROM oncall_schedules AS o),"
            " (SELECT json_agg(d) FROM deliveries AS d)) AS told"
        )
    assert "Vacancy API: p95 is 2.4 s" in row["told"]
    assert "Suzuki" in row["told"]
    assert not _JAPANESE.findall(row["told"])


async def test_past_leaves_out_what_the_policy_does_not_have(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A team without Parky's SEV2 sees the other incidents."""
    policy = set_up({}).policy
    kept = {name: rules for name, rules in policy.severities.items() if name != "SEV2"}
    ours: Policy = replace(policy, severities=kept)
    monkeypatch.setattr(Setup, "policy", property(lambda _self: ours))
    async with past(database_url) as found:
        severities = await found.rows("SELECT DISTINCT severity FROM incidents ORDER BY severity")
    assert [row["severity"] for row in severities] == ["SEV1", "SEV3"]


@pytest.mark.parametrize(
    ("day", "at"),
    [("sun", time(23, 59)), ("mon", time(9, 59)), ("mon", time(10)), ("mon", time(18)), ("mon", time(18, 1))],
)
async def test_past_fits_whenever_the_demo_begins(database_url: str, day: str, at: time) -> None:
    """Whether the demo begins before or after the handover and the digest, its events are all in the past.

    Sato is on call, and only the threads of open incidents are not archived.
    """
    async with started_on(database_url, day, at) as found:
        now = await found.connection.fetchval("SELECT now()")
        (latest,) = await found.rows("SELECT max(at) AS entry, min(at) AS first FROM timeline")
        assert latest["entry"] < now
        assert now - latest["first"] < timedelta(days=70)
        cast = Cast.at(await enter(found.human, "ja"), found.setup.policy, now=now)
        assert [cast.person(place, at=now).name for place in TURNS] == ["佐藤", "鈴木", "伊藤"]
        open_ones = await found.rows("SELECT thread_id::text FROM incidents WHERE resolved_at IS NULL")
        awake = {one["id"] for one in (await found.human.state())["threads"] if not _is_archived(one)}
        assert awake == {row["thread_id"] for row in open_ones}


async def test_second_start_writes_nothing_twice(database_url: str) -> None:
    """A demo that keeps its data goes on with the past that it has."""
    async with past(database_url) as found:
        before = await found.rows("SELECT count(*) FROM deliveries")
        assert not await prepare(found.connection, found.human, found.setup)
        assert await found.rows("SELECT count(*) FROM deliveries") == before


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_open_incident_has_happened_before(database_url: str, language: str) -> None:
    """`/incident similar` in the demo finds last week's: its cause, an output and an open action item."""
    async with past(database_url, set_up({}, lang=language)) as found:
        guild_id = int((await found.human.state())["guild"]["id"])
        pool = await open_patient_pool(database_url, max_size=2)
        store = SuspectStore(Store(pool).sql)
        report = REPORTS[language]
        open_one = KnownReport(0, report.title, (*report.targets,), (*report.symptoms,))
        (alike,) = resembling(open_one, await store.past_reports(guild_id, limit=PAST_KNOWN))
        (ended,) = await store.ended_incidents(guild_id, [alike.number])
        thread = await found.human.messages(str(ended.incident.thread.id))
        await pool.close()
    assert alike.same_targets == (*report.targets,)
    assert ended.incident.aftermath.resolution is not None
    assert ended.topics == ("database",)
    assert len(ended.open_items) == 1
    assert sum("Max client connections reached" in one.text for one in thread) == 1
