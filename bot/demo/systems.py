"""The systems of the demo's team, on loopback: targets, one of which fails, and a Cloudflare to read from.

With these the thread of a SEV1 holds what a team's own would: the state of each system, and the deployment
that came before the trouble.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from aiohttp import web

_DOWN: Final = "api.parky.co.jp"
_TARGETS: Final = (_DOWN, "admin.parky.co.jp", "owner.parky.co.jp", "parky.co.jp")
_WORKER: Final = "parky-public"
_ACCOUNT: Final = "0123456789abcdef0123456789abcdef"
_ADDRESS: Final = "127.0.0.1"

#: The deployments of the worker, the last first: how long before the demo's start, who, which version.
#: The trouble began four minutes before the start (`bot.demo.story.beginning`).
_DEPLOYED: Final = (
    (timedelta(minutes=16, seconds=5), "takahashi@example.com", "c41f9a27-5d0e-4a1c-8f4b-2f6e0a9b7d13"),
    (timedelta(days=3, hours=2), "suzuki@example.com", "7be20c55-90a3-4c6e-b1d8-6f1f3a54e8c0"),
)


@dataclass(frozen=True, slots=True)
class ServedSystems:
    """Where the systems are.

    Attributes:
        url: Their address, without a slash at its end.
    """

    url: str

    @property
    def settings(self) -> dict[str, str]:
        """Return the bot's settings by which it reads them."""
        return {
            "CLOUDFLARE_API_URL": f"{self.url}/cloudflare",
            "CLOUDFLARE_ACCOUNT_ID": _ACCOUNT,
            "CLOUDFLARE_TOKEN": "the-demo-asks-for-no-secret",
            "OUTBOUND_PRIVATE_HOSTS": _ADDRESS,
        }

    @property
    def tables(self) -> str:
        """Return the tables of the policy that name them."""
        named = {target: f"{self.url}/{target}/health" for target in _TARGETS}
        targets = [f'[checks.http."{target}"]\nurl = "{url}"\nok = true\n' for target, url in named.items()]
        return "\n".join(["", *targets, f'[checks.cloudflare]\nworkers = ["{_WORKER}"]\n'])


@asynccontextmanager
async def running_systems(now: datetime) -> AsyncIterator[ServedSystems]:
    """Serve them on a free port for the block.

    Args:
        now: The demo's start.
    """
    deployments = [  # as Cloudflare's API has them (Workers / Scripts / Deployments)
        {
            "created_on": (now - ago).isoformat(),
            "author_email": by,
            "versions": [{"version_id": version, "percentage": 100}],
        }
        for ago, by, version in _DEPLOYED
    ]

    async def deployed(_: web.Request) -> web.Response:
        return web.json_response({"success": True, "errors": [], "result": {"deployments": deployments}})

    application = web.Application()
    application.router.add_get("/{target}/health", _health)
    worker = f"/cloudflare/accounts/{_ACCOUNT}/workers/scripts/{_WORKER}/deployments"
    application.router.add_get(worker, deployed)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, _ADDRESS, 0)
        await site.start()
        _, port = runner.addresses[0][:2]
        yield ServedSystems(f"http://{_ADDRESS}:{port}")
    finally:
        await runner.cleanup()


async def _health(request: web.Request) -> web.Response:
    is_down = request.match_info["target"] == _DOWN
    return web.json_response({"ok": not is_down}, status=503 if is_down else 200)
