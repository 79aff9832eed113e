"""The demo's past, as its database has it."""

import re
from dataclasses import replace

from bot.demo.seed import Place, seed
from bot.runbook import load_policy
from tests.postgres import connect

PEOPLE = {name: number for number, name in enumerate(("primary", "secondary", "responder", "admin"), start=1)}


async def test_whoever_looks_at_the_past_finds_names(database_url: str) -> None:
    """Who ended an incident is on it, as who reported and acknowledged it is."""
    connection = await connect(database_url)
    try:
        assert await seed(connection, policy=load_policy(None), place=Place(guild_id=7, people=PEOPLE))
        ended = await connection.fetch("SELECT * FROM incidents WHERE resolved_at IS NOT NULL")
    finally:
        await connection.close()
    assert ended
    for row in ended:
        assert row["resolved_by_id"] == PEOPLE[row["resolved_by_name"]]


async def test_past_is_told_in_the_policys_language(database_url: str) -> None:
    """No word of an English demo's past is Japanese."""
    connection = await connect(database_url)
    try:
        policy = replace(load_policy(None), language="en")
        await seed(connection, policy=policy, place=Place(guild_id=7, people=PEOPLE))
        told = await connection.fetchval(
            "SELECT concat((SELECT json_agg(i) FROM incidents AS i), (SELECT json_agg(t) FROM timeline AS t),"
            " (SELECT json_agg(f) FROM admin.notification_failures AS f))"
        )
    finally:
        await connection.close()
    assert "Vacancy API: p95 is 2.4 s" in told
    assert not re.findall(r"[\u3040-\u30ff\u4e00-\u9fff]+", told)


async def test_past_leaves_out_what_the_policy_does_not_have(database_url: str) -> None:
    """A team without Parky's SEV2 sees the other incidents."""
    connection = await connect(database_url)
    try:
        policy = load_policy(None)
        kept = {name: rules for name, rules in policy.severities.items() if name != "SEV2"}
        await seed(connection, policy=replace(policy, severities=kept), place=Place(7, PEOPLE))
        found = await connection.fetch("SELECT DISTINCT severity FROM incidents ORDER BY severity")
    finally:
        await connection.close()
    assert [row["severity"] for row in found] == ["SEV1", "SEV3"]
