"""What the lines in an incident's thread say about its monitor's messages."""

from dataclasses import dataclass
from typing import ClassVar

from bot.domain.delivery.notices import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredNotice(Notice):
    """The monitor says that it is over; a person decides whether it is.

    Attributes:
        url: The monitor's message.
    """

    name: ClassVar = "recovered"

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FiresAgainNotice(Notice):
    """It came again after the monitor had said that it was over.

    Attributes:
        count: How often it came.
    """

    name: ClassVar = "fires_again"

    url: str
    count: int = 0
