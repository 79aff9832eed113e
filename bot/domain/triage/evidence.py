"""The message that a triage started from, chosen in the message's menu."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

#: Characters that are kept of a message; Discord allows no more.
EVIDENCE_LIMIT: Final = 4_000


@dataclass(frozen=True, slots=True)
class Evidence:
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

    def as_data(self) -> dict[str, object]:
        """As the database keeps it, and as the timeline entry EVIDENCE carries it."""
        return {
            "text": self.text,
            "author_id": self.author_id,
            "author_name": self.author_name,
            "url": self.url,
            "at": self.at.isoformat(),
        }

    @classmethod
    def from_data(cls, data: Mapping[str, object]) -> "Evidence":
        """The inverse of `as_data`."""
        return cls(
            text=str(data["text"]),
            author_id=int(str(data["author_id"])),
            author_name=str(data["author_name"]),
            url=str(data["url"]),
            at=datetime.fromisoformat(str(data["at"])),
        )
