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


class IssueMovedNotice(Notice, name="issue_moved"):
    """People transferred the issue of an action item to another repository, so the bot leaves it alone.

    Attributes:
        item: The label of the action item.
        url: Where the issue is now.
    """

    item: str
    url: str


class UnassignableNotice(Notice, name="issue_unassignable"):
    """The issue of an action item has no assignee, because the code host does not let the login be assigned.

    Attributes:
        item: The label of the action item.
    """

    item: str
    login: str
    url: str
