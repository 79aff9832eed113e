"""GitHub Actions of the stand-in: runs of workflows with their jobs, in the JSON of GitHub's description."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

_AT: Final = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)


@dataclass(slots=True)
class Run:
    """A run of a workflow. Attributes: jobs: Names with their conclusions."""

    id: int
    workflow: str
    conclusion: str | None = "success"
    branch: str = "main"
    workflow_id: int = 1
    at: datetime = _AT
    jobs: dict[str, str] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """Its phase."""
        return "in_progress" if self.conclusion is None else "completed"


def run_shape(run: Run, api: str, page: str, repository: dict[str, Any]) -> dict[str, Any]:
    """A run as an item of the list."""
    url = f"{api}/actions/runs/{run.id}"
    return {
        "id": run.id,
        "name": run.workflow,
        "node_id": f"WFR_{run.id}",
        "head_branch": run.branch,
        "head_sha": f"{run.id:040x}",
        "path": f".github/workflows/{run.workflow}.yml",
        "run_number": run.id,
        "display_title": "a commit",
        "event": "push",
        "status": run.status,
        "conclusion": run.conclusion,
        "workflow_id": run.workflow_id,
        "url": url,
        "html_url": f"{page}/actions/runs/{run.id}",
        "created_at": _moment(run.at),
        "updated_at": _moment(run.at),
        "head_commit": None,
        "repository": repository,
        "head_repository": repository,
        "pull_requests": [],
        **{
            f"{name}_url": f"{url}/{name}"
            for name in ("jobs", "logs", "check_suite", "cancel", "rerun", "artifacts", "workflow")
        },
    }


def job_shapes(run: Run, api: str, page: str) -> list[dict[str, Any]]:
    """The jobs of a run."""
    return [
        {
            "id": run.id * 100 + nth,
            "run_id": run.id,
            "run_url": f"{api}/actions/runs/{run.id}",
            "node_id": f"CR_{run.id}_{nth}",
            "head_sha": f"{run.id:040x}",
            "url": f"{api}/actions/jobs/{run.id * 100 + nth}",
            "html_url": f"{page}/actions/runs/{run.id}/job/{run.id * 100 + nth}",
            "status": "completed",
            "conclusion": conclusion,
            "created_at": _moment(run.at),
            "started_at": _moment(run.at),
            "completed_at": _moment(run.at),
            "name": name,
            "check_run_url": f"{api}/check-runs/{run.id * 100 + nth}",
            "labels": ["ubuntu-latest"],
            "runner_id": 1,
            "runner_name": "GitHub Actions 1",
            "runner_group_id": 1,
            "runner_group_name": "GitHub Actions",
            "workflow_name": run.workflow,
            "head_branch": run.branch,
        }
        for nth, (name, conclusion) in enumerate(run.jobs.items(), 1)
    ]


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
