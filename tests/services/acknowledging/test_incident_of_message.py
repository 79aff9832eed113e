"""Which incident a 👀 is for, asked by thousands at once."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

import pytest

from bot.domain.errors import StorageUnavailable
from bot.domain.incident.incident import Incident
from bot.services.acknowledging.acknowledge import PASSED_OVER_S, IncidentLookup
from bot.storage.tables.incidents import IncidentRows
from tests.unit.ui.samples import TRIGGERED

SEVEN, EIGHT = replace(TRIGGERED, id=7), replace(TRIGGERED, id=8)


class Asked:
    """Counts the questions; message 1 is one incident's, 2 is a bundle's."""

    def __init__(self) -> None:
        self.questions: list[list[int]] = []
        self.is_away = False

    async def incidents_by_messages(self, message_ids: Sequence[int]) -> Mapping[int, list[Incident]]:
        if self.is_away:
            raise StorageUnavailable("away")
        self.questions.append(list(message_ids))
        await asyncio.sleep(0)
        return {key: value for key, value in {1: [SEVEN], 2: [SEVEN, EIGHT]}.items() if key in message_ids}


async def test_what_is_asked_while_a_question_runs_is_one_question() -> None:
    """A thousand reactions on ten messages are two queries."""
    store = Asked()
    lookup = IncidentLookup(cast("IncidentRows", store))
    asked = (lookup.incidents(number % 10, is_new=False) for number in range(1000))
    found = await asyncio.gather(*asked)
    assert (list(found[1]), list(found[2]), list(found[3])) == ([SEVEN], [SEVEN, EIGHT], [])
    assert len(store.questions) <= 2


async def test_a_message_of_no_interest_is_not_asked_for_again_soon() -> None:
    """A new one is: its id may be stored in a moment. One of ours is asked for each time."""
    store = Asked()
    lookup = IncidentLookup(cast("IncidentRows", store))
    for message_id, is_new in ((5, False), (5, False), (6, True), (6, True), (1, False), (1, False)):
        await lookup.incidents(message_id, is_new=is_new)
    assert store.questions == [[5], [6], [6], [1], [1]]


async def test_it_is_asked_for_again_later() -> None:
    """A message without an incident is looked up again after a while, as it may have got one."""
    store, now = Asked(), [0.0]
    lookup = IncidentLookup(cast("IncidentRows", store), timer=lambda: now[0])
    for at in (0.0, PASSED_OVER_S - 0.01, PASSED_OVER_S, PASSED_OVER_S + 0.01):
        now[0] = at
        await lookup.incidents(5, is_new=False)
    assert store.questions == [[5], [5]]


async def test_a_database_that_is_away_fails_those_who_ask_and_nobody_later() -> None:
    """A database that is away fails those who ask meanwhile, and the failure is not kept as an answer."""
    store = Asked()
    store.is_away = True
    lookup = IncidentLookup(cast("IncidentRows", store))
    failed = await asyncio.gather(
        *(lookup.incidents(number, is_new=False) for number in (1, 1, 5)), return_exceptions=True
    )
    assert [type(error) for error in failed] == [StorageUnavailable] * 3
    store.is_away = False
    assert list(await lookup.incidents(1, is_new=False)) == [SEVEN]


async def test_whoever_stops_waiting_does_not_take_the_answer_from_others() -> None:
    """Two callers share one question, and one who stops waiting does not take the answer from the other."""
    lookup = IncidentLookup(cast("IncidentRows", Asked()))
    first = asyncio.create_task(_ask(lookup))
    second = asyncio.create_task(_ask(lookup))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await second == [SEVEN]


async def _ask(lookup: IncidentLookup) -> list[Incident]:
    return list(await lookup.incidents(1, is_new=False))
