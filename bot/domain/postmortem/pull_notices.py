"""What the lines in an incident's thread say about the code host."""

from bot.domain.delivery.notices import Notice


class PullRequestNotice(Notice, name="pull_request"):
    """A pull request with the incident's postmortem was opened."""

    number: int
    url: str


class PullRequestConflictNotice(Notice, name="pull_request_conflict"):
    """A draft was not written, because people have changed the file.

    Attributes:
        url: Of the pull request; None if there is none.
        is_removed: They have removed it.
    """

    path: str
    url: str | None = None
    is_removed: bool = False


class PullRequestClosedNotice(Notice, name="pull_request_closed"):
    """People have closed the pull request without merging it; the postmortem is still owed."""

    number: int
    url: str
