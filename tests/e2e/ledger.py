"""What the bot posted for all to see or as a DM, and which of it a story has expected."""

from collections.abc import Callable

from bot.demo.human import Human
from bot.demo.screen import Message

_BY_PEOPLE_OR_BOTS = (0, 19)  # Discord: DEFAULT and REPLY; the others are notes of Discord itself


class Ledger:
    """Each message of the bot is expected once; what nobody expected is a failure."""

    def __init__(self, human: Human) -> None:
        self._human = human
        self._expected: set[str] = set()

    async def expect(
        self,
        channel: str,
        contains: str = "",
        *,
        where: Callable[[Message], bool] = lambda _message: True,
        within_s: float = 10.0,
    ) -> Message:
        """Wait for a message of the bot that nobody has expected before."""
        found = await self._human.see(
            channel,
            contains,
            where=lambda message: self._is_news(message) and where(message),
            within_s=within_s,
        )
        self._expected.add(found.id)
        return found

    async def surprises(self) -> list[str]:
        """The messages that nobody has expected, with where they are."""
        state = await self._human.state()
        found = []
        for place in [*state["channels"], *state["threads"]]:
            for message in await self._human.messages(place["id"]):
                if self._is_news(message):
                    found.append(f"{place['name']}: {message.text}")
        return found

    def _is_news(self, message: Message) -> bool:
        is_bots = bool(message.raw["author"].get("bot")) and message.raw["type"] in _BY_PEOPLE_OR_BOTS
        return is_bots and not message.is_private and message.id not in self._expected
