"""Sending an undelivered notification again: who did so, where it arrived, and what its delivery carries."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.domain.delivery.attempts import UNKNOWN
from bot.domain.delivery.delivery import Posted
from bot.domain.payloads import Payload

#: The name under which a webhook posts a replay. It tells replays from alerts of the same webhook, even to a
#: bot that may not read messages.
REPLAYED_AS: Final = "↻ DLQ"


@dataclass(frozen=True, slots=True)
class ReplayRecord:
    """A replay of a DLQ entry. An entry has one, and one more after each that did not arrive for sure.

    Attributes:
        channel_id, message_id: Where it arrived, once it did.
        error, http_status: Why it did not.
    """

    entry_id: str
    requested_by_id: int
    requested_by_name: str
    requested_at: datetime
    channel: str
    channel_id: int | None = None
    message_id: int | None = None
    error: str | None = None
    http_status: int | None = None

    @property
    def posted(self) -> Posted | None:
        """Return where the replayed message was posted; None if it was not."""
        if self.channel_id is None or self.message_id is None:
            return None
        return Posted(self.channel_id, self.message_id)

    @property
    def is_unknown(self) -> bool:
        """Return True if the message may have arrived: a person has to look before it is sent again."""
        return self.error is not None and self.error.startswith(UNKNOWN)

    @property
    def may_be_repeated(self) -> bool:
        """Return True if the replay failed, so that a person may repeat it."""
        return self.error is not None

    @property
    def has_ended(self) -> bool:
        """Return True if the replay's outcome is known."""
        return self.posted is not None or self.error is not None


class ReplayData(Payload):
    """A DLQ entry sent again.

    Attributes:
        body: The message as it was meant, with the mentions that it allows.
        entry: The entry's id.
        by: The name of the person who sends it.
        batch: The number of the batch that it belongs to.
        keeps_mentions: It notifies the people that it mentions; the person was asked.
    """

    body: dict[str, object]
    entry: str
    by: str
    batch: int | None = None
    keeps_mentions: bool = False
