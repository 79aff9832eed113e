"""What the lines in an incident's thread say about any export to the code host."""

from bot.domain.delivery.notices import Notice


class ExportKeptNotice(Notice, name="export_kept"):
    """The incident is private by now; what the code host has of it stays there until people remove it."""

    url: str


class ExportFailedNotice(Notice, name="export_failed"):
    """An export has failed for a while.

    Attributes:
        item: The label of the action item; None for the postmortem.
        problem: A `CodeHostProblem`, or "away".
        reason: In the code host's words.
    """

    problem: str
    reason: str = ""
    item: str | None = None
