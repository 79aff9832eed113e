"""The demo's past, as its database has it."""

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
