"""The words that go to the code host."""

from dataclasses import dataclass
from typing import Protocol

from bot.domain.incident.incident import Incident


@dataclass(frozen=True, slots=True)
class PullText:
    """What the bot writes about a postmortem.

    Attributes:
        title, body: Of the pull request.
        message: Of the commit.
    """

    title: str
    body: str
    message: str


class ExportWriter(Protocol):
    """Writes in the team's language. Nothing in it notifies people, refers to issues or closes one.

    Args:
        marker: By which the bot finds again what it was about to note when it was killed; it is not shown.
    """

    def pull_request(self, incident: Incident, *, marker: str) -> PullText:
        """Write the pull request of a postmortem."""
