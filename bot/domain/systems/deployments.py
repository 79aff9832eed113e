"""Deployments: what was put into operation, when and by whom."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment.

    Attributes:
        project: What was deployed: a Worker's script, a Pages project.
        at: When, aware.
        by: Who, as the system names them; "" if it does not say.
        version: A version's id or a commit, shortened; "" if it does not say.
        url: Where a person looks at it.
        failed_stage: The stage of the build that failed; None if none did.
    """

    project: str
    at: datetime
    by: str = ""
    version: str = ""
    url: str | None = None
    failed_stage: str | None = None


def latest(deployments: list[Deployment]) -> Deployment | None:
    """Return the last deployment, whatever the order of the list; None if there is none."""
    return max(deployments, key=lambda each: each.at, default=None)
