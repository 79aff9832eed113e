"""The heartbeat against a real HTTP server, and from the running bot."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from bot.domain.errors import UpstreamUnavailable
from bot.integrations.heartbeat import HttpHeartbeat
from local_discord.server import LocalDiscord
from tests.integration.cli.command_line import settings_for
from tests.integration.process.test_app import READY_S, bot
from tests.standins.serving import serving

SECRET = "5f0c9a1e-not-to-be-told"


class Monitor:
    """Who listens: answers with a status, and remembers what was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.asked: list[str] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        """Take it."""
        self.asked.append(request.path)
        return web.Response(status=self.status, headers={"Location": f"{self.url}/elsewhere"})


@asynccontextmanager
async def monitor() -> AsyncIterator[Monitor]:
    """One on loopback."""
    made, application = Monitor(), web.Application()
    application.router.add_get("/{tail:.*}", made.answer)
    async with serving(application) as made.url:
        yield made


async def test_it_is_taken() -> None:
    """The heartbeat is taken as a GET of exactly the given address."""
    async with monitor() as there:
        await HttpHeartbeat(f"{there.url}/{SECRET}").ping()
        assert there.asked == [f"/{SECRET}"]


@pytest.mark.parametrize("status", [302, 404, 503])
async def test_anything_but_success_is_none(status: int) -> None:
    """Any status but success is an error, and redirects are not followed."""
    async with monitor() as there:
        there.status = status
        with pytest.raises(UpstreamUnavailable) as refused:
            await HttpHeartbeat(f"{there.url}/{SECRET}").ping()
        assert refused.value.http_status == status
        assert there.asked == [f"/{SECRET}"]


async def test_nobody_is_there() -> None:
    """The error does not quote the address; neither does the value's text."""
    async with monitor() as there:
        url = f"{there.url}/{SECRET}"
    with pytest.raises(UpstreamUnavailable) as refused:
        await HttpHeartbeat(url).ping()
    assert SECRET not in f"{refused.value!r} {HttpHeartbeat(url)!r}"


async def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy named by the environment is not asked for the heartbeat, because it would learn the secret."""
    async with monitor() as there, monitor() as proxy:
        for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        await HttpHeartbeat(f"{there.url}/{SECRET}").ping()
        assert (len(there.asked), len(proxy.asked)) == (1, 0)


async def test_the_bot_that_listens_pings(database_url: str, tmp_path: Path) -> None:
    """One of two, as soon as it is ready; the address is in no log."""
    async with monitor() as there, LocalDiscord() as sandbox:
        env = settings_for(sandbox, DATABASE_URL=database_url, HEARTBEAT_URL=f"{there.url}/{SECRET}")
        env["LOG_LEVEL"] = "debug"
        async with bot(tmp_path, **env) as listening:
            await listening.until(ready=True)
            async with asyncio.timeout(READY_S):
                while not there.asked:  # noqa: ASYNC110 -- HTTP
                    await asyncio.sleep(0.05)
            async with bot(tmp_path, **env) as other:
                await other.child.line_with(
                    "check.failed", within_s=READY_S
                )  # it looks around after its start
                lines = [*listening.child.lines, *other.child.lines]
        assert there.asked == [f"/{SECRET}"]
        assert SECRET not in "\n".join(lines)
