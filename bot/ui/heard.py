"""What messages said, as this process heard them: a form about one opens without asking Discord first."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from bot.domain.evidence import Evidence

_MOST: Final = 500


class Heard:
    """The words of the latest alerts. What is edited or deleted, or may have been, is forgotten, and so read.

    Args:
        most: How many are kept; the oldest go first.
    """

    def __init__(self, *, most: int = _MOST) -> None:
        self._most = most
        self._said: OrderedDict[int, Evidence] = OrderedDict()

    def get(self, message_id: int) -> Evidence | None:
        """What the message says; None where that has to be read."""
        return self._said.get(message_id)

    def keep(self, message_id: int, evidence: Evidence) -> None:
        """It says this now."""
        self._said[message_id] = evidence
        while len(self._said) > self._most:
            self._said.popitem(last=False)

    def forget(self, message_ids: Iterable[int]) -> None:
        """They say something else now, or nothing."""
        for message_id in message_ids:
            self._said.pop(message_id, None)

    def forget_all(self) -> None:
        """Events may have been missed."""
        self._said.clear()
