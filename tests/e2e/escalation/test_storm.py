"""Very much at once: 200 escalations become one message per place, on record each, acknowledged as one."""

from tests.e2e.world.world import World

COUNT = 200

_OPEN = """
WITH opened AS (
    INSERT INTO incidents (guild_id, key, severity, priority, title, targets, started_at, triggered_at,
                           ack_due_at, reported_by_id, reported_by_name)
    SELECT $1, 'storm:' || n, 'SEV1', 'P0', '障害 ' || n, ARRAY['api.parky.co.jp'], now(), now(),
           now() + interval '15 minutes', 1, 'storm'
      FROM generate_series(1, $2::integer) AS n
    RETURNING id
), climbed AS (
    INSERT INTO escalation_steps (incident_id, index, due_at, mention, dm, starts_at)
    SELECT id, 1, now() + interval '15 minutes', 'here', ARRAY['primary', 'secondary'], now()
      FROM opened
    RETURNING incident_id, index, due_at
)
INSERT INTO pgqueuer (priority, created, updated, heartbeat, execute_after, status, entrypoint, dedupe_key,
                      payload)
SELECT 100, now(), now(), now(), due_at, 'queued', 'escalate', 'step:' || incident_id || ':' || index,
       convert_to(incident_id || ':' || index, 'UTF8')
  FROM climbed
"""
_RECORD = """
SELECT count(DISTINCT incident_id) FILTER (WHERE kind = 'escalation') AS escalated,
       count(*) FILTER (WHERE kind = 'escalation') AS escalations,
       count(DISTINCT incident_id || target) FILTER (WHERE kind = 'page') AS paged,
       count(*) FILTER (WHERE kind = 'page') AS pages
  FROM deliveries WHERE status = 'sent'
"""


async def open_many(world: World) -> None:
    """As many incidents whose ladder begins in a quarter of an hour."""
    async with world.database() as connection:
        await connection.execute(_OPEN, int(world.sandbox.address.guild_id), COUNT)


async def expect_all_on_record(world: World) -> None:
    """Expect one escalation per incident and one notification per person."""
    [told] = await world.rows(_RECORD)
    assert tuple(told) == (COUNT, COUNT, 2 * COUNT, 2 * COUNT)
    entries = await world.rows("SELECT incident_id FROM timeline WHERE kind = 'escalated'")
    assert len(entries) == len({row["incident_id"] for row in entries}) == COUNT


async def too_many(world: World) -> list[str]:
    """The requests that Discord found too many."""
    log = world.sandbox.core.log.since(0)
    return [entry["path"] for entry in log if entry["kind"] == "rest" and entry["status"] == 429]


async def test_two_hundred_at_once_are_one_mention_and_one_tap(world: World) -> None:
    """One `@here`, one DM each, although the bot is killed when the first is out; one tap is for all of them.

    Everything is on record, and Discord never says 429.
    """
    await open_many(world)
    await world.settle()
    await world.shift(minutes=15)
    rung = await world.expect_message("p0-alerts", contains=f"⏫ SEV1 · {COUNT} 件 ack なし", pings_here=True)
    await world.die_and_return()
    assert "ほか 185 件" in rung.text
    for who in ("primary", "secondary"):
        await world.expect_dm(who, contains=f"⏫ SEV1 · {COUNT} 件 ack なし")
    await world.expect_nothing_more()
    await expect_all_on_record(world)

    asked = await world.click(rung, "すべて ack", by="responder")
    assert f"{COUNT} 件すべてを ack しますか" in asked.text
    opened = await world.human.press("observer", await world.reread(rung), "1 件を開く", values=["1"])
    assert "INC-1" in opened.text
    said = await world.human.press("responder", asked.messages[0], f"{COUNT} 件すべて ack する")
    assert f"{COUNT} 件を ack しました" in said.text
    await world.expect_text(rung, f"{COUNT} 件とも ack 済み")
    [left] = await world.rows("SELECT count(*) FROM incidents WHERE status = 'triggered'")
    assert left["count"] == 0
    await world.expect_nothing_more()
    assert await too_many(world) == []
