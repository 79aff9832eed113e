"""Deployments of the stand-in, with their statuses, in the JSON of GitHub's description."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

_AT: Final = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)


@dataclass(slots=True)
class Deployed:
    """A deployment. Attributes: states: What became of it, the last first."""

    id: int
    environment: str = "production"
    ref: str = "main"
    sha: str = "a1b2c3d4" * 5
    by: str = "sato-dev"
    at: datetime = _AT
    states: list[str] = field(default_factory=list)
    log_url: str = "https://github.example/parky/ops/actions/runs/9"


def deployment_shape(made: Deployed, api: str, creator: dict[str, Any]) -> dict[str, Any]:
    """A deployment as an item of the list."""
    url = f"{api}/deployments/{made.id}"
    return {
        "url": url,
        "id": made.id,
        "node_id": f"DE_{made.id}",
        "sha": made.sha,
        "ref": made.ref,
        "task": "deploy",
        "payload": {},
        "original_environment": made.environment,
        "environment": made.environment,
        "description": None,
        "creator": creator,
        "created_at": _moment(made.at),
        "updated_at": _moment(made.at),
        "statuses_url": f"{url}/statuses",
        "repository_url": api,
        "transient_environment": False,
        "production_environment": made.environment == "production",
    }


def status_shapes(made: Deployed, api: str, creator: dict[str, Any]) -> list[dict[str, Any]]:
    """Its statuses, the last first."""
    url = f"{api}/deployments/{made.id}"
    return [
        {
            "url": f"{url}/statuses/{number}",
            "id": made.id * 100 + number,
            "node_id": f"DES_{made.id}_{number}",
            "state": state,
            "creator": creator,
            "description": "",
            "environment": made.environment,
            "target_url": made.log_url,
            "created_at": _moment(made.at),
            "updated_at": _moment(made.at),
            "deployment_url": url,
            "repository_url": api,
            "log_url": made.log_url,
        }
        for number, state in enumerate(made.states)
    ]


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
