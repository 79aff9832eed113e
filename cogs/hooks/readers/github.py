"""GitHub: workflows and checks of the default branch, and deployments.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import parse_qs, urlsplit

from bot.domain.alerts.events import AlertEvent
from bot.domain.alerts.recognition import Says
from bot.domain.systems import ChangeKind, RecentChange, change_key
from bot.domain.text import one_line
from cogs.hooks.readers.reading import (
    Fields,
    SilentReader,
    fields_in,
    hex_signatures,
    require_signature,
    text_of,
)
from cogs.hooks.rules import HookRequest, HookRules, HookUnreadable

EVENT: Final = "x-github-event"
DELIVERY: Final = "x-github-delivery"

#: A conclusion or a deployment's state -> what it says; every other one says nothing.
_SAYS: Final = {
    "failure": Says.FIRING,
    "error": Says.FIRING,
    "timed_out": Says.FIRING,
    "startup_failure": Says.FIRING,
    "success": Says.RESOLVED,
}

#: The state of a deployment that another one has replaced: how it ended was reported before.
_REPLACED: Final = "inactive"
_WHAT_LIMIT: Final = 120
_PART_LIMIT: Final = 60

#: Its check suites are workflow runs, which GitHub reports as such.
_ACTIONS: Final = "github-actions"


class GitHubReader(SilentReader):
    """See `cogs.hooks.readers.reading.HookReader`."""

    stored_headers = (*SilentReader.stored_headers, EVENT, DELIVERY)

    def verify(self, request: HookRequest, keys: Sequence[str], *, now: datetime) -> None:
        del now  # GitHub signs no time
        expected = [f"sha256={one}" for one in hex_signatures(keys, request.body)]
        require_signature(request.headers.get("x-hub-signature-256", ""), expected)

    def delivery_id(self, request: HookRequest) -> str | None:
        return request.headers.get(DELIVERY)

    def parse(self, request: HookRequest, rules: HookRules) -> tuple[AlertEvent, ...]:
        del rules
        event = request.headers.get(EVENT)
        if event is not None and event not in _READ:
            return ()  # its body may be large
        body = fields_in(_json(text_of(request)))
        name = event or next((one for one in _READ if one in body.values), "")
        return _READ[name](body) if name else ()

    def changes(self, request: HookRequest, rules: HookRules, *, at: datetime) -> tuple[RecentChange, ...]:
        del rules, at
        if request.headers.get(EVENT, "deployment_status") != "deployment_status":
            return ()
        body = fields_in(_json(text_of(request)))
        change = _change(
            body.fields("deployment"), body.fields("deployment_status"), body.fields("repository")
        )
        return () if change is None else (change,)


def _json(text: str) -> str:
    """Return the JSON of a body, which GitHub sends as a form unless told otherwise."""
    if not text.startswith("payload="):
        return text
    try:
        return parse_qs(text, errors="strict", max_num_fields=10)["payload"][0]
    except (ValueError, KeyError):
        raise HookUnreadable("the form cannot be read") from None


def _run(body: Fields) -> tuple[AlertEvent, ...]:
    run, repository = body.fields("workflow_run"), body.fields("repository")
    branch, says = run.text("head_branch"), _SAYS.get(run.text("conclusion"))
    is_own = run.fields("head_repository").text("id") in {"", repository.text("id")}
    is_proposed = run.text("event") in {"pull_request", "pull_request_target"}
    # The branch of a fork may have the name of the default branch.
    if says is None or branch != repository.text("default_branch") or not is_own or is_proposed:
        return ()
    name = run.text("name") or body.fields("workflow").text("name") or "workflow"
    failed = AlertEvent(
        says=says,
        key=f"workflow:{repository.text('id')}:{run.text('workflow_id', 'path') or name}@{branch}",
        title=f"{name} failed on {branch}",
        target=repository.text("full_name") or None,
        url=run.text("html_url") or None,
        text=_commit(run.fields("head_commit")),
        started_at=run.moment("run_started_at", "created_at"),
    )
    return (failed,)


def _suite(body: Fields) -> tuple[AlertEvent, ...]:
    suite, repository = body.fields("check_suite"), body.fields("repository")
    app, branch = suite.fields("app"), suite.text("head_branch")
    says = _SAYS.get(suite.text("conclusion"))
    is_default = branch == repository.text("default_branch")
    if says is None or not is_default or app.text("slug") == _ACTIONS:
        return ()
    name, where = app.text("name") or "A check", repository.text("html_url")
    failed = AlertEvent(
        says=says,
        key=f"checks:{repository.text('id')}:{app.text('id')}@{branch}",
        title=f"{name} failed on {branch}",
        target=repository.text("full_name") or None,
        url=f"{where}/commit/{suite.text('head_sha')}/checks" if where else None,
        text=_commit(suite.fields("head_commit")),
        started_at=suite.moment("created_at"),
    )
    return (failed,)


def _deployment(body: Fields) -> tuple[AlertEvent, ...]:
    status, deployment = body.fields("deployment_status"), body.fields("deployment")
    repository = body.fields("repository")
    says = _SAYS.get(status.text("state"))
    if says is None:
        return ()
    environment = status.text("environment") or deployment.text("environment")
    task = deployment.text("task")
    failed = AlertEvent(
        says=says,
        key=f"deployment:{repository.text('id')}:{environment}:{task}",
        title=f"Deployment of {repository.text('full_name')} to {environment} failed",
        target=_host(status.text("environment_url")) or repository.text("full_name") or None,
        url=status.text("log_url", "target_url") or repository.text("html_url") or None,
        text=status.text("description") or deployment.text("description"),
        started_at=deployment.moment("created_at"),
    )
    return (failed,)


def _change(deployment: Fields, status: Fields, repository: Fields) -> RecentChange | None:
    """Return a deployment as GitHub's API tells it (`cogs.suspects.github`)."""
    name, number, at = repository.text("full_name"), deployment.text("id"), deployment.moment("created_at")
    state = status.text("state")
    if not (name and number) or at is None or state == _REPLACED:
        return None
    ref, sha = deployment.text("ref"), deployment.text("sha")
    page = f"{repository.text('html_url')}/commit/{sha}" if repository.text("html_url") else ""
    environment = status.text("environment") or deployment.text("environment")
    return RecentChange(
        kind=ChangeKind.DEPLOYMENT,
        what=one_line(sha[:7] if ref == sha else f"{ref} ({sha[:7]})", limit=_WHAT_LIMIT),
        at=at,
        where=one_line(f"{name.rpartition('/')[2]} {environment}", limit=_PART_LIMIT),
        who=one_line(deployment.fields("creator").text("login"), limit=_PART_LIMIT),
        state=one_line(state, limit=_PART_LIMIT),
        url=status.text("log_url", "target_url") or page,
        key=change_key("github", name, "deployment", number),
    )


#: What each event is read by.
_READ: Final = {"workflow_run": _run, "check_suite": _suite, "deployment_status": _deployment}

#: The events that may be about an alert.
EVENTS: Final = frozenset(_READ)


def _commit(commit: Fields) -> str:
    return f"{commit.text('id')[:7]} {commit.text('message')}".strip()


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
