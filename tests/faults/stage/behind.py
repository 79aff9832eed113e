"""Stages whose bots reach PostgreSQL by a proxy that refuses, breaks and loses; the stage does not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from tests.e2e.world.bot import BotProcess
from tests.faults.conftest import OpenStage
from tests.faults.stage.stage import Stage
from tests.pg_proxy import PgProxy


@dataclass(frozen=True, slots=True)
class Behind:
    """A stage and the proxy before its database."""

    stage: Stage
    proxy: PgProxy

    async def start_bot(self, **env: str) -> BotProcess:
        """Start one more bot, and wait until it is ready."""
        await self.stage.world.start_bot(DATABASE_URL=self.proxy.dsn(), **env)
        return self.stage.world.bot

    async def begin_bot(self) -> BotProcess:
        """Start one more bot, which cannot become ready."""
        return await self.stage.world.begin_bot(DATABASE_URL=self.proxy.dsn())

    async def red(self, part: str) -> str:
        """Wait until the last bot reports a failure of that part, and return it."""

        async def look() -> str:
            said = (await parts(self.stage.world.bot)).get(part, "ok")
            return "" if said == "ok" else said

        return str(await self.stage.until(look, f"{part} is red"))

    async def well(self, bot: BotProcess | None = None) -> None:
        """Wait until every part of a bot is well; by default, of the last bot."""

        async def look() -> bool:
            return set((await parts(bot or self.stage.world.bot)).values()) == {"ok"}

        await self.stage.until(look, "everything is well")


@asynccontextmanager
async def behind(open_stage: OpenStage, *, user: str | None = None) -> AsyncIterator[Behind]:
    """A stage without a bot; at the end its promises are judged, while the bots still have their database.

    Args:
        user: As whom the bots log in to it.
    """
    async with open_stage() as stage:
        dsn = stage.world.database_url
        if user is not None:
            dsn = dsn.replace("//postgres@", f"//{user}@")
        async with PgProxy(dsn).running() as proxy:
            yield Behind(stage, proxy)
            await stage.finish()
            await stage.world.stop_bot()


async def parts(bot: BotProcess) -> dict[str, str]:
    """Return each part of a bot as /readyz reports it."""
    said = next(entry for entry in bot.entries() if entry["event"] == "health.listening")
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        answer = await client.get(f"http://{said['host']}:{said['port']}/readyz")
    found: dict[str, str] = answer.json()["parts"]
    return found
