"""The live check of a database: PostgreSQL itself, and servers that are none."""

from bot.domain.errors import OutboundProblem
from bot.domain.systems import Fact, SystemState
from bot.storage.database.vitals import DatabaseVitals
from tests.integration.outbound.upstream import says, upstream


async def test_a_database_that_answers_tells_its_connections(database_url: str) -> None:
    """A database that answers is healthy, and tells how many connections it uses of how many."""
    found = await DatabaseVitals(database_url).look()
    assert (found.state, found.fact) == (SystemState.OK, Fact.DATABASE_ANSWERS)
    assert int(found.values["most"]) >= int(found.values["used"]) >= 1


def test_few_connections_left_and_a_long_statement_are_worth_a_look() -> None:
    """Few connections left and a long statement are each reported.

    If both are the case, the connections are named.
    """
    judged = DatabaseVitals("")._judged
    assert judged(used=90, most=100, longest_s=300).fact is Fact.CONNECTIONS_SHORT
    assert judged(used=10, most=100, longest_s=300).fact is Fact.LONG_QUERY
    assert judged(used=10, most=100, longest_s=59).state is SystemState.OK


async def test_a_port_where_nobody_listens_is_down() -> None:
    """A database whose port refuses the connection twice is down, with the refusal as the problem."""
    async with upstream(says(200)) as there:
        port = there.port
    found = await DatabaseVitals(f"postgresql://a:hunter2@127.0.0.1:{port}/x").look()
    assert (found.state, found.values) == (SystemState.DOWN, {"problem": OutboundProblem.REFUSED})


async def test_a_login_that_is_refused_is_not_an_outage(database_url: str) -> None:
    """The database is there; a person has to correct the address."""
    base, _, _ = database_url.partition("?")
    other = f"{base.rpartition('/')[0]}/no_such_database"
    query = database_url.partition("?")[2]
    found = await DatabaseVitals(f"{other}?{query}" if query else other).look()
    assert (found.state, found.values) == (SystemState.UNKNOWN, {"problem": OutboundProblem.UNAUTHORISED})
