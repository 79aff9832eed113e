"""What the payload of any delivery may say about where it goes and whom it is about."""

from bot.domain.payloads import Payload


class Addressing(Payload):
    """What the payload of any delivery may say about its place and its reader.

    Attributes:
        answers: The id of the message that it answers.
        asks: The on-call place whose person it mentions.
    """

    answers: int | None = None
    asks: str | None = None


class Named(Payload):
    """The name of the person that a delivery is about, where its payload has one."""

    name: str | None = None
