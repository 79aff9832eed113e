"""What the posts of a triage carry."""

from bot.domain.payloads import Payload


class TriageData(Payload):
    """A post of a triage.

    Attributes:
        triage: Its number.
        monitor: The name of the monitor whose alert it is about.
        quiet: The person it mentions was notified before.
    """

    triage: int
    monitor: str | None = None
    quiet: bool = False
