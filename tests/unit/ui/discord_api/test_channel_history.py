"""Looking for a message of ours in a channel, though Discord's limits interrupt it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

import pytest
from discord.http import Route

from bot.domain.errors import Crowded
from bot.ui.discord_api.client import Payload, Rest
from bot.ui.discord_api.messages import further, standing_message

SINCE = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
OURS = {"id": "900", "channel_id": "7", "author": {"id": "1"}, "content": "ours"}
OTHERS = [{"id": str(number), "author": {"id": "2"}, "content": "x"} for number in range(100, 0, -1)]


class Limited:
    """A `Rest` that answers in turn, or raises."""

    own_id = 1

    def __init__(self, *answers: list[Payload] | Crowded) -> None:
        self.answers = list(answers)
        self.asked_after: list[object] = []

    async def many(self, _route: Route, *, params: Mapping[str, object]) -> list[Payload]:
        """The next answer."""
        self.asked_after.append(params.get("after", params.get("before")))
        answer = self.answers.pop(0)
        if isinstance(answer, Crowded):
            raise answer
        return answer


async def found(rest: Limited) -> int:
    """The id of the message that was looked for; 0: none."""
    posted = await standing_message(cast("Rest", rest), 7, {"content": "ours"}, since=SINCE)
    return 0 if posted is None else posted.message_id


async def test_it_waits_for_room_and_goes_on_where_it_was() -> None:
    """Beginning anew it would never get beyond what one window lets it read."""
    rest = Limited(list(OTHERS), Crowded(0.01), [OURS])
    assert await found(rest) == 900
    assert rest.asked_after[1:] == [100, 100]


async def test_a_preview_makes_it_no_other_message() -> None:
    """A message to which Discord added a link's preview is recognized as the same."""
    shown = {**OURS, "embeds": [{"type": "link", "title": "status.example.org"}]}
    assert await found(Limited([shown])) == 900


async def test_it_does_not_wait_long() -> None:
    """The search for a message gives up if Discord limits the first page, or a further page for long.

    The queue is better at waiting.
    """
    for rest in (Limited(Crowded(0.01)), Limited(list(OTHERS), Crowded(600.0))):
        with pytest.raises(Crowded):
            await found(rest)


async def test_the_last_page_ends_it() -> None:
    """A search that has read a full page of a channel's history ends, without a result, at an empty one."""
    assert await found(Limited(list(OTHERS), [])) == 0


async def test_a_further_page_of_a_watched_channel_waits_for_room() -> None:
    """Reading a further page waits for a free slot instead of giving up, so that no message is missed."""
    rest = Limited(Crowded(0.01), [OURS])
    route = Route("GET", "/channels/{channel_id}/messages", channel_id=7)
    assert await further(cast("Rest", rest), route, before=901) == [OURS]
    assert rest.asked_after == [901, 901]
