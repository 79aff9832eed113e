"""The public port: the routes of several capabilities, each with its own limit."""

import httpx
import pytest
from aiohttp import web

from bot.capability import PublicRoutes
from bot.domain.errors import ConfigError
from bot.integrations.public_server import body_of, serve_public


def part(name: str, *, most: int) -> PublicRoutes:
    """A capability that says how long a body is."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await body_of(request, most=most))))

    return PublicRoutes([web.post(f"/{name}/{{secret}}", answer)], [name])


async def test_each_capability_answers_its_own_paths_within_its_own_limit() -> None:
    """A body that one of them takes is too large for the other; no path leads to a third."""
    parts = [part("small", most=10), part("large", most=2_000_000)]
    async with serve_public(parts, host="127.0.0.1", port=0) as port:
        base = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=base, trust_env=False) as sender:
            paths = ["/small/x", "/large/x", "/other/x"]
            statuses = [(await sender.post(path, content=b"x" * 1_500_000)).status_code for path in paths]
            assert statuses == [413, 200, 404]
            assert (await sender.post("/small/x", content=b"x" * 10)).text == "10"


async def test_a_port_that_is_taken_is_said_by_its_name() -> None:
    """The start ends with the names of the settings."""
    async with serve_public([], host="127.0.0.1", port=0) as port:
        with pytest.raises(ConfigError, match="HOOKS_PORT"):
            async with serve_public([], host="127.0.0.1", port=port):
                pass
