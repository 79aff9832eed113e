"""The stand-in's server.

Source: https://developers.cloudflare.com/api: Workers / Scripts / Deployments, Pages / Projects / Deployments
with the envelope of every answer.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from aiohttp import web

from tests.standins.serving import serving

ACCOUNT: Final = "023e105f4ecef8ad9ca31a8372d0c353"
TOKEN: Final = "v1-local-tests-only-0123456789"


class Cloudflare:
    """One account.

    Attributes:
        url: What CLOUDFLARE_API_URL is set to.
        workers, pages: The deployments of each, the latest first.
        refusal: A status and a code of Cloudflare's to answer with; None for none.
    """

    def __init__(self) -> None:
        self.url = ""
        self.workers: dict[str, list[dict[str, Any]]] = {}
        self.pages: dict[str, list[dict[str, Any]]] = {}
        self.refusal: tuple[int, int, str] | None = None

    def deploy_worker(
        self, script: str, *, at: str, by: str = "sato@example.com", version: str = "1"
    ) -> None:
        """Deploy a version of a Worker."""
        made = {
            "id": _uuid(f"{script}{version}"),
            "created_on": at,
            "source": "wrangler",
            "strategy": "percentage",
            "author_email": by,
            "annotations": {"workers/triggered_by": "deployment"},
            "versions": [{"version_id": _uuid(version), "percentage": 100}],
        }
        self.workers.setdefault(script, []).insert(0, made)

    def deploy_pages(self, project: str, *, at: str, commit: str = "a" * 40, status: str = "success") -> None:
        """Deploy a commit to the production of a Pages project."""
        name = "deploy" if status == "success" else "build"
        stage = {"name": name, "status": status, "started_on": at, "ended_on": at}
        number = _uuid(f"{project}{at}")
        made = {
            "id": number,
            "short_id": number[:8],
            "project_id": _uuid(project),
            "project_name": project,
            "environment": "production",
            "url": f"https://{number[:8]}.{project}.pages.dev",
            "created_on": at,
            "modified_on": at,
            "is_skipped": False,
            "aliases": None,
            "latest_stage": stage,
            "stages": [stage],
            "build_config": {"build_command": "npm run build", "destination_dir": "dist"},
            "env_vars": {},
            "deployment_trigger": {
                "type": "github:push",
                "metadata": {
                    "branch": "main",
                    "commit_hash": commit,
                    "commit_message": "A change",
                    "commit_dirty": False,
                },
            },
            "source": {"type": "github", "config": _SOURCE},
        }
        self.pages.setdefault(project, []).insert(0, made)

    def application(self) -> web.Application:
        """Its routes."""
        application = web.Application()
        account = "/accounts/{account}"
        application.router.add_get(f"{account}/workers/scripts/{{script}}/deployments", self._workers)
        application.router.add_get(f"{account}/pages/projects/{{project}}/deployments", self._pages)
        return application

    async def _workers(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        found = self.workers.get(request.match_info["script"])
        if found is None:
            return _error(404, 10007, "This Worker does not exist on your account.")
        return _answer({"deployments": found})

    async def _pages(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        found = self.pages.get(request.match_info["project"])
        if found is None:
            return _error(404, 8000007, "Project not found.")
        page, size = int(request.query.get("page", "1")), int(request.query.get("per_page", "25"))
        shown = found[(page - 1) * size : page * size]
        counts = {"page": page, "per_page": size, "count": len(shown), "total_count": len(found)}
        return _answer(shown, result_info=counts)

    def _refused(self, request: web.Request) -> web.Response | None:
        if self.refusal is not None:
            return _error(*self.refusal)
        is_known = request.headers.get("Authorization") == f"Bearer {TOKEN}"
        if not is_known or request.match_info["account"] != ACCOUNT:
            return _error(403, 10000, "Authentication error")
        return None


_SOURCE: Final = {
    "owner": "parky",
    "owner_id": "1",
    "repo_name": "lp",
    "repo_id": "2",
    "production_branch": "main",
    "pr_comments_enabled": True,
    "deployments_enabled": True,
    "production_deployments_enabled": True,
    "preview_deployment_setting": "all",
    "preview_branch_includes": ["*"],
    "preview_branch_excludes": [],
    "path_includes": ["*"],
    "path_excludes": [],
}


def _uuid(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


def _answer(result: object, **more: object) -> web.Response:
    return web.json_response({"success": True, "errors": [], "messages": [], "result": result, **more})


def _error(status: int, code: int, message: str) -> web.Response:
    errors = [{"code": code, "message": message}]
    body = {"success": False, "errors": errors, "messages": [], "result": None}
    return web.json_response(body, status=status)


@asynccontextmanager
async def running_cloudflare() -> AsyncIterator[Cloudflare]:
    """A Cloudflare on loopback."""
    made = Cloudflare()
    async with serving(made.application()) as made.url:
        yield made
