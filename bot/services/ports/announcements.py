"""The system outside that announcements to users are sent to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class AnnouncementMessage:
    """An announcement as a system outside gets it.

    Attributes:
        key: The same for each attempt to send one version: the receiver drops the second one.
        facts: For machines; JSON-able.
    """

    key: str
    facts: Mapping[str, object]


class AnnouncementHook(Protocol):
    """Sends announcements to a system of the team's own."""

    async def publish(self, message: AnnouncementMessage) -> None:
        """Send an announcement.

        Raises:
            OutboundFailed: it did not take it, or did not say.
        """
