"""Cloudflare: the deployments of a Worker or a Pages project, as changes."""

from collections.abc import Iterable
from datetime import datetime

from bot.domain.systems import ChangeKind, Deployment, RecentChange


def changes_of(deployments: Iterable[Deployment], since: datetime, until: datetime) -> list[RecentChange]:
    """Return the deployments from *since* until *until*."""
    return [_change(one) for one in deployments if since <= one.at <= until]


def _change(one: Deployment) -> RecentChange:
    return RecentChange(
        kind=ChangeKind.DEPLOYMENT,
        what=one.version or one.project,
        at=one.at,
        where=one.project,
        who=one.by,
        state="" if one.failed_stage is None else "failure",
        url=one.url or "",
    )
