"""Messages as Discord's JSON has them, on their way to the timeline."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from bot.domain.errors import DeliveryRefused
from bot.ui.discord_api.client import Rest
from bot.ui.discord_api.messages import ThreadReader, message_from
from tests.unit.ui.samples import POLICY

MESSAGE: dict[str, Any] = {
    "id": "900",
    "channel_id": "301",
    "author": {"id": "5", "username": "observer", "global_name": "観測者"},
    "content": "DB を再起動した",
    "timestamp": "2026-11-24T05:07:00.000000+00:00",
    "edited_timestamp": None,
    "attachments": [],
    "embeds": [],
}
PINNED = {**MESSAGE, "reactions": [{"count": 1, "emoji": {"id": None, "name": "📌"}}]}


class Answers:
    """As much of `Rest` as reading needs; an error is raised."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    async def one(self, _route: object) -> Any:
        return self._given()

    async def many(self, _route: object, *, params: object) -> Any:
        return self._given()

    def _given(self) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def reading(answer: Any, *, emoji: str = "📌", reads: bool = True) -> ThreadReader:
    """Reads what *answer* is."""
    policy = replace(POLICY, timeline=replace(POLICY.timeline, pin_emoji=emoji))
    return ThreadReader(cast("Rest", Answers(answer)), policy, reads_content=reads)


def test_a_message_with_all_that_is_kept() -> None:
    """A message is read with its ids, author, text, address, time, and the time of its last edit."""
    found = message_from(MESSAGE, guild_id=7, reads_content=False)
    assert (found.id, found.channel_id, found.is_readable, found.edited_at) == (900, 301, True, None)
    assert (found.content.text, found.content.author_name) == ("DB を再起動した", "観測者")
    assert found.content.url == "https://discord.com/channels/7/301/900"
    assert found.content.at == datetime(2026, 11, 24, 5, 7, tzinfo=UTC)
    edited = {**MESSAGE, "edited_timestamp": "2026-11-24T05:09:00+00:00"}
    assert message_from(edited, guild_id=7, reads_content=False).edited_at == datetime(
        2026, 11, 24, 5, 9, tzinfo=UTC
    )


@pytest.mark.parametrize(("reads", "readable"), [(True, True), (False, False)])
def test_no_words_may_be_hidden_words(*, reads: bool, readable: bool) -> None:
    """An empty content is readable only with the message content intent."""
    assert message_from({**MESSAGE, "content": ""}, guild_id=7, reads_content=reads).is_readable is readable


@pytest.mark.parametrize(
    ("emoji", "reacted", "has_pin"),
    [
        ("📌", {"id": None, "name": "📌"}, True),
        ("📌", {"id": None, "name": "👀"}, False),
        ("<:pin:123456789012345678>", {"id": "123456789012345678", "name": "renamed"}, True),
        ("<:pin:123456789012345678>", {"id": "123456789012345679", "name": "pin"}, False),
    ],
)
async def test_the_policys_pin_is_seen(emoji: str, reacted: dict[str, Any], *, has_pin: bool) -> None:
    """A custom emoji is known by its id."""
    message = {**MESSAGE, "reactions": [{"count": 1, "emoji": reacted}]}
    found = await reading(message, emoji=emoji).message(301, 900, guild_id=7)
    assert found is not None
    assert found.has_pin is has_pin


async def test_the_latest_come_oldest_first() -> None:
    """The latest messages of a channel are returned oldest first, though Discord gives the newest first."""
    found = await reading([PINNED, {**MESSAGE, "id": "899"}]).latest(301, guild_id=7)
    assert [(one.id, one.has_pin) for one in found] == [(899, False), (900, True)]


async def test_what_is_gone_is_no_error() -> None:
    """A deleted message, a deleted or hidden thread."""
    gone = DeliveryRefused("HTTP 404 10008 Unknown Message", http_status=404, code=10008)
    assert await reading(gone).message(301, 900, guild_id=7) is None
    assert await reading(gone).latest(301, guild_id=7) == []
