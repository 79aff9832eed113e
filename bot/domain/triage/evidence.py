"""The message that a triage started from, chosen in the message's menu."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.masking.masking import mask
from bot.domain.payloads import Payload

#: Characters that are kept of a message; Discord allows no more.
EVIDENCE_LIMIT: Final = 4_000


class Evidence(Payload):
    """A message as it was when the triage started from it.

    Attributes:
        text: Its words, up to 4,000 characters; empty when it had none (an image, an embed).
        author_name: The name that it was posted under; a webhook's name included.
        url: Its address in Discord.
        at: When it was posted, aware.
    """

    text: str
    author_id: int
    author_name: str
    url: str
    at: datetime

    def masked(self) -> "Evidence":
        """Return the message as it may be stored and shown elsewhere: without secrets and emails."""
        return replace(self, text=mask(self.text).text)
