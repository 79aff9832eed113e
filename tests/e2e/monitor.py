"""A monitor that posts its alerts by webhook, and the bot's answers under them."""

from collections.abc import Sequence

from bot.demo.screen import JSON, Message
from tests.e2e.world import World

NAME = "Parky API"
TITLE = "決済 API が 5xx"


class Monitor:
    """Posts in one channel."""

    def __init__(self, world: World, channel: str = "p1-ops", *, name: str = NAME) -> None:
        self._world = world
        self.channel = channel
        self._name = name

    async def post(self, content: str = TITLE, *, embeds: Sequence[JSON] = ()) -> Message:
        """One alert; it is a bot's message in Discord, and no surprise."""
        posted = await self._world.human.post_webhook(self.channel, self._name, content, embeds=embeds)
        return await self._world.ledger.expect(self.channel, where=lambda found: found.id == posted.id)

    async def alert(self, content: str = TITLE, *, embeds: Sequence[JSON] = ()) -> tuple[Message, Message]:
        """One alert, and the bot's answer to it."""
        posted = await self.post(content, embeds=embeds)
        return posted, await self.answer(posted)

    async def answer(self, posted: Message) -> Message:
        """The bot's answer to *posted*: it rings nobody."""
        reply = await self._world.ledger.expect(self.channel, where=lambda found: _answers(found, posted))
        assert not reply.pings_here
        assert reply.raw["mentions"] == []
        return reply


def _answers(found: Message, posted: Message) -> bool:
    reference = found.raw.get("message_reference") or {}
    return reference.get("message_id") == posted.id
