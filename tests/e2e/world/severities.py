"""The runbook's rules for each severity, as the stories need them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Severity:
    """One severity.

    Attributes:
        answers: The buttons that lead to it.
        channel: Where the alert goes.
        thread_in: Where its thread hangs.
        pages: Who gets a DM at once.
    """

    name: str
    priority: str
    answers: tuple[str, ...]
    channel: str
    thread_in: str
    pages: tuple[str, ...]
    rings: bool


YES, NO, UNSURE = "はい", "いいえ", "わからない"

SEV1 = Severity("SEV1", "P0", (YES, YES), "p0-alerts", "p0-alerts", ("primary",), rings=True)
SEV2 = Severity("SEV2", "P1", (YES, NO), "p1-ops", "p0-alerts", ("primary",), rings=False)
SEV3 = Severity("SEV3", "P2", (NO, YES), "p2-deploys", "p2-deploys", (), rings=False)
REEVALUATE = (NO, NO)
