"""The messages that the bot posted, and which of them a story has expected."""

import re
from collections.abc import Callable

from local_discord.client import Human, Message
from tests.patience import PATIENCE_S

#: Discord's flag of a message that rings no phone: the lines that say who is triaging.
SILENT = 1 << 12

#: Types of messages that somebody wrote; the others are notes of Discord itself.
WRITTEN = (0, 19)


#: How a message about new failures in the DLQ begins. It comes within a minute, in the middle of any story.
_BURST = "📭"
#: How the commands begin that a thread begins with, behind the mark of a drill.
_SHEET = "**📋"
_MARKED = 20
#: What an edit makes of them when the incident becomes private, or its thread is left.
_SHEET_LEFT = re.compile(r"🔒 INC-\d+ 非公開にしました|↗ INC-\d+ の続きはこちら")


class Ledger:
    """Each message of the bot must be expected once; an unexpected one is a failure.

    Attributes:
        hears_of_failures: Messages about new failures in the DLQ count as well.
    """

    def __init__(self, human: Human) -> None:
        self._human = human
        self._expected: set[str] = set()
        self._forgiven: set[str] = set()
        self.hears_of_failures = False

    async def expect(
        self,
        channel: str,
        contains: str = "",
        *,
        where: Callable[[Message], bool] = lambda _message: True,
        within_s: float = PATIENCE_S,
    ) -> Message:
        """Wait for a message of the bot that has not been expected before."""
        found = await self._human.see(
            channel,
            contains,
            where=lambda message: self._is_news(message) and where(message),
            within_s=within_s,
        )
        self._expected.add(found.id)
        return found

    def forgive(self, *places: str) -> None:
        """Ignore all messages in *places* (names or ids)."""
        self._forgiven |= set(places)

    async def surprises(self) -> list[str]:
        """Return the unexpected messages, with their places."""
        state = await self._human.state()
        found = []
        for place in [*state["channels"], *state["threads"]]:
            if self._forgiven & {place["id"], place["name"]}:
                continue
            shown = await self._human.messages(place["id"])
            found += [f"{place['name']}: {message.text}" for message in shown if self._is_news(message)]
        return found

    def _is_news(self, message: Message) -> bool:
        is_bots = bool(message.raw["author"].get("bot")) and message.raw["type"] in WRITTEN
        if message.raw["flags"] & SILENT:
            return False  # the stories about triage look at these themselves
        if _is_sheet(message):
            return False  # every thread begins with it; the story of command sheets looks at it
        if message.text.startswith(_BURST) and not self.hears_of_failures:
            return False
        return is_bots and not message.is_private and message.id not in self._expected


def _is_sheet(message: Message) -> bool:
    """Return True for the commands that a thread begins with, also once they were emptied."""
    is_left = message.raw.get("edited_timestamp") is not None and _SHEET_LEFT.search(message.text)
    return _SHEET in message.text[:_MARKED] or bool(is_left)
