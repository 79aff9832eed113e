"""What the lines in an incident's thread say about its monitor's messages."""

from bot.domain.delivery.notices import Notice


class RecoveredNotice(Notice, name="recovered"):
    """The monitor says that it is over; a person decides whether it is.

    Attributes:
        url: The monitor's message.
    """

    url: str


class FiresAgainNotice(Notice, name="fires_again"):
    """It came again after the monitor had said that it was over.

    Attributes:
        count: How often it came.
    """

    url: str
    count: int = 0
